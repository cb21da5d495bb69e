//! Previews as a JSON document.

use serde_json::{Value, json};
use taskferry_config::{StageInfo, TextPosition};
use taskferry_sdk::{Cursor, Effect};

use super::mask::Mask;
use super::selection::OptionWithoutEffect;
use super::stages::{StageSteps, consequence, effects_of, stages};
use crate::trace::{Outcome, RecordTrace, Step};

/// A record with everything that happens to it.
pub(crate) fn record(
    infos: &[StageInfo],
    trace: &RecordTrace,
    masks_values: bool,
    only: Option<&str>,
) -> Value {
    let mask = Mask::of(trace, masks_values);
    let reached = stages(infos, trace);
    let shown = reached.iter().filter(|stage| only.is_none_or(|only| only == stage.info.id.name));
    json!({
        "origin": origin(trace),
        "record": mask.record(&trace.record),
        "delivered": trace.is_delivered(),
        "stages": shown.map(|it| stage(it, &mask)).collect::<Vec<_>>(),
    })
}

/// Where a record comes from.
pub(crate) fn origin(trace: &RecordTrace) -> Value {
    let origin = &trace.origin;
    json!({
        "page": origin.page,
        "cursor": origin.cursor.as_ref().map(Cursor::as_str),
        "index": origin.index,
        "job": origin.job.as_deref(),
    })
}

/// A position in a file.
pub(crate) fn position(position: Option<&TextPosition>) -> Value {
    let Some(TextPosition { file, line, column }) = position else { return Value::Null };
    json!({"file": file, "line": line, "column": column})
}

/// The options without an effect.
pub(crate) fn idle_options(options: &[OptionWithoutEffect<'_>]) -> Value {
    let option = |it: &OptionWithoutEffect<'_>| json!({"stage": it.stage.name, "option": it.option, "position": position(Some(it.position))});
    options.iter().map(option).collect()
}

fn stage(stage: &StageSteps<'_, '_>, mask: &Mask) -> Value {
    let info = stage.info;
    json!({
        "role": info.id.role.to_string(),
        "name": info.id.name,
        "type": info.type_name,
        "sink": info.sink,
        "position": position(info.position.as_ref()),
        "steps": stage.steps.iter().map(|it| step(it, info, mask)).collect::<Vec<_>>(),
    })
}

fn step(step: &Step, info: &StageInfo, mask: &Mask) -> Value {
    let before = step.input.as_ref().map(|input| mask.record(input));
    let effect = |effect: &Effect| {
        json!({
            "option": effect.option,
            "text": mask.text(&effect.text),
            "position": position(info.options.get(effect.option)),
        })
    };
    let effects: Vec<Value> = effects_of(step).iter().map(effect).collect();
    match &step.outcome {
        Outcome::Emitted { records, .. } => {
            let result = match records.len() {
                0 => "dropped",
                1 if step.is_unchanged() => "unchanged",
                _ => "changed",
            };
            let after: Vec<Value> = records.iter().map(|record| mask.record(record)).collect();
            json!({"result": result, "before": before, "after": after, "effects": effects})
        }
        Outcome::Refused(reason) => json!({
            "result": "refused", "before": before, "reason": mask.text(reason),
            "consequence": consequence(info),
        }),
        Outcome::Delivered { row } => json!({"result": "delivered", "before": before, "row": row}),
    }
}
