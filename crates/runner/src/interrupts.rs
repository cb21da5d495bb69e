//! Handles SIGINT, SIGTERM and SIGHUP. SIGHUP has the effect of SIGTERM.

use std::fs;
use std::task::Poll;

use taskferry_engine::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};

use crate::command_error::CommandError;
use crate::exit::Exit;

/// Handles the signals, so that they do not end the process. Signals that the parent process ignores (`nohup`, `trap '' HUP`)
/// stay ignored.
#[derive(Debug)]
pub(crate) struct Interrupts(Vec<(Signal, Interrupt)>);

impl Interrupts {
    pub(crate) fn listen() -> Result<Self, CommandError> {
        let ignored = ignored();
        let kinds = [
            (SignalKind::interrupt(), Interrupt::Interrupted),
            (SignalKind::terminate(), Interrupt::Terminated),
            (SignalKind::hangup(), Interrupt::Terminated),
        ];
        // Bit 0 is signal 1.
        let handled =
            |(kind, _): &(SignalKind, Interrupt)| ignored >> (kind.as_raw_value() - 1) & 1 == 0;
        let listen = |(kind, interrupt)| match signal(kind) {
            Ok(signal) => Ok((signal, interrupt)),
            Err(error) => {
                let message = format!("can't install the signal handlers: {error}");
                Err(CommandError::new(Exit::SINK, message))
            }
        };
        kinds.into_iter().filter(handled).map(listen).collect::<Result<_, _>>().map(Self)
    }

    /// Waits for the next signal.
    pub(crate) async fn next(&mut self) -> Interrupt {
        std::future::poll_fn(|context| {
            for (signal, interrupt) in &mut self.0 {
                if signal.poll_recv(context).is_ready() {
                    return Poll::Ready(*interrupt);
                }
            }
            Poll::Pending
        })
        .await
    }
}

/// The ignored signals, one bit each, from Linux's `/proc`: the system call would need `unsafe`. Elsewhere, no signal counts as
/// ignored.
fn ignored() -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    let mask = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    mask.and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok()).unwrap_or_default()
}
