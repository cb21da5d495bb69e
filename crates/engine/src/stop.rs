//! Stops a run from outside, and its workers from inside.

use tokio::sync::watch;
use tokio::time::Instant;

/// The signal that stops a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// SIGINT, sent by Ctrl-C.
    Interrupted,
    /// SIGTERM, sent by the process manager.
    Terminated,
}

#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Request {
    interrupt: Option<Interrupt>,
    at_once: bool,
}

/// Requests a stop. A request can't be withdrawn.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Request>);

/// Receives the request of a [`Stopper`].
///
/// A stopped run reads no further page, delivers and commits the pages that it has read, and ends. A run that is stopped at
/// once does not wait for pages in progress.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<Request>);

impl Stopper {
    /// Creates a stopper and its signal.
    pub fn new() -> (Self, StopSignal) {
        let (sender, receiver) = watch::channel(Request::default());
        (Self(sender), StopSignal(receiver))
    }

    /// Requests a stop. The first interrupt wins.
    pub fn stop(&self, interrupt: Interrupt) {
        self.0.send_if_modified(|request| {
            let is_first = request.interrupt.is_none();
            request.interrupt.get_or_insert(interrupt);
            is_first
        });
    }

    /// Requests a stop that does not wait for pages in progress.
    pub fn stop_at_once(&self, interrupt: Interrupt) {
        self.stop(interrupt);
        self.0.send_if_modified(|request| !std::mem::replace(&mut request.at_once, true));
    }
}

impl StopSignal {
    /// A signal that never fires.
    pub fn never() -> Self {
        Stopper::new().1
    }

    /// Waits for a stop request.
    pub(crate) async fn stopped(&mut self) -> Interrupt {
        self.wait_for(|request| request.interrupt).await
    }

    /// Waits for a request to stop at once.
    pub(crate) async fn stopped_at_once(&mut self) -> Interrupt {
        self.wait_for(|request| request.interrupt.filter(|_| request.at_once)).await
    }

    async fn wait_for(&mut self, condition: impl Fn(&Request) -> Option<Interrupt>) -> Interrupt {
        if let Ok(request) = self.0.wait_for(|request| condition(request).is_some()).await
            && let Some(interrupt) = condition(&request)
        {
            return interrupt;
        }
        // The stopper is gone, so no request can come.
        std::future::pending().await
    }
}

/// Sleeps until the deadline; forever without one.
pub(crate) async fn sleep_until(deadline: Option<Instant>) {
    match deadline {
        Some(deadline) => tokio::time::sleep_until(deadline).await,
        None => std::future::pending().await,
    }
}
