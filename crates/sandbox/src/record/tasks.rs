//! Selects the tasks of a profile and their fields.

use std::borrow::Cow;
use std::hash::Hasher;

use fnv::FnvHasher;
use serde::de::Error;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use taskferry_profile::model::{TaskHierarchy, ValidationState};

use super::shape::{Expansion, Shape, Subject};
use super::skills::SkillTranslator;
use crate::dataset::fields::is_of_task;
use crate::random::Random;
use crate::raw_object::{RawField, RawObject};
use crate::settings::{MissingMember, WeeklyHours};
use crate::store::StoredProfile;

/// A task as it was loaded. Values stay text, so that numbers keep their digits.
struct StoredTask<'a> {
    fields: Vec<RawField<'a>>,
    validation_state: Cow<'a, str>,
}

impl<'a> StoredTask<'a> {
    fn new(RawObject(fields): RawObject<'a>) -> serde_json::Result<Self> {
        let mut task = Self { fields, validation_state: Cow::Borrowed("") };
        task.validation_state = serde_json::from_str(task.required("validation_state")?.get())?;
        Ok(task)
    }

    fn get(&self, name: &str) -> Option<&'a RawValue> {
        self.fields.iter().find(|(known, _)| known == name).map(|(_, value)| *value)
    }

    fn required(&self, name: &'static str) -> serde_json::Result<&'a RawValue> {
        self.get(name).ok_or_else(|| serde_json::Error::missing_field(name))
    }
}

/// A task as the response shows it.
pub(super) struct ShownTask<'a> {
    fields: Vec<(Cow<'a, str>, Cow<'a, RawValue>)>,
    pub(super) hierarchy: Option<TaskHierarchy>,
}

impl ShownTask<'_> {
    /// The name of the node at `depth` of the taxonomy that contains the task.
    pub(super) fn level_name(&self, depth: usize) -> &str {
        self.hierarchy.as_ref().map_or("", |hierarchy| match depth {
            0 => &hierarchy.domain,
            1 => &hierarchy.subdomain,
            2 => &hierarchy.cluster,
            _ => &hierarchy.canonical_task,
        })
    }
}

impl Serialize for ShownTask<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_map(self.fields.iter().map(|(name, value)| (name, value.as_ref())))
    }
}

/// The tasks of a profile as the response shows them.
pub(super) fn shown_tasks<'a>(
    profile: &'a StoredProfile,
    shape: &Shape,
) -> serde_json::Result<Vec<ShownTask<'a>>> {
    let tasks: Vec<RawObject<'a>> = serde_json::from_str(&profile.tasks)?;
    let mut tasks: Vec<_> = tasks.into_iter().map(StoredTask::new).collect::<Result<_, _>>()?;
    let rejected = shape.includes(Expansion::RejectedTasks);
    tasks.retain(|task| rejected || task.validation_state != ValidationState::REJECTED);
    if shape.subject == Subject::Employee {
        tasks.retain(|task| {
            task.get("task_id").is_some_and(|id| employee_does(&profile.external_id, id))
        });
    }
    let skills =
        SkillTranslator::new(tasks.iter().filter_map(|task| task.get("linked_skills")), shape)?;
    tasks.into_iter().map(|task| show(task, &profile.external_id, &skills, shape)).collect()
}

/// The fields that each task has, the requested ones in the order of TechWolf's example, and the unknown ones.
fn show<'a>(
    task: StoredTask<'a>,
    owner: &str,
    skills: &SkillTranslator<'_>,
    shape: &Shape,
) -> serde_json::Result<ShownTask<'a>> {
    let task_id = task.required("task_id")?;
    let state = Cow::Owned(to_raw_value(&task.validation_state)?);
    let mut fields: Vec<(Cow<'a, str>, Cow<'a, RawValue>)> = vec![
        (Cow::Borrowed("task_id"), Cow::Borrowed(task_id)),
        (Cow::Borrowed("task"), Cow::Borrowed(task.required("task")?)),
        (Cow::Borrowed("validation_state"), state),
    ];
    for expansion in [
        Expansion::WeeklyHours,
        Expansion::AiImpact,
        Expansion::LinkedSkills,
        Expansion::SourceData,
        Expansion::SourceEvents,
    ] {
        if !shape.includes(expansion) {
            continue;
        }
        let name = expansion.as_str();
        let mut field = match expansion {
            Expansion::WeeklyHours => task.get(name).map(|hours| shown_hours(hours, shape)),
            Expansion::LinkedSkills => skills.translate(task.get(name))?,
            Expansion::SourceEvents => Some(Cow::Owned(source_events(owner, task_id)?)),
            _ => task.get(name).map(Cow::Borrowed),
        };
        if field.is_none() && shape.settings.missing_member == MissingMember::Null {
            field = Some(Cow::Owned(to_raw_value(&())?));
        }
        fields.extend(field.map(|value| (Cow::Borrowed(name), value)));
    }
    let hierarchy = task.get("hierarchy").map(|value| serde_json::from_str(value.get()));
    for (name, value) in task.fields {
        // A dataset of jobs may contain `source_events`, which is unknown there.
        if !is_of_task(&name) && fields.iter().all(|(known, _)| *known != name) {
            fields.push((name, Cow::Borrowed(value)));
        }
    }
    Ok(ShownTask { fields, hierarchy: hierarchy.transpose()?.flatten() })
}

fn shown_hours<'a>(hours: &'a RawValue, shape: &Shape) -> Cow<'a, RawValue> {
    let whole = (shape.settings.weekly_hours == WeeklyHours::Whole)
        .then(|| whole_hours(hours.get()))
        .flatten()
        .and_then(|text| RawValue::from_string(text).ok());
    whole.map_or(Cow::Borrowed(hours), Cow::Owned)
}

/// Hours rounded to whole ones. `None` if the text is not a number, or is a large whole number.
fn whole_hours(text: &str) -> Option<String> {
    let hours: f64 = text.parse().ok()?;
    // A floating-point number can't represent all digits of a number this large.
    let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
    if hours.abs() >= 1e15 && !fraction.contains(['e', 'E']) && !digits.contains(['e', 'E']) {
        return (!fraction.is_empty()).then(|| digits.to_owned());
    }
    let rounded = if hours > 0.0 { hours.round().max(1.0) } else { hours.round() };
    // Avoids `-0`.
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    Some(format!("{rounded:.0}"))
}

/// Whether an employee does a task of their job. They do five of six.
fn employee_does(employee: &str, task_id: &RawValue) -> bool {
    random(employee, task_id).below(6) > 0
}

/// Random numbers that depend on the employee and the task alone.
fn random(employee: &str, task_id: &RawValue) -> Random {
    let hash = |text: &str| {
        let mut hasher = FnvHasher::default();
        hasher.write(text.as_bytes());
        hasher.finish()
    };
    Random::new(hash(employee), hash(task_id.get()))
}

/// The types of events in an employee's timeline from which a task can be derived.
const EVENT_TYPES: [&str; 4] = ["working_history", "project", "resume_document", "learning"];

/// The generated events from which a task of an employee was derived.
fn source_events(employee: &str, task_id: &RawValue) -> serde_json::Result<Box<RawValue>> {
    #[derive(Serialize)]
    struct Event {
        external_id: String,
        event_type: &'static str,
    }
    let mut random = random(employee, task_id);
    let _decides_whether_the_employee_does_it = random.below(6);
    let first = random.below(EVENT_TYPES.len());
    let events: Vec<Event> = EVENT_TYPES
        .into_iter()
        .cycle()
        .skip(first)
        .take(random.between(1, 2))
        .map(|event_type| Event {
            external_id: format!("{employee}-{event_type}-{}", random.between(1, 3)),
            event_type,
        })
        .collect();
    to_raw_value(&events)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rounding_to_whole_hours_loses_no_digit() {
        for (written, whole) in [
            ("5", "5"),
            ("2.5", "3"),
            ("2.49", "2"),
            ("0", "0"),
            ("-0", "0"),
            ("0.0", "0"),
            ("0.2", "1"),
            ("1e1", "10"),
            ("12345678901234567890123", "12345678901234567890123"),
            ("12345678901234567890.25", "12345678901234567890"),
        ] {
            let shown = whole_hours(written).unwrap_or_else(|| written.to_owned());
            assert_eq!(shown, whole, "{written}");
        }
        for other in ["null", "\"five\"", "true"] {
            assert_eq!(whole_hours(other), None, "{other}");
        }
    }
}
