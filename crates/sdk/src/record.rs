//! Records: JSON documents that pass through a pipeline.

use std::sync::OnceLock;

use bytes::Bytes;
use serde::Deserialize;
use serde_json::Value;
use taskferry_json::{Body, Document, Edit, Node, Text};

use crate::{ErrorKind, StageError};

/// A JSON document that passes through a pipeline. The source emits one record for each job.
///
/// A record is text with an index. The first call of [`root`](Record::root) builds the index, without a tree, and later calls share
/// it. A stage changes a record by building a new one: from [`edit`](Record::edit), or from a
/// [`json::Text`](crate::json::Text) or [`json::TextWriter`](crate::json::TextWriter). Unchanged parts keep their bytes, so
/// numbers keep their digits and objects the order of their keys.
///
/// ```
/// use taskferry_sdk::Record;
///
/// let record = Record::parse(r#"{"task_id": "t1", "weekly_hours": 1.50}"#)?;
/// let mut edit = record.edit()?;
/// edit.set(record.root()?, "source", "survey");
/// let record = Record::from(edit.finish());
/// assert_eq!(record.to_json(), r#"{"task_id": "t1", "weekly_hours": 1.50,"source":"survey"}"#);
/// # Ok::<(), taskferry_sdk::StageError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Record(Content);

#[derive(Debug, Clone)]
enum Content {
    Document(Document),
    /// A text, with its document once it is parsed.
    Text(Text, OnceLock<Result<Document, taskferry_json::Error>>),
}

impl Record {
    /// A record that is a part of a larger text, whose bytes and index it shares.
    ///
    /// If a document can't represent the part (an unpaired surrogate, too many levels), [`root`](Self::root) returns the error.
    pub fn from_node(node: Node<'_>) -> Self {
        node.to_document().map_or_else(|_| Text::value(node).into(), Self::from)
    }

    /// Parses a text.
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] if the text is not exactly one JSON document.
    pub fn parse(text: impl Into<Bytes>) -> Result<Self, StageError> {
        let body = Body::parse(text).map_err(malformed)?;
        Ok(Self::from_node(body.root()))
    }

    /// The record's root node. The first call builds the index.
    ///
    /// ```
    /// let record = taskferry_sdk::Record::parse(r#"{"external_id": "j1", "hours": 1.50}"#)?;
    /// assert_eq!(record.root()?.get("hours").unwrap().as_number(), Some("1.50"));
    /// # Ok::<(), taskferry_sdk::StageError>(())
    /// ```
    ///
    /// # Errors
    /// [`ErrorKind::Malformed`] if the JSON is nested deeper than [`MAX_DEPTH`](taskferry_json::MAX_DEPTH) or contains an unpaired
    /// surrogate.
    pub fn root(&self) -> Result<Node<'_>, StageError> {
        self.document().map(Document::root)
    }

    /// Starts an edit. [`Edit::finish`](taskferry_json::Edit::finish) returns the new text.
    ///
    /// # Errors
    /// As [`Record::root`].
    pub fn edit(&self) -> Result<Edit<'_>, StageError> {
        self.document().map(Document::edit)
    }

    /// Deserializes the record.
    ///
    /// # Errors
    /// As [`Record::root`]; [`ErrorKind::Record`] if the record does not match the type.
    pub fn deserialize<'a, T: Deserialize<'a>>(&'a self) -> Result<T, StageError> {
        self.root()?.deserialize().map_err(|error| {
            let message = "the record does not match the type that the stage expects";
            StageError::new(ErrorKind::Record, message).caused_by(error)
        })
    }

    /// The record as a document.
    ///
    /// # Errors
    /// As [`Record::root`].
    pub fn document(&self) -> Result<&Document, StageError> {
        match &self.0 {
            Content::Document(document) => Ok(document),
            Content::Text(text, document) => {
                let parse = || Document::parse(Bytes::from(text.clone()));
                document.get_or_init(parse).as_ref().map_err(|error| malformed(*error))
            }
        }
    }

    /// The record as JSON on one line.
    pub fn as_bytes(&self) -> &[u8] {
        match &self.0 {
            Content::Document(document) => document.as_bytes(),
            Content::Text(text, _) => text.as_bytes(),
        }
    }

    /// The record as a tree. This costs ten times as much as [`root`](Record::root).
    ///
    /// ```
    /// let record = taskferry_sdk::Record::parse(r#"{"external_id": "j1"}"#)?;
    /// assert_eq!(record.value()?["external_id"], "j1");
    /// # Ok::<(), taskferry_sdk::StageError>(())
    /// ```
    ///
    /// # Errors
    /// As [`Record::root`].
    pub fn value(&self) -> Result<Value, StageError> {
        let unreadable = |error| StageError::new(ErrorKind::Malformed, UNREADABLE).caused_by(error);
        self.root()?.to_value().map_err(unreadable)
    }

    /// The record as JSON on one line.
    pub fn to_json(&self) -> String {
        String::from_utf8_lossy(self.as_bytes()).into_owned()
    }
}

impl From<Document> for Record {
    fn from(document: Document) -> Self {
        Self(Content::Document(document))
    }
}

impl From<Text> for Record {
    fn from(text: Text) -> Self {
        Self(Content::Text(text, OnceLock::new()))
    }
}

/// ```
/// let record = taskferry_sdk::Record::from(serde_json::json!({"external_id": "j1"}));
/// assert_eq!(record.to_json(), r#"{"external_id":"j1"}"#);
/// ```
impl From<Value> for Record {
    fn from(value: Value) -> Self {
        Text::value(&value).into()
    }
}

/// Records are equal if their texts are equal.
impl PartialEq for Record {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}

const UNREADABLE: &str = "the record is not valid JSON";

fn malformed(error: taskferry_json::Error) -> StageError {
    StageError::new(ErrorKind::Malformed, UNREADABLE).caused_by(error)
}
