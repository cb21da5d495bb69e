//! Asking a run to stop.

use tokio::sync::watch;

/// Why a run was asked to stop from outside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interrupt {
    /// SIGINT: someone pressed Ctrl-C.
    Interrupted,
    /// SIGTERM: whoever started the process wants it to end.
    Terminated,
}

/// The end that asks.
#[derive(Debug)]
pub struct Stopper(watch::Sender<Option<Interrupt>>);

/// The end that is asked. A run that sees it set fetches no further page, delivers and commits what it has,
/// and ends.
#[derive(Debug, Clone)]
pub struct StopSignal(watch::Receiver<Option<Interrupt>>);

impl Stopper {
    /// Both ends.
    pub fn new() -> (Self, StopSignal) {
        let (sender, receiver) = watch::channel(None);
        (Self(sender), StopSignal(receiver))
    }

    /// Asks the run to stop. The first reason given stays.
    pub fn stop(&self, interrupt: Interrupt) {
        self.0.send_if_modified(|current| {
            let first = current.is_none();
            current.get_or_insert(interrupt);
            first
        });
    }
}

impl StopSignal {
    /// A signal that is never set.
    pub fn never() -> Self {
        Stopper::new().1
    }

    /// The reason, once it was asked to stop.
    pub fn get(&self) -> Option<Interrupt> {
        *self.0.borrow()
    }

    /// Returns once it was asked to stop; never if nobody is left to ask.
    pub(crate) async fn asked(&mut self) {
        if self.0.wait_for(Option::is_some).await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
