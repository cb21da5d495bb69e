//! What a command needs from the system before it begins: threads, files and memory. Where they lack, it ends with a message and an
//! exit code after which it is run again, since other processes may have taken them.

use std::any::Any;
use std::io;
use std::os::fd::AsFd;
use std::sync::mpsc;
use std::thread::{Builder, available_parallelism};

use tokio::signal::unix::{Signal, SignalKind, signal};

/// Files that a small run has open at a time.
const FILES: usize = 24;
/// Threads of a small run beside those that are as many as there are processors.
const THREADS: usize = 4;
/// Addresses in bytes without which no run gets far. Memory that lacks later ends the process where it lacks.
const MEMORY: usize = 128 << 20;
/// The most pages that are transformed at a time.
const WORKERS: usize = 4;

/// Whether there are enough files and threads to begin.
///
/// # Errors
/// What lacks, and what to do.
pub(crate) fn check() -> Result<(), String> {
    files(FILES).map_err(|error| {
        format!("fewer than {FILES} more files can be opened: {error}; raise the limit (`ulimit -n`) and run again")
    })?;
    memory(MEMORY).map_err(|error| {
        format!("there is too little memory: {error}; raise the limit (`ulimit -v`) and run again")
    })?;
    let processors = available_parallelism().map_or(1, usize::from);
    let count = processors + processors.min(WORKERS) + THREADS;
    threads(count).map_err(|error| {
        format!(
            "fewer than {count} more threads can be started: {error}; raise the limit of threads or memory (`ulimit -u`, \
             `ulimit -v`, that of the container) and run again"
        )
    })
}

/// Opens so many files, and closes them again.
fn files(count: usize) -> io::Result<()> {
    let stdin = io::stdin();
    let opened: io::Result<Vec<_>> =
        (0..count).map(|_| stdin.as_fd().try_clone_to_owned()).collect();
    opened.map(drop)
}

/// Sets so many bytes aside, without using them, and gives them back.
fn memory(bytes: usize) -> Result<(), std::collections::TryReserveError> {
    let mut reserved = Vec::<u8>::new();
    reserved.try_reserve_exact(bytes)?;
    // Else it could be left out.
    _ = std::hint::black_box(&reserved);
    Ok(())
}

/// Starts so many threads, all of which are there at the same time.
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

/// Lets a write to a file that has reached its size limit (`ulimit -f`) fail as others do, instead of ending the process
/// without a word. Holds as long as the process lives.
///
/// # Errors
/// Those of the operating system.
pub(crate) fn survive_size_limits() -> io::Result<Signal> {
    signal(SignalKind::from_raw(rustix::process::Signal::XFSZ.as_raw()))
}

/// Whether a panic says that the system refused a thread, a file or memory: libraries panic where they can't go on without.
pub(crate) fn ran_out(panic: &(dyn Any + Send)) -> bool {
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
            ran_out(&*panic)
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
