//! Follows one task of a job.

use serde_json::Value;
use taskferry_config::{StageInfo, did_you_mean};
use taskferry_sdk::Record;

use super::event::{Event, delivered, name, option};
use crate::command::preview::mask::Mask;
use crate::command::preview::stages::{consequence, effects_of, stages};
use crate::trace::{Outcome, RecordTrace, Step};

/// The id and the name by which a task is found in records of any form.
#[derive(Debug)]
pub(crate) struct Task {
    id: String,
    name: Option<String>,
}

impl Task {
    /// Finds a task of a job by its id or its name.
    ///
    /// # Errors
    /// A message that suggests another task.
    pub(crate) fn find(wanted: &str, trace: &RecordTrace) -> Result<Self, String> {
        let record = trace.record.value().unwrap_or_default();
        let mut tasks = Vec::new();
        find_tasks(&record, &mut tasks);
        let by_id = tasks.iter().find(|task| task.id == wanted);
        let is_named = |task: &&Self| {
            task.name.as_ref().is_some_and(|name| name.to_lowercase() == wanted.to_lowercase())
        };
        if let Some(Self { id, name }) = by_id.or_else(|| tasks.iter().find(is_named)) {
            return Ok(Self { id: id.clone(), name: name.clone() });
        }
        let ids: Vec<&str> = tasks.iter().map(|task| task.id.as_str()).collect();
        let hint = did_you_mean(wanted, &ids, || match ids.len() {
            0 => "it has no tasks".to_owned(),
            count => {
                let some = ids.get(..3).unwrap_or(&ids).join("`, `");
                format!("it has {count} tasks, for example `{some}`")
            }
        });
        Err(format!("the job has no task with the id or name `{wanted}`; {hint}"))
    }

    /// What happens to the task.
    pub(crate) fn events<'a>(
        &self,
        infos: &'a [StageInfo],
        trace: &RecordTrace,
        mask: &Mask,
    ) -> Vec<Event<'a>> {
        let found = self.part_of(&trace.record);
        let level = found.as_ref().and_then(level).map(|level| format!(", level {level}"));
        let text = format!("task `{}` is in the record{}", self.id, level.unwrap_or_default());
        let mut events = vec![Event::found(&trace.origin), Event::new(None, "found", text)];
        for stage in stages(infos, trace) {
            let steps = stage.steps.iter().filter(|step| {
                step.input.as_ref().is_some_and(|input| self.part_of(input).is_some())
            });
            events.extend(steps.map(|step| self.event(stage.info, step, mask)));
        }
        events
    }

    fn event<'a>(&self, info: &'a StageInfo, step: &Step, mask: &Mask) -> Event<'a> {
        let stage = name(info);
        let event = |kind, text| Event::new(Some(info), kind, text);
        let records = match &step.outcome {
            Outcome::Delivered { row } => return delivered(info, (*row, *row)),
            Outcome::Refused(reason) => {
                let (reason, effect) = (mask.text(reason), consequence(info));
                let text = format!("{stage} refuses the record of the task: {reason}; {effect}");
                return event("refused", text);
            }
            Outcome::Emitted { records, .. } => records,
        };
        let parts = records.iter().map(|record| self.part_of(record));
        let found = parts.enumerate().filter_map(|(index, part)| Some((index + 1, part?)));
        let found: Vec<(usize, Value)> = found.collect();
        let Some((_, after)) = found.first() else {
            return self.dropped(info, step, mask);
        };
        if records.len() > 1 {
            let numbers: Vec<String> = found.iter().map(|(index, _)| index.to_string()).collect();
            let noun = if numbers.len() == 1 { "record" } else { "records" };
            let (numbers, count) = (numbers.join(", "), records.len());
            return event("multiplied", format!("is in {noun} {numbers} of {count} of {stage}"));
        }
        let before = step.input.as_ref().and_then(|input| self.part_of(input));
        if before.as_ref() == Some(after) {
            return event("unchanged", format!("kept unchanged by {stage}"));
        }
        let fields = changed_fields(before.as_ref(), after);
        event("changed", format!("kept and changed by {stage}{fields}"))
    }

    /// The event of a step whose results do not contain the task.
    fn dropped<'a>(&self, info: &'a StageInfo, step: &Step, mask: &Mask) -> Event<'a> {
        let quoted = format!("`{}`", self.id);
        let effects = effects_of(step);
        let own = effects.iter().find(|effect| effect.text.contains(&quoted));
        let whole = || effects.iter().find(|effect| effect.text.starts_with("drops"));
        let is_lost =
            matches!(&step.outcome, Outcome::Emitted { records, .. } if !records.is_empty());
        match own.or_else(|| whole().filter(|_| !is_lost)) {
            Some(effect) => {
                let reason = effect.text.split_once(": ").map_or(effect.text.as_str(), |it| it.1);
                let (option, reason) = (option(info, effect.option), mask.text(reason));
                Event::new(Some(info), "dropped", format!("dropped by {option} ({reason})"))
            }
            None if is_lost => {
                let text = format!(
                    "lost in {}: the emitted records contain neither the id nor the name of the task",
                    name(info)
                );
                Event::new(Some(info), "lost", text)
            }
            None => Event::new(Some(info), "dropped", format!("dropped by {}", name(info))),
        }
    }

    /// The task in a record: the object with the id of the task. If there is none, the first object that contains the id or the
    /// name in any field.
    fn part_of(&self, record: &Record) -> Option<Value> {
        let record = record.value().ok()?;
        let by_id = |object: &Value| id_of(object).as_deref() == Some(&self.id);
        let by_any = |object: &Value| {
            let mut texts = object
                .as_object()
                .into_iter()
                .flat_map(serde_json::Map::values)
                .filter_map(Value::as_str);
            texts.any(|text| text == self.id || Some(text) == self.name.as_deref())
        };
        find(&record, &by_id).or_else(|| find(&record, &by_any)).cloned()
    }
}

fn find_tasks(value: &Value, found: &mut Vec<Task>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| find_tasks(item, found)),
        Value::Object(members) => {
            if let Some(id) = id_of(value) {
                let name = members.get("task").or_else(|| members.get("name"));
                let name = name.and_then(Value::as_str).map(str::to_owned);
                found.push(Task { id, name });
            }
            members.values().for_each(|member| find_tasks(member, found));
        }
        _ => {}
    }
}

/// The first object for which `is_it` is true. An object comes before the objects inside it.
fn find<'v>(value: &'v Value, is_it: &dyn Fn(&Value) -> bool) -> Option<&'v Value> {
    match value {
        Value::Array(items) => items.iter().find_map(|item| find(item, is_it)),
        Value::Object(_) if is_it(value) => Some(value),
        Value::Object(members) => members.values().find_map(|member| find(member, is_it)),
        _ => None,
    }
}

fn id_of(object: &Value) -> Option<String> {
    match object.get("task_id")? {
        Value::String(id) => Some(id.clone()),
        Value::Number(id) => Some(id.to_string()),
        _ => None,
    }
}

fn level(task: &Value) -> Option<String> {
    let level = task.pointer("/ai_impact/level").or_else(|| task.get("ai_impact_level"))?;
    level.as_str().map(str::to_owned)
}

/// The names of the fields that differ.
fn changed_fields(before: Option<&Value>, after: &Value) -> String {
    let nothing = serde_json::Map::new();
    let old = before.and_then(Value::as_object).unwrap_or(&nothing);
    let new = after.as_object().unwrap_or(&nothing);
    let named = |verb: &str, names: Vec<&String>| {
        let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
        (!names.is_empty()).then(|| format!("{verb} {}", names.join(", ")))
    };
    let parts = [
        named("adds", new.keys().filter(|key| !old.contains_key(*key)).collect()),
        named("removes", old.keys().filter(|key| !new.contains_key(*key)).collect()),
        named(
            "changes",
            new.iter()
                .filter(|(key, value)| old.get(*key).is_some_and(|it| it != *value))
                .map(|it| it.0)
                .collect(),
        ),
    ];
    let parts: Vec<String> = parts.into_iter().flatten().collect();
    if parts.is_empty() { String::new() } else { format!(": it {}", parts.join(", ")) }
}
