//! How far a run and each of its sinks are.

use std::sync::Arc;

use taskferry_sdk::{Delivery, SinkState};
use tokio::sync::mpsc;

use crate::chain::Chain;
use crate::deliver::{FromSink, Order};

/// Where a run is. It only goes forward.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Phase {
    /// Batches are read, transformed and delivered.
    Delivering,
    /// Every sink has everything, and does what may still fail.
    Sealing,
    /// That all are sealed is being written down.
    Saving,
    /// One sink after the other publishes. There is no way back from here.
    Publishing,
    /// No more sinks publish.
    Dismissed,
}

/// A sink as the dispatcher tracks it.
#[derive(Debug)]
pub(super) struct TrackedSink {
    /// Dropped when the sink has nothing to wait for.
    pub(super) orders: Option<mpsc::Sender<Order>>,
    pub(super) at: SinkAt,
    /// How far it is.
    pub(super) mark: Option<SinkState>,
    pub(super) delivery: Option<Delivery>,
    /// Its own transforms, once it is open.
    pub(super) chain: Option<Arc<Chain>>,
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

impl TrackedSink {
    pub(super) fn new(orders: mpsc::Sender<Order>, mark: Option<SinkState>) -> Self {
        Self { orders: Some(orders), at: SinkAt::Delivering, mark, delivery: None, chain: None }
    }

    pub(super) fn note(&mut self, said: FromSink) {
        match said {
            FromSink::Opened(_) | FromSink::Committed(_) | FromSink::Delivered(_) => {}
            FromSink::Drained => self.at = SinkAt::Drained,
            FromSink::Sealed(mark) => {
                self.at = SinkAt::Sealed;
                self.mark = Some(mark);
            }
            FromSink::Published(delivery) => self.delivery = Some(delivery),
        }
    }

    pub(super) fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The channel holds both orders; a sink that has ended takes none.
            _ = orders.try_send(order);
        }
    }
}
