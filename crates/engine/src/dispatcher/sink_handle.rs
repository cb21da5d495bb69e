//! The phases of a run and of its sinks.

use std::sync::Arc;

use taskferry_sdk::{Delivery, SinkState};
use tokio::sync::mpsc;

use crate::chain::Chain;
use crate::sink_worker::SinkCommand;

/// The phase of a run. Phases only advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    Delivering,
    /// Every sink has received its last batch, and completes its output.
    Sealing,
    /// The checkpoint that records the sealed sinks is being saved.
    Saving,
    /// The sinks publish one after the other. This phase can't be interrupted.
    Publishing,
    /// No further sink publishes.
    Released,
}

/// The phase of a sink. Phases only advance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SinkPhase {
    Delivering,
    Drained,
    Sealed,
    Publishing,
    Ended,
}

#[derive(Debug)]
pub(super) struct SinkHandle {
    pub(super) name: String,
    /// `None` once the sink has no command to wait for.
    pub(super) commands: Option<mpsc::Sender<SinkCommand>>,
    pub(super) phase: SinkPhase,
    /// The state at its last commit.
    pub(super) state: Option<SinkState>,
    pub(super) published: Option<Delivery>,
    /// Its own transforms, once they are open.
    pub(super) chain: Option<Arc<Chain>>,
}

impl SinkHandle {
    pub(super) fn new(
        name: String,
        commands: mpsc::Sender<SinkCommand>,
        state: Option<SinkState>,
    ) -> Self {
        let (commands, phase) = (Some(commands), SinkPhase::Delivering);
        Self { name, commands, phase, state, published: None, chain: None }
    }

    pub(super) fn command(&self, command: SinkCommand) {
        if let Some(commands) = &self.commands {
            // The channel has capacity for both commands. A sink that has ended receives none.
            _ = commands.try_send(command);
        }
    }
}
