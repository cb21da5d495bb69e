//! Transforms that break a rule.

use std::collections::HashMap;
use std::future::poll_fn;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::Poll;

use taskferry_sdk::conformance::{Check, ROWS};
use taskferry_sdk::json::{Node, Text};
use taskferry_sdk::{
    AnyTransform, AsyncTransform, ErrorKind, FieldRule, OrderedTransform, Output, Record,
    StageError, Transform, async_trait,
};

use crate::{assert_fails, kit, object, transform};

transform!(Kept, AnyTransform::filter(|record| object(record).map(|()| true)));

#[test]
fn a_correct_transform_conforms_and_its_cost_is_measured() {
    let report = kit::<Kept>().run();
    let cost = report.cost().unwrap();
    assert!(cost.factor() > 0.0 && !cost.per_record.is_zero());
    assert!(report.to_string().contains(" times a copy"), "{report}");
    let report = kit::<Kept>().cost_at_most(0.0).report();
    assert_fails(&report, Check::Cost, "and the limit is 0");
}

transform!(DropsAll, AnyTransform::filter(|record| object(record).map(|()| false)));
transform!(
    RefusesAll,
    AnyTransform::filter(|_| Err(StageError::new(ErrorKind::Record, "the record is refused")))
);

#[test]
fn samples_that_prove_nothing_are_found() {
    let failed: Vec<Check> = kit::<DropsAll>().report().failed().collect();
    let empty = [
        Check::SamplesProcessed,
        Check::UnknownFieldsSurvive,
        Check::OrderKept,
        Check::FieldsDeclared,
    ];
    assert_eq!(failed, empty);
    let report = kit::<RefusesAll>().report();
    let why = "no record is emitted; a sample is refused: the record is refused";
    assert!(report.to_string().contains(why), "{report}");
}

transform!(
    Panics,
    AnyTransform::filter(|record| {
        object(record)?;
        let id = record.get("task_id").or(record.get("external_id"));
        assert!(id.is_none_or(|id| id.as_str().is_some()), "an id is a text");
        Ok(true)
    })
);

#[test]
fn a_panic_is_found() {
    let report = kit::<Panics>().exempt(Check::ErrorsClear, "it panics first");
    let report = report.exempt(Check::Deterministic, "it panics first").report();
    assert_fails(&report, Check::NeverPanics, "the transform panicked: an id is a text");
}

transform!(
    Rebuilds,
    AnyTransform::map(|record| {
        let root = record.root()?;
        object(root)?;
        Ok(Text::object(|row| row.member("external_id", root.get("external_id"))))
    }),
    FieldRule::unchanged().adds("external_id"),
    &[]
);
transform!(
    Rounds,
    AnyTransform::map(|record| {
        object(record.root()?)?;
        Record::parse(record.to_json().replace("1.50", "1.5"))
    })
);
transform!(
    RebuildsTasks,
    AnyTransform::edit(|record, edit| {
        object(record)?;
        for task in record.get("tasks").into_iter().flat_map(Node::items) {
            edit.replace(task, Text::object(|new| new.member("task_id", task.get("task_id"))));
        }
        Ok(())
    })
);

#[test]
fn a_lost_unknown_field_is_found() {
    let report = kit::<Rebuilds>().exempt(Check::OrderKept, "there are no marks").report();
    let why = "the emitted record has lost the unknown field `conformance_mark` of its input";
    assert_fails(&report, Check::UnknownFieldsSurvive, why);
    assert_fails(&kit::<Rounds>().report(), Check::UnknownFieldsSurvive, why);
    let report = kit::<RebuildsTasks>().report();
    assert_fails(&report, Check::UnknownFieldsSurvive, "has lost its unknown field");
}

transform!(
    ReversesTasks,
    AnyTransform::edit(|record, edit| {
        object(record)?;
        if let Some(tasks) = record.get("tasks") {
            let mut items: Vec<_> = tasks.items().collect();
            items.reverse();
            edit.replace(
                tasks,
                Text::array(|list| items.into_iter().for_each(|item| list.item(item))),
            );
        }
        Ok(())
    })
);

/// Emits the first record last.
#[derive(Debug, Default)]
struct Delayed(Option<String>, bool);

impl OrderedTransform for Delayed {
    fn apply(&mut self, record: Record, out: &mut Output) -> Result<(), StageError> {
        object(record.root()?)?;
        if self.1 {
            out.emit(record);
        } else {
            *self = Self(Some(record.to_json()), true);
        }
        Ok(())
    }

    fn finish(&mut self, out: &mut Output) -> Result<(), StageError> {
        self.0.take().into_iter().try_for_each(|record| {
            out.emit(Record::parse(record)?);
            Ok(())
        })
    }

    fn save(&self) -> Option<serde_json::Value> {
        Some(serde_json::json!([self.0, self.1]))
    }

    fn restore(&mut self, state: &serde_json::Value) -> Result<(), StageError> {
        (self.0, self.1) = serde_json::from_value(state.clone()).unwrap();
        Ok(())
    }
}

transform!(Delays, AnyTransform::ordered(Delayed::default()));

#[test]
fn a_changed_order_is_found() {
    let report = kit::<ReversesTasks>().report();
    assert_fails(&report, Check::OrderKept, "a task is emitted after a task that comes later");
    let report = kit::<Delays>().report();
    assert_fails(&report, Check::OrderKept, "a record is emitted after a record that comes later");
}

fn refusing(kind: ErrorKind, message: &'static str) -> AnyTransform {
    AnyTransform::filter(move |record| match object(record) {
        Ok(()) => Ok(true),
        Err(_) => Err(StageError::new(kind, message)),
    })
}

transform!(Shouts, refusing(ErrorKind::Record, "Bad record"));
transform!(Stops, refusing(ErrorKind::Record, "the record is bad."));
transform!(Silent, refusing(ErrorKind::Record, ""));
transform!(Blames, refusing(ErrorKind::Defect, "the record is bad"));
transform!(Accepts, AnyTransform::filter(|_| Ok(true)));

#[test]
fn an_unclear_error_is_found() {
    let check = Check::ErrorsClear;
    assert_fails(&kit::<Shouts>().report(), check, "a message starts with a capital letter");
    assert_fails(&kit::<Stops>().report(), check, "a message ends in a full stop");
    assert_fails(&kit::<Silent>().report(), check, "a message is empty");
    assert_fails(
        &kit::<Blames>().report(),
        check,
        "the error of a refused record has the kind `Defect`",
    );
    let why = "the check exercised nothing: it found no refused records";
    let report = kit::<Accepts>().report();
    assert_fails(&report, check, why);
    assert!(
        report.to_string().contains("write `.exempt(Check::ErrorsClear, \"REASON\")`"),
        "{report}"
    );
}

static RUNS: AtomicUsize = AtomicUsize::new(0);

transform!(
    Numbered,
    {
        let run = RUNS.fetch_add(1, Ordering::Relaxed);
        AnyTransform::edit(move |record, edit| {
            object(record)?;
            edit.set(record, "run", run);
            Ok(())
        })
    },
    FieldRule::unchanged().adds("run"),
    &[]
);

/// Counts only in a run without explanations.
#[derive(Debug)]
struct Explainer;

impl Transform for Explainer {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        object(record.root()?)?;
        let mut is_explained = false;
        out.explain("label", || {
            is_explained = true;
            "is seen".to_owned()
        });
        if !is_explained {
            out.count("unseen", 1);
        }
        out.emit(record);
        Ok(())
    }
}

transform!(Observed, AnyTransform::stateless(Explainer), FieldRule::unchanged(), &["label"]);

/// Writes the fields of a hash table, whose order differs in each instance.
#[derive(Debug)]
struct Shuffled(HashMap<String, usize>);

impl Transform for Shuffled {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = record.root()?;
        object(root)?;
        let mut edit = record.edit()?;
        for (name, number) in &self.0 {
            edit.set(root, name, *number);
        }
        out.emit(edit.finish());
        Ok(())
    }
}

transform!(
    Shuffles,
    AnyTransform::stateless(Shuffled(
        (0..20).map(|number| (format!("field_{number}"), number)).collect()
    )),
    (0..20).fold(FieldRule::unchanged(), |rule, number| rule.adds(format!("field_{number}"))),
    &[]
);

#[test]
fn a_result_that_differs_between_runs_is_found() {
    let (check, why) = (Check::Deterministic, "the second run differs from the first");
    assert_fails(&kit::<Numbered>().report(), check, why);
    assert_fails(&kit::<Shuffles>().report(), check, why);
    let why = "the output with explanations (preview) differs from the output without explanations";
    assert_fails(&kit::<Observed>().report(), check, why);
}

/// Numbers the records, although it is called from several threads.
#[derive(Debug, Default)]
struct Counting(AtomicUsize);

impl Transform for Counting {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = record.root()?;
        object(root)?;
        let mut edit = record.edit()?;
        edit.set(root, "number", self.0.fetch_add(1, Ordering::Relaxed));
        out.emit(edit.finish());
        Ok(())
    }
}

transform!(
    Counts,
    AnyTransform::stateless(Counting::default()),
    FieldRule::unchanged().adds("number"),
    &[]
);

/// Keeps each record in a slot that all records share, so that the next record overwrites it.
#[derive(Debug, Default)]
struct SharedSlot(Mutex<String>);

#[async_trait]
impl AsyncTransform for SharedSlot {
    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        object(record.root()?)?;
        *self.0.lock().unwrap() = record.to_json();
        let mut is_woken = false;
        poll_fn(|context| {
            context.waker().wake_by_ref();
            if std::mem::replace(&mut is_woken, true) { Poll::Ready(()) } else { Poll::Pending }
        })
        .await;
        out.emit(Record::parse(self.0.lock().unwrap().clone())?);
        Ok(())
    }
}

transform!(Overwrites, AnyTransform::asynchronous(SharedSlot::default()));

#[test]
fn a_result_that_depends_on_other_records_is_found() {
    let check = Check::ParallelEqualsSerial;
    let why = "a record that is processed concurrently has another result";
    assert_fails(&kit::<Counts>().report(), check, why);
    assert_fails(&kit::<Overwrites>().report(), check, why);
}

fn stamping() -> AnyTransform {
    AnyTransform::edit(|record, edit| {
        object(record)?;
        edit.set(record, "stamp", true);
        Ok(())
    })
}

transform!(Undeclared, stamping());
transform!(Unknown, stamping(), FieldRule::default(), &[]);

#[test]
fn undeclared_fields_are_found() {
    let why = "the emitted record has the field `stamp`, which `TransformPlugin::fields` excludes";
    assert_fails(&kit::<Undeclared>().report(), Check::FieldsDeclared, why);
    let why = "the check exercised nothing: it found no records with declared fields";
    assert_fails(&kit::<Unknown>().report(), Check::FieldsDeclared, why);
}

/// Explains the option `label`.
#[derive(Debug)]
struct Explains;

impl Transform for Explains {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        object(record.root()?)?;
        out.explain("label", || "keeps the record".to_owned());
        out.emit(record);
        Ok(())
    }
}

transform!(Unlisted, AnyTransform::stateless(Explains));
transform!(NoOption, AnyTransform::stateless(Explains), FieldRule::unchanged(), &["lable"]);
transform!(
    NeverExplains,
    AnyTransform::filter(|record| object(record).map(|()| true)),
    FieldRule::unchanged(),
    &["label"]
);

#[test]
fn explanations_of_other_options_are_found() {
    let check = Check::ExplanationsNameOptions;
    let why = "the transform explains `label`, which is not in `explained_options`";
    assert_fails(&kit::<Unlisted>().report(), check, why);
    let why = "`explained_options` lists `lable`, which is not an option";
    assert_fails(&kit::<NoOption>().report(), check, why);
    let why = "the check exercised nothing: it found no explanations";
    assert_fails(&kit::<NeverExplains>().report(), check, why);
}

#[test]
fn the_samples_of_a_test_replace_those_of_the_kit() {
    let report = kit::<Kept>().sample(ROWS).sample(r#"{"task_id": "t1"}"#).run();
    let rows = ROWS.lines().count() + 1;
    assert!(report.to_string().contains(&format!("{rows} emitted records")), "{report}");
}

#[test]
#[should_panic(expected = "a sample of `Kept` is not JSON")]
fn a_sample_that_is_not_json_is_reported() {
    let _ = kit::<Kept>().sample("{\"task_id\": \"t1\"}\n{");
}
