//! The transform that dropped the most records.

use taskferry_config::StageInfo;
use taskferry_engine::{Manifest, TransformSummary};
use taskferry_pipeline::Role;

use crate::command::format::{count, number};

/// The beginning of the names of counters of dropped records: `dropped_by_OPTION`.
pub(super) const DROPPED_BY: &str = "dropped_by_";

/// The counter of unchanged records, which `changes` drops as intended.
const UNCHANGED: &str = "unchanged";

/// The transform that dropped the most records.
#[derive(Debug)]
pub(super) struct LargestDrop<'a> {
    pub(super) stage: &'a str,
    dropped: u64,
    records_in: u64,
    /// The options that dropped the records, or the transform. Each has its position.
    causes: String,
}

/// The records that a transform dropped. A transform that emits only at the end, such as an aggregation, dropped none.
pub(super) fn dropped(stage: &TransformSummary) -> u64 {
    let is_aggregation = stage.filtered == stage.records_in && stage.records_out > 0;
    if is_aggregation { 0 } else { stage.filtered }
}

/// The transforms of a pipeline, including the transforms of its sinks.
pub(super) fn transforms(manifest: &Manifest) -> impl Iterator<Item = &TransformSummary> {
    manifest.transforms.iter().chain(manifest.sinks.iter().flat_map(|sink| &sink.transforms))
}

impl<'a> LargestDrop<'a> {
    /// The largest drop, if it is a tenth of the records of the transform or more.
    pub(super) fn of(manifest: &'a Manifest, stages: &[StageInfo]) -> Option<Self> {
        let is_intended =
            |stage: &TransformSummary| stage.counters.get(UNCHANGED) == Some(&stage.filtered);
        let transforms = transforms(manifest).filter(|stage| !is_intended(stage));
        let largest = transforms.max_by_key(|stage| dropped(stage))?;
        if dropped(largest) == 0 || dropped(largest) * 10 < largest.records_in {
            return None;
        }
        let is_it =
            |info: &&StageInfo| info.id.role == Role::Transform && info.id.name == largest.name;
        let info = stages.iter().find(is_it)?;
        let position = |option: &&str| {
            info.options.get(*option).map(|position| format!("`{option}` ({position})"))
        };
        let counted = largest.counters.iter().filter_map(|(name, count)| {
            name.strip_prefix(DROPPED_BY).map(|option| (*count, option))
        });
        let mut counted: Vec<(u64, &str)> = counted.collect();
        counted.sort_by_key(|(count, _)| std::cmp::Reverse(*count));
        let causes = if counted.is_empty() {
            let explained = info.explained_options.iter().filter_map(position);
            let mut causes: Vec<String> = explained.collect();
            if causes.is_empty() {
                let filter = position(&"filter");
                causes.extend(filter.or_else(|| info.position.as_ref().map(ToString::to_string)));
            }
            format!("see {}", causes.join(" and "))
        } else {
            let shown = counted.iter().map(|(count, option)| {
                let option = position(option).unwrap_or_else(|| format!("`{option}`"));
                format!("{} by {option}", number(*count))
            });
            shown.collect::<Vec<_>>().join(", ")
        };
        let (dropped, records_in) = (largest.filtered, largest.records_in);
        Some(Self { stage: &largest.name, dropped, records_in, causes })
    }

    /// The message, in one line.
    pub(super) fn text(&self) -> String {
        let records = count(self.records_in, "record");
        let (stage, dropped) = (self.stage, number(self.dropped));
        let causes = &self.causes;
        format!("transform `{stage}` dropped {dropped} of {records}: {causes}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_transform_that_emits_its_records_at_the_end_dropped_none() {
        let stage = |records_in, records_out, filtered| {
            let default = TransformSummary::default();
            let stage = TransformSummary { records_in, records_out, filtered, ..default };
            dropped(&stage)
        };
        assert_eq!(stage(100, 4, 100), 0, "an aggregation");
        assert_eq!(stage(100, 0, 100), 100);
        assert_eq!(stage(100, 60, 40), 40);
        assert_eq!(stage(0, 0, 0), 0);
    }
}
