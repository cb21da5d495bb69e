//! Where the data is kept: a SQLite database, in a file that was named or in a private one that vanishes with the
//! sandbox. Either way it lives on disk, so that memory does not grow with the number of jobs.
//!
//! Whoever asks gets a [`View`]: the data of one tenant, less what the asking client must not see. Every question is a
//! method of the view, so that none can forget either.

mod feedback;
mod listing;
mod loading;
mod pages;
mod pool;
mod schema;
mod view;

pub(crate) use self::feedback::{Decision, FeedbackError};
pub(crate) use self::listing::{ListedFamily, ListedJob, Listing};
pub(crate) use self::loading::{Inserted, Loading, NewJob};
pub(crate) use self::view::{Conditions, PageQuery, Store, StoredPage, StoredProfile, View};
