//! Seals all sinks. Then the sinks publish one after the other.

use taskferry_sdk::{ErrorKind, StageError};

use super::sink_handle::{Phase, SinkPhase};
use super::{Dispatcher, Reading};
use crate::checkpoint::CheckpointState;
use crate::expect;
use crate::sink_worker::SinkCommand;

impl Dispatcher {
    /// Advances the run to its next phase if the current one is done.
    ///
    /// Drained sinks are sealed in parallel, and sealed sinks publish one after the other. If the run fails or is interrupted before
    /// the first sink publishes, no sink publishes.
    pub(super) fn advance(&mut self) {
        let all = |phase: SinkPhase| self.sinks.iter().all(|sink| sink.phase >= phase);
        let (drained, sealed) = (all(SinkPhase::Drained), all(SinkPhase::Sealed));
        let stopped = self.error.is_some() || self.interrupt.is_some();
        match self.phase {
            Phase::Delivering
                if self.reading == Reading::Active || self.transforming || !drained => {}
            Phase::Delivering if stopped || self.reading != Reading::Complete => {
                self.release_sinks();
            }
            Phase::Delivering => self.seal_unless_refused(),
            Phase::Sealing if !sealed => {}
            Phase::Sealing | Phase::Saving if stopped => self.release_sinks(),
            Phase::Sealing => {
                self.phase = Phase::Saving;
                self.save_again(CheckpointState::Sealed);
            }
            Phase::Publishing => self.publish_next(),
            Phase::Saving | Phase::Released => {}
        }
    }

    fn seal_unless_refused(&mut self) {
        let publish_anyway = self.expect.publish_anyway;
        if !self.was_sealed || publish_anyway {
            let (stats, started_at) = (self.progress.stats(), self.run.started_at);
            let sinks = self.sinks.iter().map(|sink| sink.name.as_str());
            self.violations =
                expect::violations(&self.expect, stats, sinks, started_at, &self.baseline);
        }
        // A sealed export was accepted before, and part of it may be published.
        if self.violations.is_empty() || publish_anyway || self.was_sealed {
            self.phase = Phase::Sealing;
            self.sinks.iter().for_each(|sink| sink.command(SinkCommand::Seal));
        } else {
            self.save_again(CheckpointState::Refused);
            self.release_sinks();
        }
    }

    /// Starts publishing after the checkpoint with the sealed sinks is saved.
    pub(super) fn on_checkpoint_saved(&mut self, sealed: bool) {
        self.checkpoints.flush();
        if sealed && self.phase == Phase::Saving {
            self.phase = Phase::Publishing;
        }
    }

    fn publish_next(&mut self) {
        if self.error.is_some() {
            return self.release_sinks();
        }
        if self.sinks.iter().any(|sink| sink.phase == SinkPhase::Publishing) {
            return;
        }
        if let Some(next) = self.sinks.iter_mut().find(|sink| sink.phase == SinkPhase::Sealed) {
            next.phase = SinkPhase::Publishing;
            next.command(SinkCommand::Publish);
        }
    }

    /// Ends the sinks that wait for a command. They publish nothing.
    pub(super) fn release_sinks(&mut self) {
        self.phase = Phase::Released;
        for sink in &mut self.sinks {
            sink.commands = None;
        }
    }

    /// Reports a defect if a run that was not stopped or refused has not published all sinks.
    pub(crate) fn check_published(&mut self) {
        if self.sinks.iter().all(|sink| sink.published.is_some()) {
            self.interrupt = None;
        } else if self.error.is_none() && self.interrupt.is_none() && self.violations.is_empty() {
            let message = "the run ended, but some sinks did not publish";
            let error = StageError::new(ErrorKind::Defect, message)
                .hint("this is a defect in taskferry; please report it");
            self.error = Some(error.into());
        }
    }
}
