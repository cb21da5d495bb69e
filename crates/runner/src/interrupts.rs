//! SIGINT and SIGTERM, and SIGHUP, which ends a run as SIGTERM does.

use std::fs;
use std::io;

use taskferry_engine::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for these signals from now on: the process no longer dies of them. Those that are ignored already stay so, in
/// this process and in those that it starts: whoever started it (`nohup`, `trap '' HUP`) wants it to go on.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

impl Interrupts {
    /// # Errors
    /// Those of the operating system.
    pub(crate) fn listen() -> io::Result<Self> {
        let ignored = ignored();
        let listen = |kind: SignalKind| {
            // Signal 1 is the lowest bit.
            let is_ignored = ignored >> (kind.as_raw_value() - 1) & 1 == 1;
            (!is_ignored).then(|| signal(kind)).transpose()
        };
        Ok(Self {
            interrupt: listen(SignalKind::interrupt())?,
            terminate: listen(SignalKind::terminate())?,
            hangup: listen(SignalKind::hangup())?,
        })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Interrupt {
        tokio::select! {
            () = received(&mut self.interrupt) => Interrupt::Interrupted,
            () = received(&mut self.terminate) => Interrupt::Terminated,
            // The terminal is gone, its user with it.
            () = received(&mut self.hangup) => Interrupt::Terminated,
        }
    }
}

async fn received(signal: &mut Option<Signal>) {
    match signal {
        Some(signal) => _ = signal.recv().await,
        None => std::future::pending().await,
    }
}

/// The signals that this process ignores, a bit each. Linux says it without a system call that needs `unsafe`; where nobody
/// says it, none is taken for ignored.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
