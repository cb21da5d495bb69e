//! What a pipeline keeps from run to run: a folder that one run at a time has to itself, files in it that are
//! replaced in one step, a journal that only grows, and the accounts of the last runs.
//!
//! This crate knows files and nothing else; what stands in them is its users' business.
//!
//! ```
//! use taskferry_state::{LockAttempt, StateDir};
//!
//! let folder = tempfile::tempdir().unwrap();
//! let LockAttempt::Acquired(state) = StateDir::open(folder.path(), "jobs").unwrap() else { unreachable!() };
//! assert!(matches!(StateDir::open(folder.path(), "jobs").unwrap(), LockAttempt::Held(_)));
//!
//! state.save("checkpoint", &["page 1"]).unwrap();
//! let saved: Option<Vec<String>> = state.load("checkpoint").unwrap();
//! assert_eq!(saved.unwrap(), ["page 1"]);
//! state.remove("checkpoint").unwrap();
//! ```

mod folder;
mod history;
mod journal;

pub use folder::{LockAttempt, LockHolder, StateDir, StateError, load};
pub use history::{History, MAX_RUNS};
pub use journal::Journal;
