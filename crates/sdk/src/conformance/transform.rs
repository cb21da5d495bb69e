//! The kit for transforms.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::behavior::{Behavior, Built};
use super::kit::{Build, Kind, PluginConformance};
use super::report::{Cost, Exercised, Failure, Report, Verdict};
use super::{Check, samples};
use crate::testing::with_answers;
use crate::{BuildContext, Problem, Record, RunContext, TransformPlugin};

/// How long the cost is measured.
const MEASURED: Duration = Duration::from_millis(15);

/// The checks of a transform, from [`Conformance::transform`](super::Conformance::transform).
pub type TransformConformance<P> = PluginConformance<P, TransformKind>;

/// The settings that only the checks of transforms have.
#[derive(Debug, Default)]
pub struct TransformKind {
    samples: Vec<String>,
    most_cost: Option<f64>,
    run: RunContext,
}

impl<P: TransformPlugin> TransformConformance<P> {
    /// Adds records: one JSON document, or one on each line. If the test adds none, the kit uses [`LIST`](super::LIST),
    /// [`HIERARCHY`](super::HIERARCHY) and [`ROWS`](super::ROWS).
    ///
    /// # Panics
    /// If a line is not JSON.
    pub fn sample(mut self, records: &str) -> Self {
        self.kind.samples.extend(samples::given(P::TYPE, records));
        self
    }

    /// Sets the answers to the lookups of the transform, by key, so that it sends no request. A lookup of another key has no answer.
    pub fn answers<K: Into<String>>(
        mut self,
        answers: impl IntoIterator<Item = (K, Value)>,
    ) -> Self {
        self.kind.run = with_answers(answers);
        self
    }

    /// Limits the time for a record to this multiple of the time for a copy. Without a limit, the time is only reported, because it
    /// depends on the machine and the build.
    pub fn cost_at_most(mut self, times: f64) -> Self {
        self.kind.most_cost = Some(times);
        self
    }
}

impl<P: TransformPlugin> Kind<P> for TransformKind {
    type Stage = Built;

    fn build(plugin: &P, context: &BuildContext<'_>) -> Result<Built, Vec<Problem>> {
        Ok(Built { transform: plugin.build(context)?, fields: plugin.fields(context) })
    }

    fn check(self, build: &Build<'_, Built>, report: &mut Report) {
        let all = [samples::LIST, samples::HIERARCHY, samples::ROWS];
        let behavior = Behavior {
            build,
            schema: &schemars::schema_for!(P).to_value(),
            explained: P::explained_options(),
            samples: &samples::or_default(self.samples, &all),
            run: &self.run,
        };
        if behavior.make(report) {
            measure(&behavior, self.most_cost, report);
        }
    }
}

/// Measures the cost, and compares it with the limit.
fn measure(behavior: &Behavior<'_>, most: Option<f64>, report: &mut Report) {
    let cost = cost(behavior);
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

fn cost(behavior: &Behavior<'_>) -> Result<Cost, Failure> {
    let mut instance = behavior.instance()?;
    let per_copy = timed(behavior.samples, |record| {
        let copy = Record::parse(record.to_owned());
        drop(copy.map(|record| record.root().map(|root| root.raw().to_vec())));
        Ok(())
    })?;
    let per_record = timed(behavior.samples, |record| instance.apply(record).map(drop))?;
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
