//! The time that an expression sees.

use serde::{Deserialize, Serialize};
use taskferry_sdk::RunContext;
use taskferry_sdk::jiff::Timestamp;

use crate::value::{Text, Value};

/// The time and the zone of a run. `now` does not change during a run, so that a resumed run has the same output.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Clock {
    now: Timestamp,
    /// An IANA name; empty for the zone of the machine.
    zone: String,
}

/// A name whose value depends on the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ClockValue {
    Now,
    Zone,
}

impl Clock {
    pub(crate) fn of(run: &RunContext) -> Self {
        Self { now: run.started_at, zone: run.time_zone.clone().unwrap_or_default() }
    }

    pub(crate) fn value(&self, which: ClockValue) -> Value<'_> {
        match which {
            ClockValue::Now => Value::from(self.now.as_duration().as_secs_f64()),
            ClockValue::Zone => Value::String(Text::Borrowed(&self.zone)),
        }
    }
}
