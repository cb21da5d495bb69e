//! From the body of an answer to records.

use std::borrow::Cow;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use taskferry_core::{Cursor, ErrorKind, Origin, Page, Record, StageError};

/// The keys of an answer that are needed (all seen). Others may stand beside them, in any order.
#[derive(Deserialize)]
struct Envelope<'a> {
    has_next: bool,
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
    next_starting_after: Option<String>,
}

/// The one key of a record that the source itself needs.
#[derive(Deserialize)]
struct Job<'a> {
    #[serde(borrow)]
    external_id: Cow<'a, str>,
}

/// Splits the answer to one request into records, which share its bytes instead of copying them.
///
/// `number` counts pages from 1, `cursor` is what the page was asked for with.
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
/// since a broken answer may be whole the next time; permanent when the page says that more follows but not
/// after what. An error about a record carries its origin.
pub fn split_page(body: &Bytes, number: u64, cursor: Option<Cursor>) -> Result<Page, StageError> {
    let envelope: Envelope<'_> = parse_object(body).map_err(|error| {
        let message = format!("the answer is not a page of the export: {error}");
        StageError::new(ErrorKind::Malformed, message).temporary()
    })?;
    let next = envelope.next_starting_after.filter(|cursor| !cursor.is_empty());
    let next = match (envelope.has_next, next) {
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
        let job: Job<'_> = parse_object(raw.get().as_bytes()).map_err(|error| {
            let message = format!("record {} of the page is not a job: {error}", index + 1);
            StageError::new(ErrorKind::Malformed, message).temporary().at_origin(&origin)
        })?;
        origin.job = Some(job.external_id.into());
        records.push(Record::from_raw(body, raw, origin));
    }
    Ok(Page { number, cursor, next, bytes: body.len() as u64, records, traces: Vec::new() })
}

/// serde takes a list for a struct as well; the API means objects.
fn parse_object<'a, T: Deserialize<'a>>(json: &'a [u8]) -> Result<T, String> {
    match json.trim_ascii_start().first() {
        Some(b'{') => serde_json::from_slice(json).map_err(|error| error.to_string()),
        Some(_) => Err("it is not a JSON object".to_owned()),
        None => Err("it is empty".to_owned()),
    }
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
    fn what_follows_the_last_page_is_nothing() {
        let body =
            Bytes::from_static(br#"{"has_next":false,"records":[],"next_starting_after":"a"}"#);
        assert!(split_page(&body, 1, None).unwrap().next.is_none());
    }

    proptest! {
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
