//! Which pages every sink has, and what came of them.

use std::collections::VecDeque;

use taskferry_sdk::{Cursor, Delivery, Position, SinkState, SourceStatistics};

use crate::account::{Account, SinkCount, add_all};
use crate::dead_letter::DeadLetter;
use crate::observe::Period;
use crate::tally::ChainTally;

/// The truth about how far a run is. A page counts when every sink has made it durable.
#[derive(Debug)]
pub(crate) struct Ledger {
    account: Account,
    /// What earlier attempts at this run asked for.
    earlier: SourceStatistics,
    next: Option<Cursor>,
    /// Pages that are on their way, in order.
    pending: VecDeque<PendingPage>,
    /// What each sink has delivered, as far as it is known.
    deliveries: Vec<Delivery>,
}

/// A page that was read.
#[derive(Debug)]
pub(crate) struct ReadPage {
    pub(crate) number: u64,
    pub(crate) next: Option<Cursor>,
    pub(crate) records: u64,
    pub(crate) bytes: u64,
    pub(crate) fingerprints: Vec<u128>,
    /// What it took so far, in this attempt.
    pub(crate) statistics: SourceStatistics,
    /// From asking for it to having it.
    pub(crate) period: Period,
}

/// What one sink has made durable in one step: one page or several, of which all sinks take the same together.
#[derive(Debug)]
pub(crate) struct SinkCommit {
    /// In order, at least one.
    pub(crate) pages: Vec<SinkPage>,
    /// Where the sink stands behind the last of them.
    pub(crate) mark: SinkState,
}

/// What came of one page in one sink.
#[derive(Debug)]
pub(crate) struct SinkPage {
    pub(crate) page: u64,
    pub(crate) count: SinkCount,
    pub(crate) dead_letters: Vec<DeadLetter>,
    /// All that the sink has delivered by now.
    pub(crate) delivery: Delivery,
    /// From the sink's own transforms to the commit.
    pub(crate) period: Period,
}

#[derive(Debug)]
struct PendingPage {
    read: ReadPage,
    transformed: ChainTally,
    sinks: Vec<Option<SinkPage>>,
    /// Where the sinks stand behind this page, if it is the last of those that they take together.
    marks: Vec<Option<SinkState>>,
}

/// Pages that became durable everywhere, up to one after which a run could go on.
#[derive(Debug)]
pub(crate) struct Progressed {
    /// One for each sink.
    pub(crate) marks: Vec<SinkState>,
    pub(crate) dead_letters: Vec<DeadLetter>,
    pub(crate) fingerprints: Vec<u128>,
}

impl Ledger {
    pub(crate) fn new(account: Account, next: Option<Cursor>) -> Self {
        let source = &account.source;
        let mut earlier = SourceStatistics::default();
        (earlier.requests, earlier.retries) = (source.requests, source.retries);
        earlier.sandbox = source.sandbox;
        let deliveries = vec![Delivery::default(); account.sinks.len()];
        Self { account, earlier, next, pending: VecDeque::new(), deliveries }
    }

    pub(crate) fn account(&self) -> &Account {
        &self.account
    }

    /// The last page that every sink has; `None` for none.
    pub(crate) fn position(&self) -> Option<Position> {
        let pages = self.account.source.pages;
        (pages > 0).then(|| Position::new(pages, self.next.clone(), Vec::new()))
    }

    /// Whether no page was read.
    pub(crate) fn is_empty(&self) -> bool {
        self.account.source.pages == 0 && self.pending.is_empty()
    }

    /// What a sink has delivered so far.
    pub(crate) fn delivery(&mut self, sink: usize) -> Delivery {
        self.deliveries.get_mut(sink).map(std::mem::take).unwrap_or_default()
    }

    /// What it took in the end, in this attempt.
    pub(crate) fn note_statistics(&mut self, statistics: SourceStatistics) {
        self.account.source.note_statistics(self.earlier, statistics);
    }

    pub(crate) fn note_read(&mut self, read: ReadPage) {
        let sinks = self.account.sinks.iter().map(|_| None).collect();
        let marks = vec![None; self.account.sinks.len()];
        let transformed = ChainTally::default();
        self.pending.push_back(PendingPage { read, transformed, sinks, marks });
    }

    pub(crate) fn note_transformed(&mut self, page: u64, tally: ChainTally) {
        if let Some(pending) = self.pending_page(page) {
            pending.transformed = tally;
        }
    }

    /// Takes note of what a sink has delivered in all.
    pub(crate) fn note_delivery(&mut self, sink: usize, delivery: Delivery) {
        if let Some(known) = self.deliveries.get_mut(sink) {
            *known = delivery;
        }
    }

    /// Takes note of a commit, and returns what has become durable everywhere by it.
    pub(crate) fn note_committed(&mut self, sink: usize, commit: SinkCommit) -> Option<Progressed> {
        let last = commit.pages.last().map(|page| page.page)?;
        for page in commit.pages {
            if let Some(delivery) = self.deliveries.get_mut(sink) {
                delivery.clone_from(&page.delivery);
            }
            let pending = self.pending_page(page.page)?;
            *pending.sinks.get_mut(sink)? = Some(page);
        }
        *self.pending_page(last)?.marks.get_mut(sink)? = Some(commit.mark);
        let mut progressed = None;
        while let Some(page) = self.pending.pop_front() {
            if page.sinks.iter().any(Option::is_none) {
                self.pending.push_front(page);
                break;
            }
            self.take_in(page, progressed.get_or_insert_with(Progressed::none));
        }
        progressed
    }

    fn take_in(&mut self, page: PendingPage, progressed: &mut Progressed) {
        let PendingPage { read, transformed, sinks, marks } = page;
        let account = &mut self.account;
        account.source.add(read.records, read.bytes, self.earlier, read.statistics);
        add_all(&mut account.transforms, &transformed.counts);
        progressed.dead_letters.extend(transformed.dead_letters);
        progressed.fingerprints.extend(read.fingerprints);
        for (count, page) in account.sinks.iter_mut().zip(sinks.into_iter().flatten()) {
            count.add(&page.count);
            progressed.dead_letters.extend(page.dead_letters);
        }
        // All sinks take the same pages together, so that what is taken in ends with a page behind which all of them stand.
        progressed.marks = marks.into_iter().flatten().collect();
        self.next = read.next;
    }

    fn pending_page(&mut self, number: u64) -> Option<&mut PendingPage> {
        self.pending.iter_mut().find(|pending| pending.read.number == number)
    }
}

impl Progressed {
    fn none() -> Self {
        Self { marks: Vec::new(), dead_letters: Vec::new(), fingerprints: Vec::new() }
    }
}
