//! JSON documents as text with an index. Values are read, changed and built without a tree.
//!
//! A stage reads only a few values of a record, and passes the others unchanged. Building a tree of all values takes ten
//! times as long as checking the text. Therefore, this crate checks a text once, strictly, and stores where each value
//! begins and ends. Values are read from the text on demand.
//!
//! - [`Document`] is one text with its index; [`Body`] is a text with several documents, such as a page, checked and
//!   indexed in one pass.
//! - [`Node`] reads: [`get`](Node::get), [`members`](Node::members), [`items`](Node::items), [`as_str`](Node::as_str),
//!   [`raw`](Node::raw), [`equals`](Node::equals), and [`deserialize`](Node::deserialize) for types of your own.
//! - [`Edit`] sets, removes, renames, replaces and inserts, and writes the new [`Text`] in one pass. Unchanged values keep their
//!   bytes: numbers keep their digits, members their order.
//! - [`ObjectWriter`] and [`ArrayWriter`] build new texts from values, strings and parts of documents.
//!
//! ```
//! use taskferry_json::{Body, Text};
//!
//! let page = r#"{"records": [{"external_id": "j1", "tasks": [{"task_id": "t1", "hours": 1.50}]}], "has_next": false}"#;
//! let page = Body::parse(page)?;
//! let job = page.root().get("records").unwrap().item(0).unwrap().to_document()?;
//!
//! let task = job.root().get("tasks").unwrap().item(0).unwrap();
//! assert_eq!(task.get("task_id").unwrap().as_str().unwrap(), "t1");
//!
//! let mut edit = job.edit();
//! edit.set(task, "hours", 2);
//! assert_eq!(edit.finish().to_string(), r#"{"external_id": "j1", "tasks": [{"task_id": "t1", "hours": 2}]}"#);
//!
//! let row = Text::object(|row| {
//!     row.member("job", job.root().get("external_id"));
//!     row.member("hours", task.get("hours"));
//! });
//! assert_eq!(row.to_string(), r#"{"job":"j1","hours":1.50}"#);
//! # Ok::<(), taskferry_json::Error>(())
//! ```
//!
//! # Valid documents
//!
//! The text must be JSON as in RFC 8259: UTF-8, without comments, trailing commas or trailing text. In addition, a document is
//! nested at most [`MAX_DEPTH`] levels deep, and its strings have no unpaired surrogates (`"\ud800"`), which are not
//! characters. Parsing does not recurse. The text of a document has no line breaks, because a record is one line.
//!
//! # Duplicate keys
//!
//! If an object has a duplicate key, every method uses its last value. Keys are compared decoded: `"a"` and `"\u0061"` are
//! equal.
//!
//! # The index
//!
//! The index has an entry of 16 bytes for each value: its start and end, the entry after its last descendant, its kind, and the
//! hash of its key. Documents that are parts of one text share the text and the index.

mod document;
mod edit;
mod entry;
mod equality;
mod error;
mod index;
mod node;
mod scan;
mod shared;
mod write;

pub use document::{Body, Document};
pub use edit::Edit;
pub use error::{Error, ErrorKind};
pub use index::MAX_DEPTH;
pub use node::{Items, Key, Kind, Members, Node};
pub use write::{ArrayWriter, Name, ObjectWriter, Part, Text, TextWriter};
