//! Transform `changes`: compares records with those of the last complete run.
//!
//! # Files
//!
//! Each run writes its records to `changes/RUN_ID.STAGE.ndjson` in the state folder (`Journal`). The next run reads the file of the
//! last complete run (`Baseline`). The engine determines that run, so a run that fails or is killed never becomes the baseline.
//! The checkpoint contains the length of the file, to which a resumed run truncates it.
//!
//! # Memory
//!
//! An index is in memory (`Index`): 16 bytes per record of the baseline, and 20 to 39 bytes per record that is not in the baseline,
//! as all records of the first run (up to 59 while the map grows). At the end, each missing record needs 24 bytes more. The records
//! are read from the file.

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
