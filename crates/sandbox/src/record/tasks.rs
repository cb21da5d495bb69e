//! Selects the tasks of a profile and their fields.

use std::borrow::Cow;
use std::hash::Hasher;

use fnv::FnvHasher;
use serde_json::Number;
use taskferry_profile::model::ValidationState;
use taskferry_sdk::json::{Node, ObjectWriter, Text};

use super::shape::{Expansion, Shape, Subject};
use super::skills::SkillTranslator;
use crate::dataset::fields::is_of_task;
use crate::random::Random;
use crate::settings::{MissingMember, WeeklyHours};

/// Writes the tasks of one profile. Values are copied as text, so that numbers keep their digits.
pub(super) struct TaskWriter<'a> {
    owner: &'a str,
    shape: &'a Shape,
    skills: SkillTranslator<'a>,
}

impl<'a> TaskWriter<'a> {
    /// A writer for the tasks of the job or the employee `owner`.
    pub(super) fn new(owner: &'a str, shape: &'a Shape) -> Self {
        Self { owner, shape, skills: SkillTranslator::new(shape) }
    }

    /// Chooses the counterparts of the skills of all tasks.
    pub(super) fn harmonize(&mut self, tasks: &[Node<'_>]) {
        let skills = tasks.iter().filter_map(|task| task.get(Expansion::LinkedSkills.as_str()));
        self.skills.harmonize(skills.flat_map(Node::items));
    }

    /// The tasks that the response shows.
    pub(super) fn visible<'t>(&self, tasks: Node<'t>) -> Vec<Node<'t>> {
        let shows_rejected = self.shape.includes(Expansion::RejectedTasks);
        let is_visible = |task: &Node<'_>| {
            (shows_rejected
                || state_of(*task).is_none_or(|state| state != ValidationState::REJECTED))
                && (self.shape.subject == Subject::Job || self.employee_does(*task))
        };
        tasks.items().filter(is_visible).collect()
    }

    /// Writes the fields of a task.
    pub(super) fn write(&self, object: &mut ObjectWriter<'_>, task: Node<'_>) {
        object.member("task_id", task.get("task_id"));
        object.member("task", task.get("task"));
        object.member("validation_state", state_of(task).as_deref());
        for expansion in [
            Expansion::WeeklyHours,
            Expansion::AiImpact,
            Expansion::LinkedSkills,
            Expansion::SourceData,
            Expansion::SourceEvents,
        ] {
            if !self.shape.includes(expansion) {
                continue;
            }
            let name = expansion.as_str();
            let stored = task.get(name);
            let value = match expansion {
                Expansion::WeeklyHours => stored.map(|hours| self.hours(hours)),
                Expansion::LinkedSkills => self.skills.translate(stored),
                Expansion::SourceEvents => Some(self.source_events(task)),
                _ => stored.map(Text::value),
            };
            if value.is_some() || self.shape.settings.missing_member == MissingMember::Null {
                object.member(name, value);
            }
        }
        for (key, value) in task.members() {
            // A dataset may contain `source_events`, which is an unknown field of jobs.
            let is_written = key == "source_events" && self.shape.includes(Expansion::SourceEvents);
            let key = key.as_str();
            if !is_of_task(&key) && !is_written {
                object.member(&*key, value);
            }
        }
    }

    fn hours(&self, stored: Node<'_>) -> Text {
        let number =
            stored.as_number().filter(|_| self.shape.settings.weekly_hours == WeeklyHours::Whole);
        match number.and_then(whole_hours) {
            Some(whole) => Text::value(whole),
            None => Text::value(stored),
        }
    }

    /// Whether the employee does a task of their job. An employee does five of six tasks.
    fn employee_does(&self, task: Node<'_>) -> bool {
        self.random(task).below(6) > 0
    }

    /// Random numbers that depend on the employee and the task alone.
    fn random(&self, task: Node<'_>) -> Random {
        let hash = |text: &[u8]| {
            let mut hasher = FnvHasher::default();
            hasher.write(text);
            hasher.finish()
        };
        let task_id = task.get("task_id").map(Node::raw).unwrap_or_default();
        Random::new(hash(self.owner.as_bytes()), hash(task_id))
    }

    /// The generated events from which a task of an employee was derived.
    fn source_events(&self, task: Node<'_>) -> Text {
        let mut random = self.random(task);
        let _decides_whether_the_employee_does_it = random.below(6);
        let first = random.below(EVENT_TYPES.len());
        let types = EVENT_TYPES.into_iter().cycle().skip(first).take(random.between(1, 2));
        Text::array(|events| {
            for event_type in types {
                let id = format!("{}-{event_type}-{}", self.owner, random.between(1, 3));
                events.object(|event| {
                    event.member("external_id", id.as_str());
                    event.member("event_type", event_type);
                });
            }
        })
    }
}

fn state_of(task: Node<'_>) -> Option<Cow<'_, str>> {
    task.get("validation_state")?.as_str()
}

/// The types of events in an employee's timeline from which a task can be derived.
const EVENT_TYPES: [&str; 4] = ["working_history", "project", "resume_document", "learning"];

/// Rounds to whole hours. Returns `None` for a large whole number, which needs no rounding.
fn whole_hours(text: &str) -> Option<Number> {
    let hours: f64 = text.parse().ok()?;
    // A floating-point number can't represent all digits of a number this large.
    let (digits, fraction) = text.split_once('.').unwrap_or((text, ""));
    if hours.abs() >= 1e15 && !fraction.contains(['e', 'E']) && !digits.contains(['e', 'E']) {
        return digits.parse().ok().filter(|_| !fraction.is_empty());
    }
    let rounded = if hours > 0.0 { hours.round().max(1.0) } else { hours.round() };
    // Avoids `-0`.
    let rounded = if rounded == 0.0 { 0.0 } else { rounded };
    format!("{rounded:.0}").parse().ok()
}
