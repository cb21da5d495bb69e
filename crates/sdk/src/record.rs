//! One JSON document on its way through a pipeline.

use std::io::{self, Write};
use std::sync::{Arc, OnceLock};

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use taskferry_json::{Body, Document, Edit, Node, Text};

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
    content: Option<Content>,
    tree: OnceLock<Value>,
    origin: Origin,
    entry: Option<Arc<StageId>>,
}

#[derive(Debug, Clone)]
enum Content {
    Document(Document),
    /// A text, and from the first look on the document that it is.
    Text(Text, OnceLock<Result<Document, taskferry_json::Error>>),
}

impl Record {
    /// A record made of a tree.
    ///
    /// ```
    /// let record = taskferry_sdk::Record::from_value(serde_json::json!({"external_id": "j1"}));
    /// assert_eq!(record.to_json(), r#"{"external_id":"j1"}"#);
    /// ```
    pub fn from_value(value: Value) -> Self {
        Self { content: None, tree: OnceLock::from(value), ..Self::from(Text::value(())) }
    }

    /// A record that is one part of a larger text, whose bytes and index it shares.
    ///
    /// If the part is JSON that no document can hold (an unpaired surrogate, too many levels), the record keeps its text, and
    /// [`root`](Self::root) returns the error.
    pub fn from_node(node: Node<'_>) -> Self {
        node.to_document().map_or_else(|_| Text::value(node).into(), Self::from)
    }

    /// Parses a text.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when the text is not exactly one JSON document.
    pub fn parse(text: impl Into<Bytes>) -> Result<Self, StageError> {
        let body = Body::parse(text).map_err(malformed)?;
        Ok(Self::from_node(body.root()))
    }

    /// Looks inside. All later looks share the index that the first one makes.
    ///
    /// ```
    /// let record = taskferry_sdk::Record::parse(r#"{"external_id": "j1", "hours": 1.50}"#)?;
    /// assert_eq!(record.root()?.get("hours").unwrap().as_number(), Some("1.50"));
    /// # Ok::<(), taskferry_sdk::StageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] when the text is JSON that can't be worked on: nested too deep
    /// ([`MAX_DEPTH`](taskferry_json::MAX_DEPTH)), or with half of a surrogate pair.
    pub fn root(&self) -> Result<Node<'_>, StageError> {
        self.document().map(Document::root)
    }

    /// Begins to change the record: [`Edit::finish`](taskferry_json::Edit::finish) returns the new text.
    ///
    /// # Errors
    /// As [`Record::root`].
    pub fn edit(&self) -> Result<Edit<'_>, StageError> {
        self.document().map(Document::edit)
    }

    /// Reads the record into a type of your own.
    ///
    /// # Errors
    /// As [`Record::root`]; [`ErrorKind::Record`] when the record does not have the shape of the type.
    pub fn deserialize<'a, T: Deserialize<'a>>(&'a self) -> Result<T, StageError> {
        self.root()?.deserialize().map_err(|error| {
            let message = "the record does not have the shape that the stage expects";
            StageError::new(ErrorKind::Record, message).caused_by(error)
        })
    }

    /// The record as a document.
    ///
    /// # Errors
    /// As [`Record::root`].
    pub fn document(&self) -> Result<&Document, StageError> {
        match &self.content {
            Some(Content::Document(document)) => Ok(document),
            Some(Content::Text(text, document)) => {
                let parse = || Document::parse(Bytes::from(text.clone()));
                document.get_or_init(parse).as_ref().map_err(|error| malformed(*error))
            }
            None => Err(StageError::new(ErrorKind::Malformed, "the record holds no text")),
        }
    }

    /// The text of the record: JSON on one line.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.content {
            Some(Content::Document(document)) => document.as_bytes(),
            Some(Content::Text(text, _)) => text.as_bytes(),
            None => b"null",
        }
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

    /// The record as a tree.
    ///
    /// # Errors
    /// As [`Record::root`].
    pub fn value(&self) -> Result<&Value, StageError> {
        if let Some(tree) = self.tree.get() {
            return Ok(tree);
        }
        let parsed = self.root()?.to_value().map_err(unreadable)?;
        Ok(self.tree.get_or_init(|| parsed))
    }

    /// The text of the record, as long as nothing was changed.
    pub fn text(&self) -> Option<&[u8]> {
        self.content.as_ref().map(|_| self.as_bytes())
    }

    /// A record of text.
    pub fn from_text(text: impl Into<Bytes>) -> Self {
        Self::parse(text).unwrap_or_else(|_| Text::value(()).into())
    }

    /// Looks inside in order to change something: from now on the value is what is written.
    ///
    /// # Errors
    /// As [`Record::value`].
    pub fn value_mut(&mut self) -> Result<&mut Value, StageError> {
        self.value()?;
        self.content = None;
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
        match (&self.content, self.tree.get()) {
            (None, Some(tree)) => Ok(serde_json::to_writer(out, tree)?),
            _ => out.write_all(self.as_bytes()),
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

impl From<Document> for Record {
    fn from(document: Document) -> Self {
        let content = Some(Content::Document(document));
        Self { content, tree: OnceLock::new(), origin: Origin::default(), entry: None }
    }
}

impl From<Text> for Record {
    fn from(text: Text) -> Self {
        let content = Some(Content::Text(text, OnceLock::new()));
        Self { content, tree: OnceLock::new(), origin: Origin::default(), entry: None }
    }
}

/// Two records are equal when they would be written alike, wherever they came from.
impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.to_json() == other.to_json()
    }
}

const UNREADABLE: &str = "the record is not JSON that can be read";

fn malformed(error: taskferry_json::Error) -> StageError {
    StageError::new(ErrorKind::Malformed, UNREADABLE).caused_by(error)
}

fn unreadable(error: serde_json::Error) -> StageError {
    StageError::new(ErrorKind::Malformed, UNREADABLE).caused_by(error)
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
        let page = Body::parse(body.clone()).unwrap();
        let record = Record::from_node(page.root().item(1).unwrap());
        assert_eq!(record.to_json(), r#"{"a":2}"#);
        assert!(body.as_ptr_range().contains(&record.as_bytes().as_ptr()));
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
