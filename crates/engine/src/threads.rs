//! Threads of the engine, and what becomes of one that can't be started or panics.

use std::any::Any;

use taskferry_sdk::{ErrorKind, StageError};

/// Addresses set aside for a thread's stack, in bytes; memory is taken only as it is used. Expressions of
/// users call themselves as deep as their data is nested.
const STACK: usize = 256 << 20;

/// Starts a thread with room for deep recursion.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), StageError> {
    let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK);
    builder.spawn(body).map(drop).map_err(no_thread)
}

/// The error of a thread that could not be started. Another run may find what this one lacks.
pub(crate) fn no_thread(error: std::io::Error) -> StageError {
    StageError::new(ErrorKind::Io, "no thread could be started").caused_by(error).hint(
        "the system limits threads or memory: raise the limit (`ulimit -u`, `ulimit -v`, that of the container) and run again",
    )
}

/// The error of a plugin that panicked.
pub(crate) fn panicked(panic: &(dyn Any + Send)) -> StageError {
    let said = panic.downcast_ref::<&str>().map(|text| (*text).to_owned());
    let said = said.or_else(|| panic.downcast_ref::<String>().cloned());
    let message =
        format!("the plugin panicked: {}", said.as_deref().unwrap_or("it did not say why"));
    StageError::new(ErrorKind::Defect, message)
        .hint("this is a defect in the plugin; please report it to its authors")
}
