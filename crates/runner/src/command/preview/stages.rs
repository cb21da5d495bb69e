//! What each stage does with a record, in the order of the pipeline.

use taskferry_config::StageInfo;
use taskferry_pipeline::{OnError, Pipeline, StageId};
use taskferry_sdk::{Effect, Record};

use crate::command::format::count;
use crate::trace::{Outcome, RecordTrace, Step};

/// What happens to refused records, by stage.
#[derive(Debug, Default)]
pub(crate) struct OnErrors(Vec<(StageId, OnError)>);

/// The steps of one stage for one record of the source, or for the records made of it.
#[derive(Debug)]
pub(crate) struct StageSteps<'a> {
    pub(crate) info: &'a StageInfo,
    pub(crate) steps: Vec<&'a Step>,
}

/// The number of records by their result.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Summary {
    pub(crate) received: usize,
    pub(crate) emitted: usize,
    pub(crate) changed: usize,
    pub(crate) unchanged: usize,
    pub(crate) dropped: usize,
    pub(crate) refused: usize,
    pub(crate) delivered: usize,
    /// The rows of the first and the last delivered record.
    pub(crate) rows: (u64, u64),
}

impl OnErrors {
    pub(crate) fn of(pipeline: &Pipeline) -> Self {
        let own = pipeline.sinks.iter().flat_map(|sink| &sink.transforms);
        let transforms = pipeline.transforms.iter().chain(own);
        let transforms = transforms.map(|stage| (stage.id(), stage.on_error));
        let sinks = pipeline.sinks.iter().map(|stage| (stage.id(), stage.on_error));
        Self(transforms.chain(sinks).collect())
    }

    /// What a run does after a refusal.
    pub(crate) fn effect(&self, stage: &StageId) -> &'static str {
        let found = self.0.iter().find(|(id, _)| id == stage);
        match found.map(|(_, on_error)| *on_error).unwrap_or_default() {
            OnError::Fail => "a run stops here (`on_error = \"fail\"`)",
            OnError::Skip => "a run skips the record (`on_error = \"skip\"`)",
            OnError::DeadLetter => {
                "a run writes the record to the dead-letter file (`on_error = \"dead_letter\"`)"
            }
        }
    }
}

/// The stages that the record reaches, without the source.
pub(crate) fn stages<'a>(infos: &'a [StageInfo], trace: &'a RecordTrace) -> Vec<StageSteps<'a>> {
    let stages = infos.iter().map(|info| {
        let steps = trace.steps.iter().filter(|step| step.stage == info.id).collect();
        StageSteps { info, steps }
    });
    stages.filter(|stage| !stage.steps.is_empty()).collect()
}

/// The effects of options on the record of a step.
pub(crate) fn effects_of(step: &Step) -> &[Effect] {
    match &step.outcome {
        Outcome::Emitted { effects, .. } => effects,
        _ => &[],
    }
}

/// Where an option is set.
pub(crate) fn position_of(stage: &StageInfo, option: &str) -> String {
    match (stage.options.get(option), &stage.position) {
        (Some(position), _) => position.to_string(),
        (None, Some(position)) => format!("default, {position}"),
        (None, None) => "default".to_owned(),
    }
}

impl<'a> StageSteps<'a> {
    pub(crate) fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for step in &self.steps {
            summary.received += usize::from(step.input.is_some());
            match &step.outcome {
                Outcome::Emitted { records, .. } => {
                    summary.emitted += records.len();
                    let is_unchanged = matches!((records.as_slice(), &step.input), ([one], Some(input)) if one == input);
                    summary.dropped += usize::from(records.is_empty());
                    summary.unchanged += usize::from(is_unchanged);
                    summary.changed += usize::from(!is_unchanged && !records.is_empty());
                }
                Outcome::Refused(_) => summary.refused += 1,
                Outcome::Delivered { row } => {
                    summary.delivered += 1;
                    let first = if summary.rows.0 == 0 { *row } else { summary.rows.0 };
                    summary.rows = (first, *row);
                }
            }
        }
        summary
    }

    /// The effects in order, each with its number of repetitions.
    pub(crate) fn effects(&self) -> Vec<(&'a Effect, usize)> {
        let mut found: Vec<(&Effect, usize)> = Vec::new();
        for effect in self.steps.iter().copied().flat_map(effects_of) {
            match found.iter_mut().find(|(known, _)| *known == effect) {
                Some((_, times)) => *times += 1,
                None => found.push((effect, 1)),
            }
        }
        found
    }

    /// The reasons of refusals.
    pub(crate) fn refusals(&self) -> impl Iterator<Item = &'a str> {
        self.steps.iter().copied().filter_map(|step| match &step.outcome {
            Outcome::Refused(reason) => Some(reason.as_str()),
            _ => None,
        })
    }

    /// The records before and after each change.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (Option<&'a Record>, &'a [Record])> {
        let changes = self.steps.iter().copied().filter_map(|step| match &step.outcome {
            Outcome::Emitted { records, .. } => Some((step.input.as_ref(), records.as_slice())),
            _ => None,
        });
        changes.filter(|(input, records)| match records {
            [] => false,
            [record] => *input != Some(record),
            _ => true,
        })
    }
}

impl Summary {
    /// The result in words.
    pub(crate) fn text(&self) -> String {
        let Self { received, emitted, changed, unchanged, dropped, refused, delivered, rows } =
            *self;
        let many = |number: usize| count(number as u64, "record");
        if delivered > 0 {
            let rows = if rows.0 == rows.1 {
                format!("row {}", rows.0)
            } else {
                format!("rows {} to {}", rows.0, rows.1)
            };
            let others = if refused > 0 { format!(", {refused} refused") } else { String::new() };
            return format!("accepts {} ({rows}){others}", many(delivered));
        }
        if received == 0 {
            return format!("emits {} at the end of the listing", many(emitted));
        }
        if received == 1 {
            return match (refused, emitted, unchanged) {
                (1.., _, _) => "refuses the record".to_owned(),
                (_, 0, _) => "drops the record".to_owned(),
                (_, _, 1) => "unchanged".to_owned(),
                (_, 1, _) => "changes the record".to_owned(),
                _ => format!("makes {} of it", many(emitted)),
            };
        }
        let parts = [
            (changed, "changed"),
            (unchanged, "unchanged"),
            (dropped, "dropped"),
            (refused, "refused"),
        ];
        let parts = parts.into_iter().filter(|(number, _)| *number > 0);
        let parts: Vec<String> = parts.map(|(number, verb)| format!("{number} {verb}")).collect();
        let makes = if emitted > changed + unchanged {
            format!(", makes {}", many(emitted))
        } else {
            String::new()
        };
        format!("{}: {}{makes}", many(received), parts.join(", "))
    }
}
