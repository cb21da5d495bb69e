//! The data of the sandbox: a SQLite database in a file that the user named, or in a private file that is deleted with the
//! sandbox. The data is on disk, so that memory does not grow with the number of jobs.
//!
//! Requests read and change data through a [`View`], which contains only the data of one tenant that the client may see.
//! All queries are its methods, so that no query reads or changes other data.

mod feedback;
mod listing;
mod loader;
mod location;
mod pages;
mod pool;
mod view;

pub(crate) use self::feedback::{Decision, FeedbackError};
pub(crate) use self::listing::{ListedFamily, ListedJob, Listing};
pub(crate) use self::loader::{Inserted, Loader, NewJob};
pub(crate) use self::view::{Conditions, PageQuery, Store, StoredPage, StoredProfile, View};
