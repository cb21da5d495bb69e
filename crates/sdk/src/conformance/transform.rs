//! The kit for transforms.

use std::marker::PhantomData;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::behaviour::Behaviour;
use super::options::OptionChecks;
use super::report::{Cost, Exercised, Failure, Report, Verdict};
use super::{Check, samples};
use crate::testing::{Files, with_answers};
use crate::{
    BuildContext, Endpoints, InputFiles, Record, RunContext, TransformPlugin, read_options,
};

/// How long the cost is measured.
const MEASURED: Duration = Duration::from_millis(15);

/// The checks of a transform, from [`Conformance::transform`](super::Conformance::transform).
#[derive(Debug)]
#[must_use = "the checks are made by `run`"]
pub struct TransformConformance<P> {
    options: Value,
    files: Files,
    samples: Vec<String>,
    exemptions: Vec<(Check, String)>,
    most_cost: Option<f64>,
    run: RunContext,
    plugin: PhantomData<fn() -> P>,
}

impl<P: TransformPlugin> TransformConformance<P> {
    pub(super) fn new(options: Value) -> Self {
        Self {
            options,
            files: Files::new(),
            samples: Vec::new(),
            exemptions: Vec::new(),
            most_cost: None,
            run: RunContext::default(),
            plugin: PhantomData,
        }
    }

    /// Adds records: one JSON document, or one on each line. Without any, the kit uses [`LIST`](super::LIST),
    /// [`HIERARCHY`](super::HIERARCHY) and [`ROWS`](super::ROWS).
    ///
    /// # Panics
    /// If a line is not JSON.
    pub fn sample(mut self, records: &str) -> Self {
        match samples::records(records) {
            Ok(records) => self.samples.extend(records),
            Err(error) => panic!("a sample of `{}` is not JSON: {}", P::TYPE, error.full_message()),
        }
        self
    }

    /// Sets the files that the options name.
    pub fn files(mut self, files: Files) -> Self {
        self.files = files;
        self
    }

    /// Sets the answers to the lookups of the transform, by key, so that it sends no request. A lookup of another key has no answer.
    pub fn answers<K: Into<String>>(
        mut self,
        answers: impl IntoIterator<Item = (K, Value)>,
    ) -> Self {
        self.run = with_answers(answers);
        self
    }

    /// Expects that a check fails, for this reason. An exemption that is not needed is a failure.
    pub fn exempt(mut self, check: Check, reason: impl Into<String>) -> Self {
        self.exemptions.push((check, reason.into()));
        self
    }

    /// Limits the time for a record to this multiple of a copy. Without a limit, the time is only reported, because it depends on the
    /// machine and the build.
    pub fn cost_at_most(mut self, times: f64) -> Self {
        self.most_cost = Some(times);
        self
    }

    /// Makes all checks.
    ///
    /// # Panics
    /// If a check fails. The text of the panic is that of the report.
    pub fn run(self) -> Report {
        self.report().passed()
    }

    /// As [`run`](Self::run), but also returns a report with failures.
    #[must_use]
    pub fn report(self) -> Report {
        let mut report = Report::new(P::TYPE, self.exemptions);
        let (files, endpoints) = (&self.files as &dyn InputFiles, &Endpoints::default());
        let checks = OptionChecks::<P> {
            options: &self.options,
            files,
            endpoints,
            build: |options, context| options.build(context).map(drop),
        };
        checks.make(&mut report);
        let build = || {
            let context = BuildContext::new(files, endpoints);
            let options: P = read_options(&self.options, &[])?;
            let fields = options.fields(&context);
            Ok((options.build(&context)?, fields))
        };
        let mut texts = self.samples;
        if texts.is_empty() {
            let all = [samples::LIST, samples::HIERARCHY, samples::ROWS];
            texts = all
                .into_iter()
                .flat_map(|text| samples::records(text).unwrap_or_default())
                .collect();
        }
        let behaviour = Behaviour {
            build: &build,
            schema: &schemars::schema_for!(P).to_value(),
            explained: P::explained_options(),
            samples: &texts,
            run: &self.run,
        };
        if behaviour.make(&mut report) {
            measure(&behaviour, self.most_cost, &mut report);
        }
        report.end()
    }
}

/// Measures the cost, and compares it with the limit.
fn measure(behaviour: &Behaviour<'_>, most: Option<f64>, report: &mut Report) {
    let cost = cost(behaviour);
    if let Ok(cost) = &cost {
        report.set_cost(*cost);
    }
    match most {
        None => report.skip(Check::Cost, "no limit is set"),
        Some(most) => report.check(Check::Cost, || limited(cost?, most)),
    }
}

fn limited(cost: Cost, most: f64) -> Verdict {
    let factor = cost.factor();
    if factor > most {
        let message = format!("a record costs {factor:.1} times a copy, and the limit is {most}");
        return Err(Failure::new(message));
    }
    Ok(Exercised { count: 1, unit: "measurement" })
}

fn cost(behaviour: &Behaviour<'_>) -> Result<Cost, Failure> {
    let mut instance = behaviour.instance()?;
    let per_copy = timed(behaviour.samples, |record| {
        let copy = Record::parse(record.to_owned());
        drop(copy.map(|record| record.root().map(|root| root.raw().to_vec())));
        Ok(())
    })?;
    let per_record = timed(behaviour.samples, |record| instance.apply(record).map(drop))?;
    Ok(Cost { per_record, per_copy })
}

/// The mean time for a sample.
fn timed(
    samples: &[String],
    mut process: impl FnMut(&str) -> Result<(), Failure>,
) -> Result<Duration, Failure> {
    let (start, mut count) = (Instant::now(), 0_u32);
    while start.elapsed() < MEASURED {
        for sample in samples {
            process(sample)?;
            count = count.saturating_add(1);
        }
    }
    Ok(start.elapsed() / count.max(1))
}
