//! Which tasks of a profile are shown, and what of them.

use std::borrow::Cow;
use std::hash::Hasher;

use fnv::FnvHasher;
use serde::de::Error;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::{RawValue, to_raw_value};
use taskferry_profile::model::{TaskHierarchy, ValidationState};

use super::shape::{Expansion, Shape, Subject};
use super::skills::Skills;
use crate::dataset::fields::is_of_task;
use crate::members::Members;
use crate::random::Random;
use crate::settings::{MissingMember, WeeklyHours};
use crate::store::StoredProfile;

/// A task as it was loaded. What is only passed on stays text, so numbers keep theirs.
struct StoredTask<'a> {
    task_id: &'a RawValue,
    task: &'a RawValue,
    validation_state: Cow<'a, str>,
    weekly_hours: Option<&'a RawValue>,
    ai_impact: Option<&'a RawValue>,
    linked_skills: Option<&'a RawValue>,
    source_data: Option<&'a RawValue>,
    hierarchy: Option<TaskHierarchy>,
    /// Fields that nobody knows.
    more: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> StoredTask<'a> {
    fn of(Members(members): Members<'a>) -> serde_json::Result<Self> {
        let find =
            |name: &str| members.iter().find(|(known, _)| known == name).map(|(_, value)| *value);
        let needed =
            |name: &'static str| find(name).ok_or_else(|| serde_json::Error::missing_field(name));
        let hierarchy = find("hierarchy").map(|value| serde_json::from_str(value.get()));
        Ok(Self {
            task_id: needed("task_id")?,
            task: needed("task")?,
            validation_state: serde_json::from_str(needed("validation_state")?.get())?,
            weekly_hours: find("weekly_hours"),
            ai_impact: find("ai_impact"),
            linked_skills: find("linked_skills"),
            source_data: find("source_data"),
            hierarchy: hierarchy.transpose()?.flatten(),
            more: members.into_iter().filter(|(name, _)| !is_of_task(name)).collect(),
        })
    }
}

/// A task as it is shown.
pub(super) struct ShownTask<'a> {
    task_id: &'a RawValue,
    task: &'a RawValue,
    validation_state: Cow<'a, str>,
    /// What was asked for, in the order of TechWolf's example, and what nobody knows.
    members: Vec<(Cow<'a, str>, Cow<'a, RawValue>)>,
    pub(super) hierarchy: Option<TaskHierarchy>,
}

impl Serialize for ShownTask<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut shown = serializer.serialize_map(Some(3 + self.members.len()))?;
        shown.serialize_entry("task_id", self.task_id)?;
        shown.serialize_entry("task", self.task)?;
        shown.serialize_entry("validation_state", &self.validation_state)?;
        for (name, value) in &self.members {
            shown.serialize_entry(name, value.as_ref())?;
        }
        shown.end()
    }
}

/// The tasks of a profile that the request is to see.
pub(super) fn shown_tasks<'a>(
    profile: &'a StoredProfile,
    shape: &Shape,
) -> serde_json::Result<Vec<ShownTask<'a>>> {
    let tasks: Vec<Members<'a>> = serde_json::from_str(&profile.tasks)?;
    let mut tasks: Vec<_> = tasks.into_iter().map(StoredTask::of).collect::<Result<_, _>>()?;
    let rejected = shape.includes(Expansion::RejectedTasks);
    tasks.retain(|task| rejected || task.validation_state != ValidationState::REJECTED);
    if shape.subject == Subject::Employee {
        tasks.retain(|task| does(&profile.external_id, task));
    }
    let skills = Skills::of(tasks.iter().filter_map(|task| task.linked_skills), shape)?;
    tasks.into_iter().map(|task| show(task, &profile.external_id, &skills, shape)).collect()
}

fn show<'a>(
    task: StoredTask<'a>,
    owner: &str,
    skills: &Skills<'_>,
    shape: &Shape,
) -> serde_json::Result<ShownTask<'a>> {
    let mut members: Vec<(Cow<'a, str>, Cow<'a, RawValue>)> = Vec::with_capacity(4);
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
        let member = match expansion {
            Expansion::WeeklyHours => task.weekly_hours.map(|hours| shown_hours(hours, shape)),
            Expansion::AiImpact => task.ai_impact.map(Cow::Borrowed),
            Expansion::LinkedSkills => skills.shown(task.linked_skills)?,
            Expansion::SourceEvents => Some(Cow::Owned(source_events(owner, &task)?)),
            _ => task.source_data.map(Cow::Borrowed),
        };
        let member = match member {
            None if shape.settings.missing_member == MissingMember::Null => {
                Some(Cow::Owned(to_raw_value(&())?))
            }
            member => member,
        };
        members.extend(member.map(|value| (Cow::Borrowed(expansion.as_str()), value)));
    }
    let StoredTask { task_id, task, validation_state, hierarchy, more, .. } = task;
    for (name, value) in more {
        // What is made up for employees has a name of the API that a dataset of jobs does not know.
        if members.iter().all(|(known, _)| *known != name) {
            members.push((name, Cow::Borrowed(value)));
        }
    }
    Ok(ShownTask { task_id, task, validation_state, members, hierarchy })
}

fn shown_hours<'a>(hours: &'a RawValue, shape: &Shape) -> Cow<'a, RawValue> {
    let whole = (shape.settings.weekly_hours == WeeklyHours::Whole)
        .then(|| whole_hours(hours.get()))
        .flatten()
        .and_then(|text| RawValue::from_string(text).ok());
    whole.map_or(Cow::Borrowed(hours), Cow::Owned)
}

/// Hours without a fraction; none if they stay as they are written, because they have none or are no number.
fn whole_hours(text: &str) -> Option<String> {
    let hours: f64 = text.parse().ok()?;
    // Digits alone say more than a floating-point number can hold.
    let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
    if hours.abs() >= 1e15 && !fraction.contains(['e', 'E']) && !digits.contains(['e', 'E']) {
        return (!fraction.is_empty()).then(|| digits.to_owned());
    }
    let rounded = if hours > 0.0 { hours.round().max(1.0) } else { hours.round() };
    // Nothing is no negative number.
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    Some(format!("{rounded:.0}"))
}

/// Whether an employee does a task of their job: five of six.
fn does(employee: &str, task: &StoredTask<'_>) -> bool {
    random(employee, task).below(6) > 0
}

/// Random numbers that depend on the employee and the task alone.
fn random(employee: &str, task: &StoredTask<'_>) -> Random {
    let hash = |text: &str| {
        let mut hasher = FnvHasher::default();
        hasher.write(text.as_bytes());
        hasher.finish()
    };
    Random::new(hash(employee), hash(task.task_id.get()))
}

/// Kinds of events of an employee's timeline from which a task can be derived.
const EVENT_TYPES: [&str; 4] = ["working_history", "project", "resume_document", "learning"];

/// The events that speak of a task, made up for each employee.
fn source_events(employee: &str, task: &StoredTask<'_>) -> serde_json::Result<Box<RawValue>> {
    #[derive(Serialize)]
    struct Event {
        external_id: String,
        event_type: &'static str,
    }
    let mut random = random(employee, task);
    let _used_by_does = random.below(6);
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
    fn whole_hours_are_rounded_and_lose_no_digit() {
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
