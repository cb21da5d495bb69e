//! From the body of an answer to records.

use std::borrow::Cow;

use bytes::Bytes;
use memchr::memmem;
use serde::Deserialize;
use serde_json::value::RawValue;
use taskferry_json::{Reader, is_plain, string};
use taskferry_sdk::{Cursor, ErrorKind, Origin, Page, Record, StageError};

use crate::object;

/// The key of a job's id.
const EXTERNAL_ID: &str = "external_id";

/// What is needed of an answer (all seen). Others may stand beside it, in any order.
struct Envelope<'a> {
    has_next: bool,
    records: Vec<&'a RawValue>,
    next_starting_after: Option<String>,
}

impl<'a> Envelope<'a> {
    fn read(body: &'a [u8]) -> Result<Self, String> {
        let keys = ["has_next", "records", "next_starting_after"];
        let [has_next, records, next] = object::members(body, keys)?;
        let [first, second, third] = keys;
        Ok(Self {
            has_next: object::read(has_next, first)?,
            records: object::read(records, second)?,
            next_starting_after: match next {
                Some(next) => object::read(Some(next), third)?,
                None => None,
            },
        })
    }
}

/// A text that shares the bytes it was read from, where nothing in it is escaped.
#[derive(Deserialize)]
struct Text<'a>(#[serde(borrow)] Cow<'a, str>);

/// Splits the answer to one request into records, which share its bytes instead of copying them.
///
/// `number` counts pages from 1, `cursor` is what the page was asked for with. Where a key stands twice in an object, the last
/// one counts, as it does for all stages. A byte order mark in front of the body is passed over.
///
/// ```
/// use bytes::Bytes;
///
/// let body = Bytes::from_static(br#"{"has_next": false, "records": [{"external_id": "j1", "tasks": []}]}"#);
/// let page = taskferry_source_techwolf::split_page(&body, 1, None).unwrap();
/// assert_eq!(page.records[0].to_json(), r#"{"external_id": "j1", "tasks": []}"#);
/// assert!(page.next.is_none());
/// ```
///
/// # Errors
/// [`ErrorKind::Malformed`]: temporary when the body is not a page at all or a record in it is not a job,
/// since a broken answer may be whole the next time; permanent when the page has jobs and says that more follows, but not
/// after what. An error about a record carries its origin.
pub fn split_page(body: &Bytes, number: u64, cursor: Option<Cursor>) -> Result<Page, StageError> {
    let envelope = Envelope::read(body).map_err(|error| {
        let message = format!("the answer is not a page of the export: {error}");
        StageError::new(ErrorKind::Malformed, message).temporary()
    })?;
    let next = envelope.next_starting_after.filter(|cursor| !cursor.is_empty());
    let next = match (envelope.has_next, next) {
        // A page without anything may be whole the next time.
        (true, None) if envelope.records.is_empty() => return Err(no_way_on().temporary()),
        (true, None) => return Err(no_way_on()),
        (true, Some(next)) => Some(Cursor::new(next)),
        (false, next) => {
            if let Some(next) = next {
                let next = Cursor::new(next);
                tracing::warn!(
                    "page {number}: the answer is said to be the last and names a cursor (`{next}`) all the same"
                );
            }
            None
        }
    };
    let mut records = Vec::with_capacity(envelope.records.len());
    for (index, raw) in envelope.records.into_iter().enumerate() {
        let mut origin = Origin { page: number, cursor: cursor.clone(), index, job: None };
        let id = external_id(raw.get().as_bytes()).map_err(|error| {
            let message = format!("record {} of the page is not a job: {error}", index + 1);
            StageError::new(ErrorKind::Malformed, message).temporary().at_origin(&origin)
        })?;
        origin.job = Some(id.into());
        records.push(Record::parse(body.slice_ref(raw.get().as_bytes()))?.with_origin(origin));
    }
    Ok(Page { number, cursor, next, bytes: body.len() as u64, records, fingerprints: Vec::new() })
}

/// The id of a job. Most jobs begin with it, and have no other member of this name: what else is in them is left to those
/// who need it.
fn external_id(job: &[u8]) -> Result<Cow<'_, str>, String> {
    if let Some((id, rest)) = first_member(job, EXTERNAL_ID)
        && let Some(id) = string(id)
        && lacks_key(rest, EXTERNAL_ID)
    {
        return Ok(Cow::Borrowed(id));
    }
    let [id] = object::members(job, [EXTERNAL_ID])?;
    object::read::<Text<'_>>(id, EXTERNAL_ID).map(|Text(id)| id)
}

/// The value of the first member of an object, if it has this key, and what follows it.
fn first_member<'a>(object: &'a [u8], key: &str) -> Option<(&'a [u8], &'a [u8])> {
    let mut reader = Reader::new(object);
    reader.enter(b'{')?;
    let is_first = reader.more(b'}')? && reader.key()? == key.as_bytes();
    let value = is_first.then(|| reader.value()).flatten()?;
    Some((value, object.get(reader.position()..)?))
}

/// Whether a text certainly holds no key of this name, however it may be written.
fn lacks_key(text: &[u8], key: &str) -> bool {
    memmem::find(text, key.as_bytes()).is_none() && is_plain(text)
}

fn no_way_on() -> StageError {
    let message = "more jobs follow (`has_next`), but the answer does not say after which one \
                   (`next_starting_after` is missing or empty)";
    StageError::new(ErrorKind::Malformed, message)
        .hint("the export can't be completed; report this answer to TechWolf")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn texts(page: &Page) -> Vec<String> {
        page.records.iter().map(Record::to_json).collect()
    }

    #[test]
    fn a_record_keeps_its_text() {
        let record = r#"{"tasks":[{"weekly_hours": 1.30}], "external_id":"\u0061", "n":1e999}"#;
        let body = format!(
            r#"{{"records":[{record} , {record}],"has_next":true,"next_starting_after":"a"}}"#
        );
        let page = split_page(&Bytes::from(body), 4, Some(Cursor::new("z"))).unwrap();
        assert_eq!(texts(&page), [record, record]);
        assert_eq!(page.next.unwrap().as_str(), "a");
        let origin = page.records[1].origin();
        assert_eq!(origin.to_string(), "page 4 (after `z`), record 2, job `a`");
    }

    #[test]
    fn the_last_of_several_keys_counts() {
        let jobs = [
            r#"{"external_id":"first","external_id":"a"}"#,
            r#"{"external_id":"first","tasks":[],"external\u005fid":"b"}"#,
            r#"{"external_id":7,"tasks":[{"external_id":"t"}],"external_id":"c"}"#,
            r#"{"external_id":"d","tasks":[{"external_id":"t"}]}"#,
        ];
        let body = format!(
            r#"{{"has_next":false,"records":7,"next_starting_after":"x","records":[{}],"next_starting_after":"y","has_next":true}}"#,
            jobs.join(",")
        );
        let page = split_page(&Bytes::from(body), 1, None).unwrap();
        assert_eq!(texts(&page), jobs);
        let ids: Vec<&str> =
            page.records.iter().filter_map(|record| record.origin().job.as_deref()).collect();
        assert_eq!(ids, ["a", "b", "c", "d"]);
        assert_eq!(page.next.unwrap().as_str(), "y");
        let body = Bytes::from_static(
            br#"{"has_next":false,"records":[{"external_id":"a","external_id":7}]}"#,
        );
        let error = split_page(&body, 1, None).unwrap_err();
        assert!(
            error
                .to_string()
                .ends_with("`external_id`: invalid type: integer `7`, expected a string"),
            "{error}"
        );
    }

    #[test]
    fn a_byte_order_mark_is_no_part_of_a_page() {
        let body = "\u{feff}{\"has_next\":false,\"records\":[{\"external_id\":\"a\"}]}";
        let page = split_page(&Bytes::from(body), 1, None).unwrap();
        assert_eq!(texts(&page), [r#"{"external_id":"a"}"#]);
    }

    #[test]
    fn what_follows_the_last_page_is_nothing() {
        let body =
            Bytes::from_static(br#"{"has_next":false,"records":[],"next_starting_after":"a"}"#);
        assert!(split_page(&body, 1, None).unwrap().next.is_none());
    }

    /// JSON made of the words that an answer is made of, and of others.
    fn anything() -> impl Strategy<Value = serde_json::Value> {
        let word = "has_next|records|next_starting_after|external_id|tasks|.{0,3}";
        let scalar = prop_oneof![
            Just(serde_json::Value::Null),
            any::<bool>().prop_map(serde_json::Value::from),
            any::<f64>().prop_map(serde_json::Value::from),
            any::<String>().prop_map(serde_json::Value::from),
        ];
        scalar.prop_recursive(4, 32, 4, move |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(serde_json::Value::from),
                prop::collection::vec((word, inner), 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    /// A member that may be the id of its object, or look like it.
    fn member() -> impl Strategy<Value = String> {
        let key = prop::sample::select(vec![
            "external_id",
            "external\\u005fid",
            "\\u0065xternal_id",
            "tasks",
            "\\ud800",
        ]);
        let value = prop::sample::select(vec![
            "\"a\"",
            "\"\\u0062\"",
            "7",
            "null",
            "{\"external_id\":\"c\"}",
            "[\"external_id\"]",
        ]);
        (key, value).prop_map(|(key, value)| format!("\"{key}\": {value}"))
    }

    proptest! {
        #[test]
        fn the_job_of_a_record_is_what_its_tree_says(members in prop::collection::vec(member(), 0..5)) {
            let job = format!("{{{}}}", members.join(","));
            let body = format!(r#"{{"has_next":false,"records":[{job}]}}"#);
            let page = split_page(&Bytes::from(body), 1, None);
            // A tree holds no half of a surrogate pair, which is no matter of the id.
            let tree: serde_json::Value = serde_json::from_str(&job.replace("\\ud800", "x")).unwrap();
            let ids: Option<Vec<_>> =
                page.ok().map(|page| page.records.iter().map(|record| record.origin().job.clone()).collect());
            let expected = tree["external_id"].as_str().map(|id| vec![Some(id.into())]);
            prop_assert_eq!(ids, expected);
        }

        #[test]
        fn any_bytes_are_a_page_or_an_error(body in prop::collection::vec(any::<u8>(), 0..200)) {
            if let Err(error) = split_page(&Bytes::from(body), 1, None) {
                prop_assert_eq!(error.kind(), ErrorKind::Malformed);
            }
        }

        #[test]
        fn any_json_is_a_page_or_an_error_and_no_record_is_lost(
            body in anything(),
            records in prop::collection::vec(anything(), 0..4),
            ids in prop::collection::vec(prop::option::of(any::<String>()), 4),
            next in prop::option::of(any::<String>()),
        ) {
            if let Err(error) = split_page(&Bytes::from(body.to_string()), 1, None) {
                prop_assert_eq!(error.kind(), ErrorKind::Malformed);
            }
            let mut jobs = records;
            for (job, id) in jobs.iter_mut().zip(&ids) {
                if let (Some(members), Some(id)) = (job.as_object_mut(), id) {
                    members.insert("external_id".to_owned(), id.as_str().into());
                }
            }
            let body = serde_json::json!({"has_next": next.is_some(), "records": jobs, "next_starting_after": next});
            let are_jobs = jobs.iter().all(|job| job["external_id"].is_string());
            let split = split_page(&Bytes::from(body.to_string()), 1, None);
            prop_assert_eq!(split.is_ok(), are_jobs && next.as_deref() != Some(""));
            if let Ok(page) = split {
                let read: Vec<serde_json::Value> =
                    texts(&page).iter().map(|text| serde_json::from_str(text).unwrap()).collect();
                prop_assert_eq!(read, jobs);
                prop_assert_eq!(page.next.map(|next| next.as_str().to_owned()), next);
            }
        }

        #[test]
        fn a_broken_body_is_an_error_and_no_panic(cut in 0_usize..80, byte in any::<u8>(), place in 0_usize..80) {
            let good = br#"{"has_next":true,"records":[{"external_id":"a"}],"next_starting_after":"a"}"#;
            let mut body = good.to_vec();
            body.truncate(cut);
            prop_assert_eq!(split_page(&Bytes::from(body), 1, None).is_ok(), cut >= good.len());
            let mut body = good.to_vec();
            if let Some(there) = body.get_mut(place) {
                *there = byte;
            }
            if let Err(error) = split_page(&Bytes::from(body), 1, None) {
                prop_assert_eq!(error.kind(), ErrorKind::Malformed);
            }
        }
    }
}
