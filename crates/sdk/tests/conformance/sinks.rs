//! Sinks that break a rule.

use std::cell::RefCell;
use std::collections::BTreeSet;

use serde_json::{Value, json};
use taskferry_sdk::conformance::{Check, Conformance, SinkConformance};
use taskferry_sdk::{
    Batch, CountingSink, Delivery, ErrorKind, Refusals, Resumption, RunContext, Sink, SinkPlugin,
    SinkState, StageError, async_trait,
};

use crate::{assert_fails, plugins};

thread_local! {
    /// What the sinks of this test have written and published.
    static STORE: RefCell<Store> = RefCell::default();
}

#[derive(Debug, Default)]
struct Store {
    /// Written, but not published.
    staged: Vec<String>,
    published: Vec<String>,
    /// The keys of the batches that the receiver has accepted.
    keys: BTreeSet<String>,
    sinks: u64,
}

fn store<T>(use_store: impl FnOnce(&mut Store) -> T) -> T {
    STORE.with_borrow_mut(use_store)
}

#[derive(Debug)]
struct Memory {
    flaw: Flaw,
    key: String,
    is_resumable: bool,
}

impl Memory {
    fn is_repeatable(&self) -> bool {
        matches!(self.flaw, Flaw::Repeatable | Flaw::RepeatableWithOtherKeys)
    }
}

#[async_trait]
impl Sink for Memory {
    fn resumption(&self) -> Resumption {
        match self.flaw {
            Flaw::NotResumable | Flaw::NotResumableNorDiscarded => Resumption::Unsupported,
            _ if self.is_repeatable() => Resumption::AtLeastOnce,
            _ => Resumption::Exact,
        }
    }

    async fn can_resume(&mut self, _: &RunContext, _: &SinkState) -> Result<(), String> {
        match self.flaw {
            Flaw::RefusesState => Err("the state is unknown".to_owned()),
            _ => Ok(()),
        }
    }

    async fn open(&mut self, run: &RunContext, from: Option<&SinkState>) -> Result<(), StageError> {
        let sinks = store(|store| {
            store.sinks += 1;
            let count = from.and_then(|from| from.get().as_u64()).unwrap_or(0);
            match self.flaw {
                Flaw::KeepsLaterWrites if from.is_some() => {}
                Flaw::ForgetsEarlierWrites => store.staged.clear(),
                _ => store.staged.truncate(usize::try_from(count).unwrap()),
            }
            store.sinks
        });
        self.is_resumable = run.resumable;
        self.key = match self.flaw {
            Flaw::RepeatableWithOtherKeys => sinks.to_string(),
            _ => run.run_id.clone(),
        };
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        let mut accepted = Vec::new();
        for (index, record) in batch.records.iter().enumerate() {
            let is_wrong = record.root()?.get("wrong").is_some();
            if is_wrong && self.flaw != Flaw::AcceptsAll {
                let index = if self.flaw == Flaw::RefusesAnother { index + 1 } else { index };
                let error = StageError::new(ErrorKind::Refused, "the record is wrong");
                refusals.refuse(index..index + 1, error)?;
            } else {
                accepted.push(record.to_json());
            }
        }
        if self.flaw == Flaw::LosesRecords {
            accepted.pop();
        }
        let key = format!("{} {}", self.key, batch.page);
        store(|store| match self.flaw {
            _ if self.is_repeatable() => {
                if store.keys.insert(key) {
                    store.published.extend(accepted);
                }
            }
            Flaw::PublishesEarly | Flaw::NotResumableNorDiscarded => {
                store.staged.extend(accepted.clone());
                store.published.extend(accepted);
            }
            _ => store.staged.extend(accepted),
        });
        Ok(())
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        Ok(SinkState::new(Value::from(store(|store| store.staged.len()))))
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        let mut delivery = Delivery::default();
        delivery.records = store(|store| {
            match self.flaw {
                Flaw::PublishesTwice => store.published.extend(store.staged.clone()),
                Flaw::NotResumableNorDiscarded => {}
                _ if self.is_repeatable() => {}
                _ => store.published.clone_from(&store.staged),
            }
            store.published.len() as u64
        });
        if matches!(self.flaw, Flaw::Miscounts | Flaw::LosesRecords) {
            delivery.records += 1;
        }
        Ok(delivery)
    }

    fn dry_run(self: Box<Self>) -> Box<dyn Sink> {
        match self.flaw {
            Flaw::DryRunPublishes => self,
            _ => Box::new(CountingSink::default()),
        }
    }
}

impl Drop for Memory {
    fn drop(&mut self) {
        if !self.is_resumable {
            store(|store| store.staged.clear());
        }
    }
}

plugins! {
    Flaw for SinkPlugin: Sink,
    |flaw| Memory { flaw, key: String::new(), is_resumable: true },
    [
        None,
        LosesRecords,
        Miscounts,
        PublishesEarly,
        KeepsLaterWrites,
        ForgetsEarlierWrites,
        RefusesState,
        PublishesTwice,
        DryRunPublishes,
        AcceptsAll,
        RefusesAnother,
        Repeatable,
        RepeatableWithOtherKeys,
        NotResumable,
        NotResumableNorDiscarded,
    ]
}

fn kit<P: SinkPlugin>() -> SinkConformance<P> {
    let published = || store(|store| store.published.clone());
    Conformance::sink::<P>(json!({}), published, || store(|store| *store = Store::default()))
}

const WRONG: &str = r#"{"wrong": true}"#;

#[test]
fn correct_sinks_conform() {
    let report = kit::<None>().refuses(WRONG).run();
    assert!(report.to_string().contains(" killed runs"), "{report}");
    kit::<Repeatable>().refuses(WRONG).run();
    kit::<NotResumable>().refuses(WRONG).run();
}

#[test]
fn a_lost_or_miscounted_record_is_found() {
    let check = Check::DeliversEverything;
    assert_fails(&kit::<LosesRecords>().report(), check, "records are published, not 9");
    assert_fails(&kit::<Miscounts>().report(), check, "`Delivery::records` is 10, not 9");
}

#[test]
fn a_record_that_is_published_too_early_is_found() {
    let why = "2 records are published before `finish`, after 1 pages";
    assert_fails(&kit::<PublishesEarly>().report(), Check::NothingBeforeFinish, why);
}

#[test]
fn a_record_that_is_published_twice_or_lost_by_a_killed_run_is_found() {
    let check = Check::PublishesOnce;
    assert_fails(&kit::<KeepsLaterWrites>().report(), check, "records are published instead of 9");
    let why = "records are published instead of 9";
    assert_fails(&kit::<ForgetsEarlierWrites>().report(), check, why);
    let why = "`can_resume` refuses a state: the state is unknown";
    assert_fails(&kit::<RefusesState>().report(), check, why);
    let why = "18 records are published instead of 9; they differ from record 10 on";
    assert_fails(&kit::<PublishesTwice>().report(), check, why);
    let report = kit::<RepeatableWithOtherKeys>().report();
    assert_fails(&report, check, "records are published instead of 9");
    assert!(report.to_string().contains("with: killed "), "{report}");
    let kit = kit::<NotResumableNorDiscarded>();
    let kit = kit.exempt(Check::NothingBeforeFinish, "it publishes what it writes");
    assert_fails(&kit.report(), check, "records are published instead of 9");
}

#[test]
fn a_dry_run_that_publishes_is_found() {
    let why = "9 records are published after a dry run";
    assert_fails(&kit::<DryRunPublishes>().report(), Check::DryRunPublishesNothing, why);
}

#[test]
fn a_refusal_that_is_not_reported_is_found() {
    let check = Check::RefusalsReported;
    let report = kit::<AcceptsAll>().refuses(WRONG).report();
    assert_fails(&report, check, "the record is not refused");
    let report = kit::<RefusesAnother>().refuses(WRONG).report();
    assert_fails(&report, check, "the records at [2] are refused, not the one at [1]");
}
