//! Documents: texts with their index.

use std::fmt;
use std::sync::Arc;

use bytes::Bytes;

use crate::entry::{HAS_LINE_BREAK, UNPAIRED_SURROGATE};
use crate::error::Error;
use crate::index::{Index, MAX_DEPTH, build};
use crate::shared::Shared;
use crate::write::sealed;
use crate::{Edit, Node, Text, scan};

/// One JSON document: its text and an index over it.
///
/// The text is valid JSON without line breaks, nested at most [`MAX_DEPTH`] levels deep, without unpaired surrogates. Cloning is
/// cheap. A part of a document can be a document, which shares the text and the index.
///
/// ```
/// use taskferry_json::Document;
///
/// let job = Document::parse(r#"{"external_id": "j1", "tasks": [{"task_id": "t1"}]}"#)?;
/// let tasks = job.root().get("tasks").unwrap();
/// assert_eq!(tasks.len(), 1);
///
/// let task = tasks.items().next().unwrap().to_document()?;
/// assert_eq!(task.as_bytes(), br#"{"task_id": "t1"}"#);
/// # Ok::<(), taskferry_json::Error>(())
/// ```
#[derive(Clone)]
pub struct Document {
    shared: Arc<Shared>,
    root: u32,
}

impl Document {
    /// Checks a text and builds its index, in one pass.
    ///
    /// The document keeps the text, without white space around it. A record is written as one line, so a text with line
    /// breaks between tokens is replaced with a copy without white space between tokens.
    ///
    /// # Errors
    /// The first error in the text, with its offset.
    pub fn parse(text: impl Into<Bytes>) -> Result<Self, Error> {
        let text = text.into();
        let index = build(&text, true)?;
        let document = Self::new(text, index);
        if document.root().entry().tag & HAS_LINE_BREAK == 0 {
            return Ok(document);
        }
        let mut compact = Vec::with_capacity(document.as_bytes().len());
        scan::compact(document.as_bytes(), &mut compact);
        let index = build(&compact, true)?;
        Ok(Self::new(compact.into(), index))
    }

    fn new(text: Bytes, index: Index) -> Self {
        Self { shared: Arc::new(Shared { text, index }), root: 0 }
    }

    /// The whole document as a value.
    ///
    /// ```
    /// # use taskferry_json::{Document, Kind};
    /// assert_eq!(Document::parse("[1, 2]")?.root().kind(), Kind::Array);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    #[inline]
    pub fn root(&self) -> Node<'_> {
        Node { shared: &self.shared, at: self.root }
    }

    /// Begins to change the document.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let task = Document::parse(r#"{"task_id": "t1", "hours": 1.50}"#)?;
    /// let mut edit = task.edit();
    /// edit.set(task.root(), "task_id", "t2");
    /// assert_eq!(edit.finish().as_bytes(), br#"{"task_id": "t2", "hours": 1.50}"#);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn edit(&self) -> Edit<'_> {
        Edit::new(self.root())
    }

    /// The text of the document.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert_eq!(Document::parse(" [1, 2]\n")?.as_bytes(), b"[1, 2]");
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn as_bytes(&self) -> &[u8] {
        self.root().raw()
    }

    /// The text of the document, which shares its bytes.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert_eq!(Document::parse("[1, 2]")?.text().to_string(), "[1, 2]");
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn text(&self) -> Text {
        let entry = self.root().entry();
        Text::of(self.shared.text.slice(entry.start as usize..entry.end as usize))
    }

    /// The path of a value for messages: `tasks[3].ai_impact.level`. Empty for the document itself, and for a value of another
    /// document.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let job = Document::parse(r#"{"tasks": [{"level": "H1"}]}"#)?;
    /// let task = job.root().get("tasks").unwrap().items().next().unwrap();
    /// assert_eq!(job.path(task.get("level").unwrap()), "tasks[0].level");
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn path(&self, node: Node<'_>) -> String {
        let mut path = String::new();
        if !Arc::ptr_eq(&self.shared, node.shared) {
            return path;
        }
        let mut here = self.root();
        while let Some((index, child)) =
            here.children().enumerate().find(|(_, child)| child.spans(node))
        {
            match child.key() {
                Some(key) if path.is_empty() => path += &key.as_str(),
                Some(key) => path = path + "." + &key.as_str(),
                None => path = path + "[" + &index.to_string() + "]",
            }
            here = child;
        }
        path
    }
}

impl Node<'_> {
    /// The value as a document of its own, which shares text and index. A value with line breaks is copied without them.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let page = Document::parse(r#"[{"a": 1}, {"a": 2}]"#)?;
    /// let records: Result<Vec<_>, _> = page.root().items().map(|item| item.to_document()).collect();
    /// assert_eq!(records?[1].root().get("a").unwrap().as_number(), Some("2"));
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    ///
    /// # Errors
    /// Only a value of a [`Body`](crate::Body) has errors: [`Surrogate`](crate::ErrorKind::Surrogate) and
    /// [`TooDeep`](crate::ErrorKind::TooDeep). The offset counts from the start of the value.
    pub fn to_document(self) -> Result<Document, Error> {
        let entry = self.entry();
        let is_shared = entry.tag & (HAS_LINE_BREAK | UNPAIRED_SURROGATE) == 0
            && self.shared.index.depth <= MAX_DEPTH;
        if is_shared {
            return Ok(Document { shared: Arc::clone(self.shared), root: self.at });
        }
        Document::parse(self.shared.text.slice(entry.start as usize..entry.end as usize))
    }
}

impl sealed::Part for Document {
    fn write(&self, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

impl fmt::Debug for Document {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Document").field(&self.root()).finish()
    }
}

/// A text that contains documents, such as a page of records, checked and indexed in one pass.
///
/// The text must be JSON. The other rules of [`Document`], limited depth and no unpaired surrogates, are checked for each part when
/// it becomes a document, so that an invalid record does not affect the others.
///
/// ```
/// use taskferry_json::{Body, ErrorKind};
///
/// let body = Body::parse(r#"{"records": [{"id": "a"}, {"id": "\ud800"}], "has_next": false}"#)?;
/// let records = body.root().get("records").unwrap();
/// let documents: Vec<_> = records.items().map(|record| record.to_document()).collect();
/// assert_eq!(documents[0].as_ref().unwrap().as_bytes(), br#"{"id": "a"}"#);
/// assert_eq!(documents[1].as_ref().unwrap_err().kind(), ErrorKind::Surrogate);
/// # Ok::<(), taskferry_json::Error>(())
/// ```
#[derive(Debug)]
pub struct Body(Document);

impl Body {
    /// Checks a text and builds its index.
    ///
    /// # Errors
    /// The first error in the text, with its offset. The kind is never [`TooDeep`](crate::ErrorKind::TooDeep) or
    /// [`Surrogate`](crate::ErrorKind::Surrogate).
    pub fn parse(text: impl Into<Bytes>) -> Result<Self, Error> {
        let text = text.into();
        let index = build(&text, false)?;
        Ok(Self(Document::new(text, index)))
    }

    /// The whole text as a value.
    ///
    /// ```
    /// # use taskferry_json::Body;
    /// assert!(Body::parse(r#"{"has_next": true}"#)?.root().get("has_next").is_some());
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn root(&self) -> Node<'_> {
        self.0.root()
    }
}
