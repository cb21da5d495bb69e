//! Removes what a run keeps for the next attempt.

use taskferry_sdk::RunContext;
use taskferry_state::{StateDir, StateError};

use crate::checkpoint::{fingerprints_of, name_of};
use crate::letter_file;

/// Removes the checkpoint of a run that is over; what it sent to the dead letters stays there.
pub(crate) fn forget(run: &RunContext, state: &StateDir) -> Result<(), StateError> {
    letter_file::keep(run, state)?;
    state.remove(name_of(run))?;
    // Without a checkpoint the file is not read.
    _ = state.place(&fingerprints_of(name_of(run))).remove();
    Ok(())
}
