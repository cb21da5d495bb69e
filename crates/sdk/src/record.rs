//! One JSON document on its way through a pipeline.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde_json::Value;
use serde_json::value::RawValue;

use crate::compact::compact;
use crate::{Cursor, ErrorKind, StageError, StageId, printable};

/// Where a record came from: enough to find it again in the source.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Origin {
    /// Number of the page within the run, from 1. Zero for a record that no page brought.
    pub page: u64,
    /// The cursor with which that page was asked for; `None` for the first page.
    pub cursor: Option<Cursor>,
    /// Position of the record within its page, from 0.
    pub index: usize,
    /// The job's `external_id`, where the source could read it.
    pub job: Option<Arc<str>>,
}

impl std::fmt::Display for Origin {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "page {}", self.page)?;
        match &self.cursor {
            Some(cursor) => write!(formatter, " (after `{cursor}`)")?,
            None => formatter.write_str(" (the first)")?,
        }
        write!(formatter, ", record {}", self.index + 1)?;
        if let Some(job) = &self.job {
            write!(formatter, ", job `{}`", printable(job))?;
        }
        Ok(())
    }
}

/// One JSON document on its way; it leaves the source as one job's task profile.
///
/// A record keeps the text that the source sent until a stage changes it: looking inside
/// ([`Record::value`]) parses once and keeps the text, so that a record which was only looked at is
/// written exactly as it came. Where a record was changed, numbers keep all their digits (of an exponent
/// only the spelling may change: `1E5` becomes `1e+5`) and objects the order of their keys.
#[derive(Debug, Clone)]
pub struct Record {
    text: Option<Bytes>,
    tree: OnceLock<Value>,
    origin: Origin,
    entry: Option<Arc<StageId>>,
}

impl Record {
    /// A record made of a value, with no text of its own and no origin.
    ///
    /// ```
    /// let record = taskferry_sdk::Record::from_value(serde_json::json!({"external_id": "j1"}));
    /// assert_eq!(record.to_json(), r#"{"external_id":"j1"}"#);
    /// ```
    pub fn from_value(value: Value) -> Self {
        Self { text: None, tree: OnceLock::from(value), origin: Origin::default(), entry: None }
    }

    /// A record that is one part of a larger, parsed body, whose bytes it shares instead of copying them.
    ///
    /// `raw` proves that the bytes are JSON. Line breaks between its tokens are taken out (in a copy),
    /// since a record is one line wherever lines count.
    pub fn from_raw(body: &Bytes, raw: &RawValue, origin: Origin) -> Self {
        let bytes = raw.get().as_bytes();
        let inside = body.as_ptr_range().contains(&bytes.as_ptr());
        let text = if memchr::memchr2(b'\n', b'\r', bytes).is_some() {
            Bytes::from(compact(bytes))
        } else if inside {
            body.slice_ref(bytes)
        } else {
            Bytes::copy_from_slice(bytes)
        };
        Self { text: Some(text), tree: OnceLock::new(), origin, entry: None }
    }

    /// Parses a text into a record that keeps this text.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when the text is not exactly one JSON document.
    pub fn parse(text: impl Into<Bytes>) -> Result<Self, StageError> {
        let text = text.into();
        let raw: &RawValue = serde_json::from_slice(&text).map_err(malformed)?;
        Ok(Self::from_raw(&text, raw, Origin::default()))
    }

    /// A record of text that its caller has made or cut out of another record's: one JSON document without line breaks
    /// between its tokens. That is not checked, except where debug assertions are on; what is no JSON would be written as it
    /// is.
    ///
    /// ```
    /// let record = taskferry_sdk::Record::from_text(r#"{"external_id":"j1"}"#);
    /// assert_eq!(record.value()?["external_id"], "j1");
    /// # Ok::<(), taskferry_sdk::StageError>(())
    /// ```
    pub fn from_text(text: impl Into<Bytes>) -> Self {
        let text = text.into();
        debug_assert!(serde_json::from_slice::<&RawValue>(&text).is_ok(), "the text is JSON");
        Self { text: Some(text), tree: OnceLock::new(), origin: Origin::default(), entry: None }
    }

    /// The same record, said to come from `origin`.
    #[must_use]
    pub fn with_origin(mut self, origin: Origin) -> Self {
        self.origin = origin;
        self
    }

    /// The same record, which no stage before `stage` is to see: one that went through them before, and was
    /// refused there.
    #[must_use]
    pub fn entering_at(mut self, stage: Arc<StageId>) -> Self {
        self.entry = Some(stage);
        self
    }

    /// The stage that it is on its way to, past all others; `None` for the next one, as a rule.
    pub fn entry(&self) -> Option<&StageId> {
        self.entry.as_deref()
    }

    /// The same record, arrived at the stage it was on its way to.
    #[must_use]
    pub fn entered(mut self) -> Self {
        self.entry = None;
        self
    }

    /// Where the record came from.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }

    /// Looks inside. The first look parses; the text that came stays what is written.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when the text is JSON that can't be held as a value: nested deeper than
    /// 128 levels, or with half of a surrogate pair.
    pub fn value(&self) -> Result<&Value, StageError> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        let text = self.text.as_deref().unwrap_or(b"null");
        let parsed = serde_json::from_slice(text).map_err(malformed)?;
        Ok(self.tree.get_or_init(|| parsed))
    }

    /// The text that is written, as long as nothing was changed: what came, or what a stage has put together. For stages that
    /// can do their work on text, which spares the tree; they must be able to do it on the [value](Record::value) too.
    pub fn text(&self) -> Option<&Bytes> {
        self.text.as_ref()
    }

    /// Looks inside in order to change something: from now on the value is what is written.
    ///
    /// # Errors
    /// As [`Record::value`].
    pub fn value_mut(&mut self) -> Result<&mut Value, StageError> {
        self.value()?;
        self.text = None;
        self.tree
            .get_mut()
            .ok_or_else(|| StageError::new(ErrorKind::Malformed, "the record holds no value"))
    }

    /// Takes the value out.
    ///
    /// # Errors
    /// As [`Record::value`].
    pub fn into_value(self) -> Result<Value, StageError> {
        self.value()?;
        Ok(self.tree.into_inner().unwrap_or(Value::Null))
    }

    /// Appends the record as one line of JSON, without the line's end.
    ///
    /// # Errors
    /// Those of `out`; none when `out` is a `Vec`.
    pub fn write_json(&self, out: &mut impl Write) -> io::Result<()> {
        match (&self.text, self.tree.get()) {
            (Some(text), _) => out.write_all(text),
            (None, Some(tree)) => Ok(serde_json::to_writer(out, tree)?),
            (None, None) => out.write_all(b"null"),
        }
    }

    /// The record as one line of JSON.
    pub fn to_json(&self) -> String {
        let mut line = Vec::new();
        if self.write_json(&mut line).is_err() {
            line.clear();
        }
        String::from_utf8(line).unwrap_or_default()
    }
}

/// Two records are equal when they would be written alike, wherever they came from.
impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

fn malformed(error: serde_json::Error) -> StageError {
    StageError::new(ErrorKind::Malformed, "the record is not JSON that can be read")
        .caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn a_record_that_was_only_looked_at_is_written_as_it_came() {
        let text = r#"{"b": 1.10, "a":100000000000000000001,  "a" : 2e3}"#;
        let record = Record::parse(text).unwrap();
        assert_eq!(record.value().unwrap()["b"].to_string(), "1.10");
        assert_eq!(record.to_json(), text);
    }

    #[test]
    fn a_changed_record_keeps_numbers_and_key_order() {
        let mut record = Record::parse(r#"{"z":1.10,"a":100000000000000000001,"m":-0}"#).unwrap();
        record.value_mut().unwrap()["new"] = json!(true);
        assert_eq!(record.to_json(), r#"{"z":1.10,"a":100000000000000000001,"m":-0,"new":true}"#);
    }

    #[test]
    fn what_a_server_named_can_not_paint_the_terminal() {
        let cursor = Some(Cursor::new("a\u{1b}[31m\nb"));
        let origin = Origin { page: 2, cursor, index: 0, job: Some("j\r1".into()) };
        assert_eq!(origin.to_string(), "page 2 (after `a\\u{1b}[31m\\nb`), record 1, job `j\\r1`");
    }

    #[test]
    fn line_breaks_between_tokens_do_not_survive() {
        let record = Record::parse("{\n  \"a\": \"x\\n y\",\r\n  \"b\": [1, 2]\n}").unwrap();
        assert_eq!(record.to_json(), r#"{"a":"x\n y","b":[1,2]}"#);
    }

    #[test]
    fn records_of_a_body_share_its_bytes() {
        let body = Bytes::from_static(br#"[{"a":1},{"a":2}]"#);
        let raws: Vec<&RawValue> = serde_json::from_slice(&body).unwrap();
        let record = Record::from_raw(&body, raws[1], Origin::default());
        assert_eq!(record.to_json(), r#"{"a":2}"#);
        let text = record.text.unwrap();
        assert!(body.as_ptr_range().contains(&text.as_ptr()));
    }

    #[test]
    fn what_can_not_be_held_is_an_error_and_no_panic() {
        let deep = format!("{}{}", "[".repeat(100_000), "]".repeat(100_000));
        assert_eq!(Record::parse(deep).unwrap().value().unwrap_err().kind(), ErrorKind::Malformed);
        assert_eq!(
            Record::parse(r#""\ud800""#).unwrap().value().unwrap_err().kind(),
            ErrorKind::Malformed
        );
        assert!(Record::parse("{} {}").is_err());
    }
}
