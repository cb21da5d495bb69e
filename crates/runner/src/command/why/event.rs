//! What happens to the record, one sentence for each stage.

use serde_json::{Value, json};
use taskferry_config::StageInfo;
use taskferry_pipeline::Role;
use taskferry_sdk::{Effect, Origin};

use crate::command::preview::json::position;
use crate::command::preview::mask::Mask;
use crate::command::preview::stages::{
    StageSteps, Summary, consequence, position_of, rows_text, stages, times_text,
};
use crate::trace::RecordTrace;

/// The maximum number of effects that are listed below one sentence.
const MAX_EFFECTS: usize = 6;

/// One step in the path of a record.
#[derive(Debug)]
pub(crate) struct Event<'a> {
    pub(crate) stage: Option<&'a StageInfo>,
    /// For programs: `found`, `unchanged`, `changed`, `multiplied`, `dropped`, `refused`, `delivered`, `lost`.
    pub(crate) kind: &'static str,
    pub(crate) text: String,
    /// Explanations, one per line.
    pub(crate) details: Vec<String>,
    /// The rows in the sink.
    pub(crate) rows: Option<(u64, u64)>,
}

impl<'a> Event<'a> {
    pub(crate) fn new(stage: Option<&'a StageInfo>, kind: &'static str, text: String) -> Self {
        Self { stage, kind, text, details: Vec::new(), rows: None }
    }

    pub(crate) fn found(origin: &Origin) -> Self {
        let cursor = match &origin.cursor {
            Some(cursor) => format!("after cursor `{cursor}`"),
            None => "the first".to_owned(),
        };
        let text = format!("found on page {} ({cursor}), record {}", origin.page, origin.index + 1);
        Self::new(None, "found", text)
    }

    pub(crate) fn to_json(&self) -> Value {
        json!({
            "event": self.kind,
            "role": self.stage.map(|stage| stage.id.role.to_string()),
            "stage": self.stage.map(|stage| &stage.id.name),
            "sink": self.stage.and_then(|stage| stage.sink.as_ref()),
            "position": position(self.stage.and_then(|stage| stage.position.as_ref())),
            "text": self.text,
            "details": self.details,
            "first_row": self.rows.map(|rows| rows.0),
            "last_row": self.rows.map(|rows| rows.1),
        })
    }
}

/// What happens to a job.
pub(crate) fn job_events<'a>(
    infos: &'a [StageInfo],
    trace: &RecordTrace,
    mask: &Mask,
) -> Vec<Event<'a>> {
    let found = std::iter::once(Event::found(&trace.origin));
    found.chain(stages(infos, trace).iter().map(|stage| event(stage, mask))).collect()
}

fn event<'a>(stage: &StageSteps<'a, '_>, mask: &Mask) -> Event<'a> {
    let info = stage.info;
    let (summary, name) = (stage.summary(), name(info));
    let effects = stage.effects();
    let mut details = details(info, &effects, mask);
    details.extend(
        stage.refusals().take(MAX_EFFECTS).map(|reason| {
            format!("refuses a record: {}; {}", mask.text(reason), consequence(info))
        }),
    );
    let event =
        |kind, text| Event { details: details.clone(), ..Event::new(Some(info), kind, text) };
    match summary {
        Summary { delivered: 1.., rows, .. } => delivered(info, rows),
        Summary { received: 1, refused: 1.., .. } => {
            let reason =
                stage.refusals().next().map(|reason| mask.text(reason)).unwrap_or_default();
            let text = format!("refused by {name}: {reason}; {}", consequence(info));
            Event::new(Some(info), "refused", text)
        }
        Summary { received: 1, emitted: 0, .. } => {
            event("dropped", format!("dropped by {}", dropping(info, &effects)))
        }
        Summary { received: 1, unchanged: 1, .. } => {
            event("unchanged", format!("kept unchanged by {name}"))
        }
        Summary { received: 1, emitted: 1, .. } => {
            event("changed", format!("kept and changed by {name}"))
        }
        Summary { received: 1, .. } => {
            event("multiplied", format!("becomes {} records in {name}", summary.emitted))
        }
        Summary { emitted: 0, refused: 0, .. } => event(
            "dropped",
            format!("all {} records are dropped by {}", summary.received, dropping(info, &effects)),
        ),
        _ => event("changed", format!("{name} receives {}", summary.text())),
    }
}

/// The event of a record that a sink accepts.
pub(crate) fn delivered(info: &StageInfo, rows: (u64, u64)) -> Event<'_> {
    let text = format!("{} of {}", rows_text(rows), name(info));
    let event = Event::new(Some(info), "delivered", text);
    Event { rows: Some(rows), ..event }
}

/// A stage in a sentence.
pub(crate) fn name(info: &StageInfo) -> String {
    let at = info.position.as_ref().map(|position| format!(" at {position}")).unwrap_or_default();
    format!("{}{}{at}", info.id, sink(info))
}

/// The sink of a transform that belongs to one sink.
fn sink(info: &StageInfo) -> String {
    info.sink.as_ref().map(|sink| format!(" of sink `{sink}`")).unwrap_or_default()
}

/// The option that drops a record, or the stage.
fn dropping(info: &StageInfo, effects: &[(&Effect, usize)]) -> String {
    let mut drops = effects.iter().filter(|(effect, _)| effect.text.starts_with("drops"));
    let set = drops.clone().find(|(effect, _)| info.options.contains_key(effect.option));
    match set.or_else(|| drops.next()) {
        Some((effect, _)) => option(info, effect.option),
        None => name(info),
    }
}

/// An option in a sentence.
pub(crate) fn option(info: &StageInfo, option: &str) -> String {
    match info.options.get(option) {
        Some(position) => format!("`{option}` of {}{} at {position}", info.id, sink(info)),
        None => format!("the default of `{option}` of {}", name(info)),
    }
}

fn details(info: &StageInfo, effects: &[(&Effect, usize)], mask: &Mask) -> Vec<String> {
    if info.id.role == Role::Sink {
        return Vec::new();
    }
    let detail = |(effect, times): &(&Effect, usize)| {
        let (times, position) = (times_text(*times), position_of(info, effect.option));
        format!("`{}` ({position}) {}{times}", effect.option, mask.text(&effect.text))
    };
    let mut details: Vec<String> = effects.iter().take(MAX_EFFECTS).map(detail).collect();
    if effects.len() > MAX_EFFECTS {
        details.push(format!("… {} more", effects.len() - MAX_EFFECTS));
    }
    details
}
