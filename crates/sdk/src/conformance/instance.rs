//! A transform that a check drives.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::task::Poll;

use serde_json::Value;

use super::report::{Failure, panic_text};
use crate::testing::{block_on, open};
use crate::{
    AnyTransform, AsyncTransform, Counters, ErrorKind, Output, Record, RunContext, StageError,
    Transform,
};

/// The number of characters of each result in a message about a difference. [`BEFORE`] of them precede the difference.
const EXCERPT: usize = 80;
const BEFORE: usize = 30;

/// What a transform does with a record.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Applied {
    Emitted { records: Vec<String>, counters: Counters },
    Refused { kind: ErrorKind, message: String, hint: Option<String> },
}

impl Applied {
    pub(super) fn records(&self) -> &[String] {
        match self {
            Self::Emitted { records, .. } => records,
            Self::Refused { .. } => &[],
        }
    }

    /// The result in one text.
    pub(super) fn shown(&self) -> String {
        match self {
            Self::Emitted { records, counters } => {
                let counts = counters.counts().map(|(name, count)| format!("{name} = {count}"));
                let counts: Vec<String> = counts.collect();
                format!("{} [{}]", records.join(" "), counts.join(", "))
            }
            Self::Refused { message, .. } => format!("refused: {message}"),
        }
    }

    fn of(result: Result<(), StageError>, out: &mut Output) -> Self {
        match result {
            Ok(()) => {
                let counters = out.take_counters();
                let records = out.drain_records().map(|record| record.to_json()).collect();
                Self::Emitted { records, counters }
            }
            Err(error) => Self::Refused {
                kind: error.kind(),
                message: error.to_string(),
                hint: error.hint_text().map(str::to_owned),
            },
        }
    }
}

/// An opened transform.
#[derive(Debug)]
pub(super) struct Instance(pub(super) AnyTransform);

impl Instance {
    /// Opens a transform as in a run.
    pub(super) fn open(mut transform: AnyTransform, run: &RunContext) -> Result<Self, Failure> {
        let opened = open(&mut transform, run);
        let failed = |error: StageError| {
            Failure::new(format!("the transform can't be opened: {}", error.full_message()))
        };
        opened.map(|()| Self(transform)).map_err(failed)
    }

    /// Applies the transform to a record. A panic is a failure.
    pub(super) fn apply(&mut self, record: &str) -> Result<Applied, Failure> {
        self.apply_with(record, &mut Output::new())
    }

    pub(super) fn apply_with(
        &mut self,
        record: &str,
        out: &mut Output,
    ) -> Result<Applied, Failure> {
        let parsed = parsed(record)?;
        let result = catch_unwind(AssertUnwindSafe(|| match &mut self.0 {
            AnyTransform::Stateless(transform) => transform.apply(parsed, out),
            AnyTransform::Ordered(transform) => transform.apply(parsed, out),
            AnyTransform::Async(transform) => block_on(transform.apply(parsed, out)),
        }));
        let result = result.map_err(|panic| {
            let text = panic_text(&*panic);
            Failure::new(format!("the transform panicked: {text}")).with(record)
        })?;
        Ok(Applied::of(result, out))
    }

    /// What the transform does with each record, and at the end.
    pub(super) fn apply_all(&mut self, records: &[String]) -> Result<Vec<Applied>, Failure> {
        let applied: Result<Vec<_>, _> = records.iter().map(|record| self.apply(record)).collect();
        let mut applied = applied?;
        applied.push(self.finish()?);
        Ok(applied)
    }

    /// The part of the transform that threads can share.
    pub(super) fn shared(&self) -> Option<Shared<'_>> {
        match &self.0 {
            AnyTransform::Stateless(transform) => Some(Shared::Stateless(&**transform)),
            AnyTransform::Async(transform) => Some(Shared::Async(&**transform)),
            AnyTransform::Ordered(_) => None,
        }
    }

    /// The remaining records after the end of the input.
    pub(super) fn finish(&mut self) -> Result<Applied, Failure> {
        let mut out = Output::new();
        let result = match &mut self.0 {
            AnyTransform::Ordered(transform) => transform.finish(&mut out),
            AnyTransform::Async(transform) => {
                block_on(transform.close());
                Ok(())
            }
            AnyTransform::Stateless(_) => Ok(()),
        };
        match Applied::of(result, &mut out) {
            Applied::Refused { message, .. } => {
                Err(Failure::new(format!("`finish` failed: {message}")))
            }
            applied @ Applied::Emitted { .. } => Ok(applied),
        }
    }

    /// The state for a checkpoint, as JSON.
    pub(super) fn saved(&self) -> Option<String> {
        let AnyTransform::Ordered(transform) = &self.0 else { return None };
        transform.save().map(|state| state.to_string())
    }

    /// Restores the state of a checkpoint.
    pub(super) fn restore(&mut self, state: &str) -> Result<(), Failure> {
        let AnyTransform::Ordered(transform) = &mut self.0 else { return Ok(()) };
        let parsed: Value = serde_json::from_str(state).unwrap_or_default();
        transform.restore(&parsed).map_err(|error| {
            let message = format!("`restore` refuses a saved state: {}", error.full_message());
            Failure::new(message).with(state)
        })
    }
}

/// Fails if the results for the same records differ.
pub(super) fn same(
    records: &[String],
    one: &[Applied],
    other: &[Applied],
    message: &str,
) -> Result<(), Failure> {
    let differs = one.iter().zip(other).position(|(one, other)| one != other);
    match differs {
        None if one.len() == other.len() => Ok(()),
        None => Err(Failure::new(message)),
        Some(index) => {
            let input = records.get(index).map_or("the end of the input", String::as_str);
            let shown =
                |applied: &[Applied]| applied.get(index).map(Applied::shown).unwrap_or_default();
            let (one, other) = excerpts(&shown(one), &shown(other));
            Err(Failure::new(format!("{message}: `{other}` instead of `{one}`")).with(input))
        }
    }
}

/// The parts of two texts around their first difference.
fn excerpts(one: &str, other: &str) -> (String, String) {
    let same = one.chars().zip(other.chars()).take_while(|(one, other)| one == other).count();
    let start = same.saturating_sub(BEFORE);
    let excerpt = |text: &str| {
        let part: String = text.chars().skip(start).take(EXCERPT).collect();
        if start > 0 { format!("…{part}") } else { part }
    };
    (excerpt(one), excerpt(other))
}

/// A transform that several threads use.
#[derive(Debug, Clone, Copy)]
pub(super) enum Shared<'a> {
    Stateless(&'a dyn Transform),
    Async(&'a dyn AsyncTransform),
}

impl Shared<'_> {
    /// Applies the transform to all records, in an order that depends on `start`. An asynchronous transform processes
    /// all records at the same time.
    pub(super) fn apply_all(
        self,
        records: &[String],
        start: usize,
    ) -> Result<Vec<Applied>, Failure> {
        let parsed: Result<Vec<Record>, Failure> = records.iter().map(|it| parsed(it)).collect();
        let mut inputs = parsed?;
        inputs.rotate_left(start);
        let mut outs: Vec<Output> = records.iter().map(|_| Output::new()).collect();
        let pairs = inputs.into_iter().zip(&mut outs);
        let results = match self {
            Self::Stateless(transform) => {
                pairs.map(|(record, out)| transform.apply(record, out)).collect()
            }
            Self::Async(transform) => {
                block_on(all(pairs.map(|(record, out)| transform.apply(record, out)).collect()))
            }
        };
        let mut applied: Vec<Applied> = results
            .into_iter()
            .zip(&mut outs)
            .map(|(result, out)| Applied::of(result, out))
            .collect();
        applied.rotate_right(start);
        Ok(applied)
    }
}

fn parsed(record: &str) -> Result<Record, Failure> {
    let failed = |error: StageError| Failure::new(error.full_message()).with(record);
    Record::parse(record.to_owned()).map_err(failed)
}

type Pending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// Runs all futures at the same time, the last one first.
async fn all<T>(futures: Vec<Pending<'_, T>>) -> Vec<T> {
    let mut slots: Vec<_> = futures.into_iter().map(|future| (Some(future), None)).collect();
    std::future::poll_fn(|context| {
        let mut is_pending = false;
        for (slot, result) in slots.iter_mut().rev() {
            let Some(future) = slot else { continue };
            match future.as_mut().poll(context) {
                Poll::Ready(value) => (*slot, *result) = (None, Some(value)),
                Poll::Pending => is_pending = true,
            }
        }
        if is_pending { Poll::Pending } else { Poll::Ready(()) }
    })
    .await;
    slots.into_iter().filter_map(|(_, result)| result).collect()
}
