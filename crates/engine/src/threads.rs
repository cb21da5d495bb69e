//! Starts worker threads, and turns their failures into errors.

use std::any::Any;

use taskferry_sdk::{ErrorKind, StageError};

/// Address space reserved for a thread's stack, in bytes. User expressions recurse as deep as their data is nested; memory is
/// allocated only as the stack grows.
const STACK_SIZE: usize = 256 << 20;

/// Starts a thread with a stack for deep recursion.
pub(crate) fn spawn(name: &str, body: impl FnOnce() + Send + 'static) -> Result<(), StageError> {
    let builder = std::thread::Builder::new().name(name.to_owned()).stack_size(STACK_SIZE);
    builder.spawn(body).map(drop).map_err(spawn_failed)
}

/// The error of a thread that could not be started.
pub(crate) fn spawn_failed(error: std::io::Error) -> StageError {
    StageError::new(ErrorKind::Io, "can't start a thread").caused_by(error).hint(
        "raise the limit on threads or memory (`ulimit -u`, `ulimit -v`, the container's limits) and run again",
    )
}

pub(crate) fn panicked(panic: &(dyn Any + Send)) -> StageError {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!("the plugin panicked: {}", text.unwrap_or("no message"));
    StageError::new(ErrorKind::Defect, message)
        .hint("this is a defect in the plugin; please report it to its authors")
}
