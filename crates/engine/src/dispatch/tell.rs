//! What an observer hears of what workers say.

use super::Dispatcher;
use crate::deliver::FromSink;
use crate::event::Event;
use crate::ledger::SinkPage;
use crate::observe::RunEvent;

impl Dispatcher {
    /// Passes on what whoever watches the run wants to know.
    pub(super) fn tell(&mut self, event: &Event) {
        let Some(observer) = &mut self.observer else { return };
        if let Event::Sink(sink, FromSink::Committed(commit)) = event {
            commit.pages.iter().for_each(|page| observer.on_event(delivered(*sink, page)));
        } else if let Some(happening) = happening(event) {
            observer.on_event(happening);
        }
    }
}

fn delivered(sink: usize, page: &SinkPage) -> RunEvent {
    RunEvent::Delivered {
        page: page.page,
        sink,
        period: page.period,
        records: page.count.delivered,
        requests: page.delivery.requests,
        retries: page.delivery.retries,
    }
}

fn happening(event: &Event) -> Option<RunEvent> {
    match event {
        Event::Read(read) => Some(RunEvent::Fetched {
            page: read.number,
            period: read.period,
            records: read.records,
            bytes: read.bytes,
            statistics: read.statistics,
        }),
        Event::Tallied(page, tally, period) => Some(RunEvent::Transformed {
            page: *page,
            period: *period,
            records_in: tally.counts.first()?.records_in,
            records_out: tally.counts.last()?.records_out,
        }),
        Event::Sink(sink, FromSink::Sealed(_)) => Some(RunEvent::Sealed { sink: *sink }),
        Event::Sink(sink, FromSink::Published(_)) => Some(RunEvent::Published { sink: *sink }),
        _ => None,
    }
}
