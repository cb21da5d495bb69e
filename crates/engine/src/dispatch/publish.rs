//! The way to published output: all sinks or none, as far as that can be had.

use taskferry_sdk::{ErrorKind, StageError};

use super::tracked_sink::{Phase, SinkAt};
use super::{Dispatcher, Reading};
use crate::checkpoint::CheckpointState;
use crate::deliver::Order;
use crate::event::Saved;
use crate::expect;

impl Dispatcher {
    /// Once everything is durable everywhere the sinks are sealed, all at the same time; once all are sealed
    /// they publish, one after the other. If anything failed or the run was interrupted, none does.
    pub(super) fn advance(&mut self) {
        let all = |far: SinkAt| self.sinks.iter().all(|sink| sink.at >= far);
        let (drained, sealed) = (all(SinkAt::Drained), all(SinkAt::Sealed));
        let stopped = self.error.is_some() || self.interrupt.is_some();
        match self.phase {
            Phase::Delivering
                if self.reading == Reading::Going || self.transforming || !drained => {}
            Phase::Delivering if stopped || self.reading != Reading::Complete => self.dismiss(),
            Phase::Delivering => self.seal_unless_refused(),
            Phase::Sealing if !sealed => {}
            Phase::Sealing | Phase::Saving if stopped => self.dismiss(),
            Phase::Sealing => {
                self.phase = Phase::Saving;
                self.save_again(CheckpointState::Sealed);
            }
            Phase::Publishing => self.publish_next(),
            Phase::Saving | Phase::Dismissed => {}
        }
    }

    /// An export that does not look as expected is published only if that was asked for.
    fn seal_unless_refused(&mut self) {
        let (account, since) = (self.ledger.account(), self.run.started_at);
        if !self.was_sealed || self.expect.publish_anyway {
            self.violations = expect::violations(&self.expect, account, since, &self.baseline);
        }
        // What was sealed was judged, and part of it may be published already.
        if self.violations.is_empty() || self.expect.publish_anyway || self.was_sealed {
            self.phase = Phase::Sealing;
            self.sinks.iter().for_each(|sink| sink.order(Order::Seal));
        } else {
            self.save_again(CheckpointState::Refused);
            self.dismiss();
        }
    }

    /// What is sealed and written down so may be published: whatever happens from here on, the next run finds it.
    pub(super) fn note_saved(&mut self, saved: Saved) {
        if saved.sealed && self.phase == Phase::Saving {
            self.phase = Phase::Publishing;
        }
    }

    fn publish_next(&mut self) {
        if self.error.is_some() {
            return self.dismiss();
        }
        if self.sinks.iter().any(|sink| sink.at == SinkAt::Publishing) {
            return;
        }
        if let Some(next) = self.sinks.iter_mut().find(|sink| sink.at == SinkAt::Sealed) {
            next.at = SinkAt::Publishing;
            next.order(Order::Publish);
        }
    }

    /// Sinks that wait for an order end without one, and publish nothing.
    pub(super) fn dismiss(&mut self) {
        self.phase = Phase::Dismissed;
        for sink in &mut self.sinks {
            sink.orders = None;
        }
    }

    /// A run that neither failed, was interrupted, nor refused has published everything, or this is a defect.
    pub(crate) fn settle(&mut self) {
        let published = self.sinks.iter().all(|sink| sink.delivery.is_some());
        if published {
            self.interrupt = None;
        } else if self.error.is_none() && self.interrupt.is_none() && self.violations.is_empty() {
            let message = "the run ended before everything was published";
            self.error = Some(StageError::new(ErrorKind::Defect, message).into());
        }
    }
}
