//! Events that workers send to the dispatcher.

use std::sync::Arc;

use taskferry_pipeline::StageFailure;
use tokio::sync::mpsc;

use crate::chain::Chain;
use crate::fetcher::Fetched;
use crate::observer::{Period, RunEvent};
use crate::progress_tracker::ReadPage;
use crate::sink_worker::SinkEvent;
use crate::step::ChainOutcome;

#[derive(Debug)]
pub(crate) enum WorkerEvent {
    TransformsOpened(Arc<Chain>),
    PageRead(ReadPage),
    PageTransformed(u64, ChainOutcome, Period),
    FetchEnded(Fetched),
    TransformsEnded(Result<(), StageFailure>),
    Sink(usize, SinkEvent),
    SinkEnded(usize, Result<(), StageFailure>),
    /// A checkpoint is durable; `sealed` if every sink is sealed in it.
    CheckpointSaved {
        sealed: bool,
    },
    SaveFailed(StageFailure),
}

impl WorkerEvent {
    /// Converts this event to run events, and passes them to `notify`.
    pub(crate) fn notify(&self, mut notify: impl FnMut(RunEvent)) {
        match self {
            Self::PageRead(read) => notify(RunEvent::Fetched {
                page: read.number,
                period: read.period,
                records: read.records,
                bytes: read.bytes,
                statistics: read.statistics,
            }),
            Self::PageTransformed(page, outcome, period) => {
                if let [first, .., last] | [first @ last] = &outcome.stats[..] {
                    let (records_in, records_out) = (first.records_in, last.records_out);
                    let (page, period) = (*page, *period);
                    notify(RunEvent::Transformed { page, period, records_in, records_out });
                }
            }
            Self::Sink(sink, SinkEvent::Committed(commit)) => {
                for page in &commit.pages {
                    notify(RunEvent::Delivered {
                        page: page.page,
                        sink: *sink,
                        period: page.period,
                        records: page.stats.delivered,
                        requests: page.delivery.requests,
                        retries: page.delivery.retries,
                    });
                }
            }
            Self::Sink(sink, SinkEvent::Sealed(_)) => notify(RunEvent::Sealed { sink: *sink }),
            Self::Sink(sink, SinkEvent::Published(_)) => {
                notify(RunEvent::Published { sink: *sink });
            }
            _ => {}
        }
    }
}

/// The channel to the dispatcher. Sending fails, without effect, once the dispatcher has ended.
pub(crate) type EventSender = mpsc::UnboundedSender<WorkerEvent>;
