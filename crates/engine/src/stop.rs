//! Asking a run to stop.

use tokio::sync::watch;
use tokio::time::Instant;

/// Why a run was asked to stop from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// SIGINT: someone pressed Ctrl-C.
    Interrupted,
    /// SIGTERM: whoever started the process wants it to end.
    Terminated,
}

/// What was asked for. Grows only: from nothing to a stop, from a stop to one at once.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Asked {
    interrupt: Option<Interrupt>,
    at_once: bool,
}

/// The end that asks.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Asked>);

/// The end that is asked. A run that sees it set reads no further page, delivers and commits what it has, and
/// ends; asked to stop at once, it does not wait for what is under way.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<Asked>);

impl Stopper {
    /// Both ends.
    pub fn new() -> (Self, StopSignal) {
        let (sender, receiver) = watch::channel(Asked::default());
        (Self(sender), StopSignal(receiver))
    }

    /// Asks the run to stop. The first reason given stays.
    pub fn stop(&self, interrupt: Interrupt) {
        self.0.send_if_modified(|asked| {
            let first = asked.interrupt.is_none();
            asked.interrupt.get_or_insert(interrupt);
            first
        });
    }

    /// Asks the run to stop without waiting for what is under way.
    pub fn stop_at_once(&self, interrupt: Interrupt) {
        self.stop(interrupt);
        self.0.send_if_modified(|asked| !std::mem::replace(&mut asked.at_once, true));
    }
}

impl StopSignal {
    /// A signal that is never set.
    pub fn never() -> Self {
        Stopper::new().1
    }

    /// The reason, once it was asked to stop; never if nobody is left to ask.
    pub(crate) async fn asked(&mut self) -> Interrupt {
        self.when(|asked| asked.interrupt).await
    }

    /// The reason, once it was asked to stop at once.
    pub(crate) async fn asked_at_once(&mut self) -> Interrupt {
        self.when(|asked| asked.interrupt.filter(|_| asked.at_once)).await
    }

    async fn when(&mut self, reason: impl Fn(&Asked) -> Option<Interrupt>) -> Interrupt {
        if let Ok(asked) = self.0.wait_for(|asked| reason(asked).is_some()).await
            && let Some(interrupt) = reason(&asked)
        {
            return interrupt;
        }
        std::future::pending().await
    }
}

/// Until then; never, without a deadline.
pub(crate) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
