//! Checks that the system has enough threads, files and memory for a command. If not, the exit code lets a scheduler try again,
//! because other processes may release them.

use std::any::Any;
use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc;
use std::thread::{Builder, available_parallelism};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// The number of files that a small run opens at the same time.
const FILES: usize = 24;
/// The number of threads of a small run, in addition to the threads for each processor.
const THREADS: usize = 4;
/// The address space that a run needs at least, in bytes.
const MEMORY: usize = 128 << 20;
/// The maximum number of pages that are transformed at the same time.
const WORKERS: usize = 4;

pub(crate) fn check() -> Result<(), String> {
    files(FILES).map_err(|error| {
        format!("taskferry needs {FILES} open files: {error}; raise the limit (`ulimit -n`) and run again")
    })?;
    memory(MEMORY).map_err(|error| {
        format!("taskferry needs more memory: {error}; raise the limit (`ulimit -v`) and run again")
    })?;
    let processors = available_parallelism().map_or(1, usize::from);
    let count = processors + processors.min(WORKERS) + THREADS;
    threads(count).map_err(|error| {
        format!(
            "taskferry needs {count} threads: {error}; raise the limit of threads or memory (`ulimit -u`, `ulimit -v`, the \
             limits of the container) and run again"
        )
    })
}

/// Opens and closes `count` files.
fn files(count: usize) -> io::Result<()> {
    let stdin = io::stdin();
    let opened: io::Result<Vec<_>> =
        (0..count).map(|_| stdin.as_fd().try_clone_to_owned()).collect();
    opened.map(drop)
}

/// Reserves and releases memory.
fn memory(bytes: usize) -> Result<(), std::collections::TryReserveError> {
    let mut reserved = Vec::<u8>::new();
    reserved.try_reserve_exact(bytes)?;
    // Keeps the compiler from removing the allocation.
    _ = std::hint::black_box(&reserved);
    Ok(())
}

/// Starts and ends `count` threads that exist at the same time.
fn threads(count: usize) -> io::Result<()> {
    let mut waiting = Vec::new();
    let started: io::Result<Vec<_>> = (0..count)
        .map(|_| {
            let (end, ended) = mpsc::channel::<()>();
            waiting.push(end);
            Builder::new().spawn(move || _ = ended.recv())
        })
        .collect();
    drop(waiting);
    started?.into_iter().for_each(|thread| _ = thread.join());
    Ok(())
}

/// Handles SIGXFSZ, so that a write beyond the size limit of files (`ulimit -f`) returns an error instead of ending the process.
pub(crate) fn survive_size_limits() -> io::Result<Signal> {
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))
}

/// Whether a library has panicked because the system refused a thread, a file or memory.
pub(crate) fn is_out_of_resources(panic: &(dyn Any + Send)) -> bool {
    let text = panic.downcast_ref::<String>().map(String::as_str);
    let text = text.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
    let refused = [rustix::io::Errno::AGAIN, rustix::io::Errno::NOMEM, rustix::io::Errno::MFILE];
    refused.map(rustix::io::Errno::raw_os_error).iter().any(|code| {
        text.contains(&format!("os error {code})")) || text.contains(&format!("code: {code},"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_panic_caused_by_system_limits_is_not_a_defect() {
        let refused = |error: io::Error| {
            let panic: Box<dyn Any + Send> = Box::new(format!("can't: {error}"));
            is_out_of_resources(&*panic)
        };
        assert!(refused(io::Error::from_raw_os_error(24)));
        assert!(refused(io::Error::from_raw_os_error(11)));
        assert!(!refused(io::Error::from_raw_os_error(2)));
    }

    #[test]
    fn insufficient_resources_are_reported() {
        assert!(files(1).is_ok());
        assert!(threads(2).is_ok());
        assert!(memory(1 << 20).is_ok());
        assert!(memory(1 << 60).is_err());
        assert!(files(1 << 30).is_err());
    }
}
