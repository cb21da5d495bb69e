//! The error of a file that the engine writes.

use taskferry_pipeline::StageFailure;
use taskferry_sdk::{ErrorKind, StageError};
use taskferry_state::StateError;

/// The failure of a write to the files of `[state]` or `[dead_letter]`. It ends the run like a failed sink, because later
/// deliveries could not be recorded.
pub(crate) fn save_failed(table: &str, error: StateError) -> StageFailure {
    let message = format!("[{table}]: {error}");
    let hint = format!(
        "check that the folder exists, is writable and has free space, or set another path in [{table}]"
    );
    StageError::new(ErrorKind::Io, message).caused_by(error).hint(hint).into()
}
