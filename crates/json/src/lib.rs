//! JSON documents as text with an index: read, changed and built without a tree.
//!
//! Most of an export passes through untouched: of a record with a hundred values a stage needs three. A tree of all of them
//! costs ten times what it takes to check the text. So this crate checks a text once and strictly, and notes where each
//! value begins and ends; everything else reads from the text when it is asked.
//!
//! - [`Document`] is one text with its index; [`Body`] is a page of them, checked, split and indexed in one pass.
//! - [`Node`] reads: [`get`](Node::get), [`members`](Node::members), [`items`](Node::items), [`as_str`](Node::as_str),
//!   [`raw`](Node::raw), and [`deserialize`](Node::deserialize) for types of your own.
//! - [`Edit`] sets, removes, renames, replaces and inserts, and writes the new [`Text`] in one pass. What is not touched keeps
//!   its bytes: numbers their digits, members their order.
//! - [`ObjectWriter`] and [`ArrayWriter`] build new texts out of values, strings and parts of documents.
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
//! # What is a document
//!
//! The text must be JSON as RFC 8259 defines it: UTF-8, no comments, no trailing commas, nothing behind the end. Beyond that
//! a document is nested at most [`MAX_DEPTH`] levels deep, and its strings hold no half of a surrogate pair (`"\ud800"`),
//! because that is not a character. No input makes the stack grow. The text of a document has no line breaks, because a
//! record is one line.
//!
//! # Duplicate keys
//!
//! If an object has several members with one key, the last value counts, in every method. Keys are compared decoded: `"a"`
//! and `"\u0061"` are the same.
//!
//! # The index
//!
//! An entry of 16 bytes for each value: where it begins and ends, the entry behind its last descendant, its kind, and the
//! hash of its key. Documents that are parts of one text share the text and its index.

mod document;
mod edit;
mod entry;
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
