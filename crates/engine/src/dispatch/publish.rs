//! The way to published output: all sinks or none, as far as that can be had.

use taskferry_core::{Cursor, Delivery, ErrorKind, Mark, StageError};
use tokio::sync::mpsc;

use super::{Dispatcher, Reading};
use crate::deliver::{FromSink, Order};

/// Where a run is. It only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Batches are read, transformed and delivered.
    Delivering,
    /// Every sink has everything, and does what may still fail.
    Sealing,
    /// One sink after the other publishes. There is no way back from here.
    Publishing,
    /// No sink is told to publish any more.
    Dismissed,
}

/// What the dispatcher knows of a sink.
#[derive(Debug)]
pub(super) struct SinkState {
    /// Dropped when the sink has nothing to wait for.
    orders: Option<mpsc::Sender<Order>>,
    pub(super) at: SinkAt,
    pub(super) committed: Option<Commit>,
    pub(super) delivery: Option<Delivery>,
}

/// How far a sink is. It only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum SinkAt {
    Delivering,
    Drained,
    Sealed,
    Publishing,
    Ended,
}

impl SinkState {
    pub(super) fn new(orders: mpsc::Sender<Order>) -> Self {
        Self { orders: Some(orders), at: SinkAt::Delivering, committed: None, delivery: None }
    }

    pub(super) fn note(&mut self, said: FromSink) {
        match said {
            FromSink::Opened => {}
            FromSink::Committed { page, next, mark } => {
                self.committed = Some(Commit { pages: page, next, mark });
            }
            FromSink::Drained => self.at = SinkAt::Drained,
            FromSink::Sealed => self.at = SinkAt::Sealed,
            FromSink::Published(delivery) => self.delivery = Some(delivery),
        }
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // There is room for both orders; a sink that has ended needs none.
            _ = orders.try_send(order);
        }
    }
}

/// How far one sink has come.
#[derive(Debug, Clone)]
pub(super) struct Commit {
    pub(super) pages: u64,
    pub(super) next: Option<Cursor>,
    pub(super) mark: Mark,
}

impl Dispatcher {
    /// Once everything is durable everywhere the sinks are sealed, all at the same time; once all are sealed
    /// they publish, one after the other. If anything failed or the run was interrupted, none does.
    pub(super) fn advance(&mut self) {
        let all = |far: SinkAt| self.sinks.iter().all(|sink| sink.at >= far);
        let stopped = self.error.is_some() || self.interrupt.is_some();
        match self.phase {
            Phase::Delivering
                if self.reading == Reading::Going || self.transforming || !all(SinkAt::Drained) => {
            }
            Phase::Delivering if stopped || self.reading != Reading::Complete => self.dismiss(),
            Phase::Delivering => {
                self.phase = Phase::Sealing;
                self.sinks.iter().for_each(|sink| sink.order(Order::Seal));
            }
            Phase::Sealing if !all(SinkAt::Sealed) => {}
            Phase::Sealing if stopped => self.dismiss(),
            Phase::Sealing => {
                self.phase = Phase::Publishing;
                self.publish_next();
            }
            Phase::Publishing => self.publish_next(),
            Phase::Dismissed => {}
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

    /// A run that neither failed nor was interrupted has delivered everything, or this is a defect.
    pub(super) fn settle(&mut self) {
        let published = self.sinks.iter().all(|sink| sink.delivery.is_some());
        if published {
            self.interrupt = None;
        } else if self.error.is_none() && self.interrupt.is_none() {
            self.error = Some(StageError::new(
                ErrorKind::Defect,
                "the run ended before everything was published",
            ));
        }
    }
}
