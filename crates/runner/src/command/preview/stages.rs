//! What each stage does with a record, in the order of the pipeline.

use taskferry_config::StageInfo;
use taskferry_pipeline::OnError;
use taskferry_sdk::{Effect, Record};

use crate::command::format::count;
use crate::trace::{Outcome, RecordTrace, Step};

/// The steps of one stage for one record of the source, or for the records made of it.
#[derive(Debug)]
pub(crate) struct StageSteps<'i, 't> {
    pub(crate) info: &'i StageInfo,
    pub(crate) steps: Vec<&'t Step>,
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

/// What a run does after a refusal.
pub(crate) fn consequence(stage: &StageInfo) -> &'static str {
    match stage.on_error {
        OnError::Fail => "a run stops here (`on_error = \"fail\"`)",
        OnError::Skip => "a run skips the record (`on_error = \"skip\"`)",
        OnError::DeadLetter => {
            "a run writes the record to the dead-letter file (`on_error = \"dead_letter\"`)"
        }
    }
}

/// The stages that the record reaches, without the source.
pub(crate) fn stages<'i, 't>(
    infos: &'i [StageInfo],
    trace: &'t RecordTrace,
) -> Vec<StageSteps<'i, 't>> {
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

impl<'t> StageSteps<'_, 't> {
    pub(crate) fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for step in &self.steps {
            summary.received += usize::from(step.input.is_some());
            match &step.outcome {
                Outcome::Emitted { records, .. } => {
                    summary.emitted += records.len();
                    let is_unchanged = step.is_unchanged();
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
    pub(crate) fn effects(&self) -> Vec<(&'t Effect, usize)> {
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
    pub(crate) fn refusals(&self) -> impl Iterator<Item = &'t str> {
        self.steps.iter().copied().filter_map(|step| match &step.outcome {
            Outcome::Refused(reason) => Some(reason.as_str()),
            _ => None,
        })
    }

    /// The records before and after each change.
    pub(crate) fn changed(&self) -> impl Iterator<Item = (Option<&'t Record>, &'t [Record])> {
        self.steps.iter().copied().filter_map(|step| match &step.outcome {
            Outcome::Emitted { records, .. } if !records.is_empty() && !step.is_unchanged() => {
                Some((step.input.as_ref(), records.as_slice()))
            }
            _ => None,
        })
    }
}

/// The rows of a sink, from the first to the last.
pub(crate) fn rows_text((first, last): (u64, u64)) -> String {
    if first == last { format!("row {first}") } else { format!("rows {first} to {last}") }
}

/// How often something happened, if it did more than once.
pub(crate) fn times_text(times: usize) -> String {
    if times > 1 { format!(" ({times} times)") } else { String::new() }
}

impl Summary {
    /// The result in words.
    pub(crate) fn text(&self) -> String {
        let Self { received, emitted, changed, unchanged, dropped, refused, delivered, rows } =
            *self;
        let many = |number: usize| count(number as u64, "record");
        if delivered > 0 {
            let rows = rows_text(rows);
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
