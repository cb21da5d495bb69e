//! Handles SIGINT, SIGTERM and SIGHUP. SIGHUP has the effect of SIGTERM.

use std::fs;
use std::io;

use taskferry_engine::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Handlers of the signals, which no longer end the process. Signals that the parent process ignores (`nohup`, `trap '' HUP`)
/// stay ignored.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Option<Signal>,
    terminate: Option<Signal>,
    hangup: Option<Signal>,
}

impl Interrupts {
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

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Interrupt {
        tokio::select! {
            () = received(&mut self.interrupt) => Interrupt::Interrupted,
            () = received(&mut self.terminate) => Interrupt::Terminated,
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

/// The ignored signals, one bit each, from Linux's `/proc`: the system call would need `unsafe`. Elsewhere, no signal counts as
/// ignored.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
