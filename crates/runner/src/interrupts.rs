//! SIGINT and SIGTERM, and SIGHUP, which ends a run as SIGTERM does.

use std::io;

use taskferry_engine::Interrupt;
use tokio::signal::unix::{Signal, SignalKind, signal};

/// Listens for these signals from now on: the process no longer dies of them.
#[derive(Debug)]
pub(crate) struct Interrupts {
    interrupt: Signal,
    terminate: Signal,
    hangup: Signal,
}

impl Interrupts {
    /// # Errors
    /// Those of the operating system.
    pub(crate) fn listen() -> io::Result<Self> {
        let interrupt = signal(SignalKind::interrupt())?;
        let terminate = signal(SignalKind::terminate())?;
        let hangup = signal(SignalKind::hangup())?;
        Ok(Self { interrupt, terminate, hangup })
    }

    /// The next one.
    pub(crate) async fn next(&mut self) -> Interrupt {
        tokio::select! {
            _ = self.interrupt.recv() => Interrupt::Interrupted,
            _ = self.terminate.recv() => Interrupt::Terminated,
            // The terminal is gone, its user with it.
            _ = self.hangup.recv() => Interrupt::Terminated,
        }
    }
}
