//! The state that a pipeline keeps between runs.
//!
//! - [`StateDir`] is the pipeline's folder, locked by one run at a time, with files that are replaced atomically.
//! - [`Journal`] is an append-only file.
//! - [`History`] contains the manifests of the last runs.
//!
//! The crate does not interpret the content of the files.
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

pub use folder::{LockAttempt, LockHolder, StateDir, StateError, load, lock_holder};
pub use history::{History, MAX_RUNS};
pub use journal::Journal;
