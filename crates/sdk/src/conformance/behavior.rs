//! The checks of a transform's output.

use std::thread;

use serde_json::Value;

use super::fields::{fields_of, undeclared};
use super::instance::{Applied, Instance, same};
use super::kit::Build;
use super::random::Random;
use super::report::{Exercised, Failure, Report, Verdict};
use super::samples::{find_tasks, marked, marks, record_mark};
use super::{Check, arbitrary, resume};
use crate::{AnyTransform, ErrorKind, FieldRule, Output, Record, RecordFields, RunContext};

/// The number of arbitrary documents, and of records with a wrong value.
const ARBITRARY: u64 = 300;
/// The minimum number of records that are processed at the same time.
const PARALLEL: usize = 64;
const THREADS: usize = 4;
/// The maximum length of an error message, in characters.
const MAX_CHARACTERS: usize = 500;

/// A transform and its declared fields.
#[derive(Debug)]
pub struct Built {
    pub(super) transform: AnyTransform,
    pub(super) fields: FieldRule,
}

/// A transform, and the records that the checks give to it.
pub(super) struct Behavior<'a> {
    pub(super) build: &'a Build<'a, Built>,
    pub(super) schema: &'a Value,
    pub(super) explained: &'static [&'static str],
    pub(super) samples: &'a [String],
    pub(super) run: &'a RunContext,
}

impl Behavior<'_> {
    /// Makes all checks. Returns false if the transform can't be built.
    pub(super) fn make(&self, report: &mut Report) -> bool {
        report.check(Check::SamplesProcessed, || self.samples_processed());
        let Ok(instance) = self.instance() else { return false };
        report.check(Check::NeverPanics, || self.never_panics());
        report.check(Check::UnknownFieldsSurvive, || self.unknown_fields_survive());
        report.check(Check::OrderKept, || self.order_kept());
        report.check(Check::ErrorsClear, || self.errors_clear());
        report.check(Check::Deterministic, || self.deterministic());
        if matches!(instance.0, AnyTransform::Ordered(_)) {
            let reason = "an ordered transform gets one record at a time";
            report.skip(Check::ParallelEqualsSerial, reason);
            report.check(Check::ResumeEqualsUndisturbed, || {
                resume::equals_uninterrupted(self.samples, &|| self.instance())
            });
        } else {
            report.check(Check::ParallelEqualsSerial, || self.parallel_equals_serial());
            report.skip(Check::ResumeEqualsUndisturbed, "the transform has no state");
        }
        report.check(Check::FieldsDeclared, || self.fields_declared());
        match self.explanations().transpose() {
            None => report.skip(Check::ExplanationsNameOptions, "it explains no options"),
            Some(verdict) => report.check(Check::ExplanationsNameOptions, || verdict),
        }
        true
    }

    /// A transform that has processed nothing.
    pub(super) fn instance(&self) -> Result<Instance, Failure> {
        Ok(self.built()?.0)
    }

    fn built(&self) -> Result<(Instance, FieldRule), Failure> {
        let Built { transform, fields } = (self.build)()?;
        Ok((Instance::open(transform, self.run)?, fields))
    }

    /// Applies the transform to each record, then ends the input. Returns the results.
    fn applied(&self, records: &[String]) -> Result<Vec<Applied>, Failure> {
        self.instance()?.apply_all(records)
    }

    fn samples_processed(&self) -> Verdict {
        let applied = self.applied(self.samples)?;
        let emitted = applied.iter().map(|one| one.records().len()).sum();
        let refused = applied.iter().find_map(|one| match one {
            Applied::Refused { message, .. } => Some(message),
            Applied::Emitted { .. } => None,
        });
        match refused.filter(|_| emitted == 0) {
            Some(message) => {
                Err(Failure::new(format!("no record is emitted; a sample is refused: {message}")))
            }
            None => Ok(Exercised { count: emitted, unit: "emitted records" }),
        }
    }

    fn never_panics(&self) -> Verdict {
        let mut instance = self.instance()?;
        let documents = self.documents();
        for document in &documents {
            instance.apply(document)?;
        }
        instance.finish()?;
        Ok(Exercised { count: documents.len(), unit: "documents" })
    }

    /// Documents of any shape, and samples with a wrong value.
    fn documents(&self) -> Vec<String> {
        let mut random = Random::new(1);
        let mut documents: Vec<String> =
            arbitrary::DOCUMENTS.iter().map(|document| (*document).to_owned()).collect();
        let samples: Vec<Value> =
            self.samples.iter().filter_map(|sample| serde_json::from_str(sample).ok()).collect();
        for _ in 0..ARBITRARY {
            documents.push(arbitrary::json(&mut random, 0).to_string());
            if let Some(sample) = random.pick(&samples) {
                documents.push(arbitrary::mutated(sample, &mut random).to_string());
            }
        }
        documents
    }

    /// The samples, each with a mark in the record and in each task.
    fn marked(&self) -> Result<Vec<String>, Failure> {
        let samples = self.samples.iter().enumerate();
        let marked = samples.map(|(number, sample)| marked(sample, number));
        marked.collect::<Result<_, _>>().map_err(|error| Failure::new(error.full_message()))
    }

    fn unknown_fields_survive(&self) -> Verdict {
        let records = self.marked()?;
        let mut count = 0;
        for (number, applied) in self.applied(&records)?.iter().enumerate() {
            let input = records.get(number);
            for emitted in applied.records() {
                let shown =
                    input.map_or_else(|| emitted.clone(), |input| format!("{input} → {emitted}"));
                let has_mark = match input {
                    Some(_) => emitted.contains(&record_mark(number)),
                    None => !marks(emitted, "conformance_record").is_empty(),
                };
                if !has_mark {
                    let message = "the emitted record has lost the unknown field `conformance_mark` of its input, or changed its value";
                    return Err(Failure::new(message).with(shown));
                }
                if let Some(id) = task_without_mark(emitted) {
                    let message = format!(
                        "the task {id} has lost its unknown field `conformance_mark`, or its value has changed"
                    );
                    return Err(Failure::new(message).with(shown));
                }
                count += 1;
            }
        }
        Ok(Exercised { count, unit: "emitted records" })
    }

    fn order_kept(&self) -> Verdict {
        let records = self.marked()?;
        let applied = self.applied(&records)?;
        let (mut count, mut last_record, mut last_task) = (0, 0, 0);
        for emitted in applied.iter().flat_map(Applied::records) {
            for record in marks(emitted, "conformance_record").into_iter().take(1) {
                if record < last_record {
                    let message =
                        "a record is emitted after a record that comes later in the input";
                    return Err(Failure::new(message).with(emitted));
                }
                if record > last_record {
                    (last_record, last_task) = (record, 0);
                }
                count += 1;
            }
            for task in marks(emitted, "conformance_task") {
                if task < last_task {
                    let message = "a task is emitted after a task that comes later in the input";
                    return Err(Failure::new(message).with(emitted));
                }
                last_task = task;
            }
        }
        Ok(Exercised { count, unit: "records with a mark of their position" })
    }

    fn errors_clear(&self) -> Verdict {
        let mut instance = self.instance()?;
        let mut count = 0;
        for document in &self.documents() {
            let Applied::Refused { kind, message, hint } = instance.apply(document)? else {
                continue;
            };
            let failed = |why: &str| Err(Failure::new(format!("{why}: {message}")).with(document));
            if kind == ErrorKind::Defect {
                return failed(
                    "the error of a refused record has the kind `Defect` instead of `Record`",
                );
            }
            for text in [Some(&message), hint.as_ref()].into_iter().flatten() {
                if let Some(why) = unclear(text) {
                    return failed(why);
                }
            }
            count += 1;
        }
        Ok(Exercised { count, unit: "refused records" })
    }

    fn deterministic(&self) -> Verdict {
        let documents: Vec<String> =
            self.samples.iter().cloned().chain(self.documents().into_iter().step_by(5)).collect();
        let first = self.applied(&documents)?;
        let mut explained = self.instance()?;
        for again in [self.applied(&documents)?, self.applied(&documents)?] {
            same(&documents, &first, &again, "the second run differs from the first")?;
        }
        let mut previewed = Vec::new();
        for document in &documents {
            previewed.push(explained.apply_with(document, &mut Output::with_effects())?);
        }
        previewed.push(explained.finish()?);
        same(
            &documents,
            &first,
            &previewed,
            "the output with explanations (preview) differs from the output without explanations",
        )?;
        Ok(Exercised { count: documents.len(), unit: "documents" })
    }

    fn parallel_equals_serial(&self) -> Verdict {
        let records: Vec<String> =
            self.samples.iter().cycle().take(self.samples.len().max(PARALLEL)).cloned().collect();
        let mut instance = self.instance()?;
        let serial: Result<Vec<_>, _> = records.iter().map(|it| instance.apply(it)).collect();
        let serial = serial?;
        let (Some(shared), all) = (instance.shared(), &records) else {
            return Err(Failure::new("the transform is ordered, so threads can't share it"));
        };
        let results: Vec<_> = thread::scope(|scope| {
            let threads: Vec<_> = (0..THREADS)
                .map(|thread| {
                    scope.spawn(move || shared.apply_all(all, thread * all.len() / THREADS))
                })
                .collect();
            threads.into_iter().map(thread::ScopedJoinHandle::join).collect()
        });
        for parallel in results {
            let parallel = parallel.map_err(|_| Failure::new("a thread panicked"))??;
            same(
                &records,
                &serial,
                &parallel,
                "a record that is processed concurrently has another result",
            )?;
        }
        Ok(Exercised { count: records.len() * THREADS, unit: "records" })
    }

    fn fields_declared(&self) -> Verdict {
        let (mut instance, rule) = self.built()?;
        let (mut count, mut all) = (0, None::<RecordFields>);
        let mut compare = |input: &RecordFields, applied: &Applied| {
            let declared = rule.apply(input, &mut Vec::new());
            if declared.own.is_unknown() && declared.tasks.is_unknown() {
                return Ok(());
            }
            for emitted in applied.records() {
                if let Some(field) = undeclared(emitted, &declared) {
                    let message = format!(
                        "the emitted record has the field `{field}`, which `TransformPlugin::fields` excludes"
                    );
                    return Err(Failure::new(message).with(emitted));
                }
                count += 1;
            }
            Ok(())
        };
        for sample in self.samples {
            let input = fields_of(sample);
            compare(&input, &instance.apply(sample)?)?;
            all = Some(match all {
                Some(all) => {
                    RecordFields { own: all.own.or(&input.own), tasks: all.tasks.or(&input.tasks) }
                }
                None => input,
            });
        }
        compare(&all.unwrap_or_default(), &instance.finish()?)?;
        Ok(Exercised { count, unit: "records with declared fields" })
    }

    /// `None` if the transform explains nothing.
    fn explanations(&self) -> Result<Option<Exercised>, Failure> {
        let mut instance = self.instance()?;
        let known = self.schema.get("properties").and_then(Value::as_object);
        if let Some(wrong) =
            self.explained.iter().find(|name| known.is_none_or(|known| !known.contains_key(**name)))
        {
            return Err(Failure::new(format!(
                "`explained_options` lists `{wrong}`, which is not an option"
            )));
        }
        let mut out = Output::with_effects();
        let mut count = 0;
        for sample in self.samples.iter().chain(self.samples) {
            instance.apply_with(sample, &mut out)?;
            for effect in out.take_effects() {
                if !self.explained.contains(&effect.option) {
                    let message = format!(
                        "the transform explains `{}`, which is not in `explained_options`",
                        effect.option
                    );
                    return Err(Failure::new(message).with(sample));
                }
                count += 1;
            }
        }
        let is_silent = self.explained.is_empty() && count == 0;
        Ok((!is_silent).then_some(Exercised { count, unit: "explanations" }))
    }
}

/// The id of a task that has no mark, in an emitted job.
fn task_without_mark(emitted: &str) -> Option<String> {
    let record = Record::parse(emitted.to_owned()).ok()?;
    let mut tasks = Vec::new();
    find_tasks(record.root().ok()?, &mut tasks);
    let unmarked = tasks.into_iter().find(|task| {
        let text = String::from_utf8_lossy(task.raw()).into_owned();
        marks(&text, "conformance_task").is_empty() || !text.contains(r#""as_written":1.50}"#)
    })?;
    Some(String::from_utf8_lossy(unmarked.get("task_id")?.raw()).into_owned())
}

/// Why a message is unclear.
fn unclear(text: &str) -> Option<&'static str> {
    let mut letters = text.chars();
    let (first, second) = (letters.next(), letters.next());
    let is_sentence =
        first.is_some_and(char::is_uppercase) && second.is_some_and(char::is_lowercase);
    match text {
        text if text.trim().is_empty() => Some("a message is empty"),
        _ if is_sentence => Some("a message starts with a capital letter"),
        text if text.ends_with('.') => Some("a message ends in a full stop"),
        text if text.chars().count() > MAX_CHARACTERS => {
            Some("a message is longer than 500 characters")
        }
        _ => None,
    }
}
