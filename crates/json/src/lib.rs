//! JSON text, read and rearranged without making a tree of it.
//!
//! Most of an export passes through untouched: of a record with a hundred values a stage needs three. A tree of all of them
//! costs ten times what it takes to find the three in the text. So this crate steps over text: from member to member of an
//! object, from item to item of a list, each a part of the text as it stands.
//!
//! ```
//! use taskferry_json::{is_plain, members, only, string};
//!
//! let job = br#"{"external_id":"j1","tasks":[{"task_id":"t1"}]}"#;
//! assert!(is_plain(job));
//! let id = members(job).and_then(|members| only(&members, "external_id")).flatten();
//! assert_eq!(id.and_then(string), Some("j1"));
//! ```
//!
//! # What it relies on
//!
//! Text is *known to be JSON*: somebody has parsed it, or made it. Of other text nothing is promised but that nothing
//! panics or goes on for ever. Keys are compared by their bytes, which is right for keys of ASCII letters in text that
//! [`is_plain`].

mod plain;
mod reader;
mod walk;

pub use plain::is_plain;
pub use reader::Reader;
pub use walk::{Member, items, members, only, string};
