//! Transform `changes`: compares records with the records of the last complete run.
//!
//! # Files
//!
//! Each run writes its records to `changes/RUN_ID.STAGE.ndjson` in the state folder (`Journal`). The next run reads the file of the
//! last complete run (`Baseline`). The engine determines which run is complete, so a run that fails or is killed never becomes the
//! baseline. The checkpoint contains the length of the file. A resumed run truncates the file to this length.
//!
//! # Memory
//!
//! Only an index is in memory (`Index`): 16 bytes for each record of the baseline, and 20 to 39 bytes for each other record (up to
//! 59 bytes while the map grows). The first run has no baseline. At the end, each missing record needs 24 more bytes.

mod baseline;
mod change;
mod compare;
mod config;
mod files;
mod guard;
mod index;
mod journal;
mod key;
mod line;
mod plugin;
mod refused;
mod removals;
mod transform;

pub use config::{Changes, Unchanged};
