//! Profiles as the API shows them, in both formats.

mod hierarchy;
mod skills;
mod tasks;

use std::borrow::Cow;
use std::sync::Arc;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};
use serde_json::value::RawValue;

use self::hierarchy::Hierarchy;
pub(crate) use self::hierarchy::{HIERARCHY_KEYS, NODE_KEYS};
use self::tasks::{ShownTask, shown_tasks};
use crate::members::Members;
use crate::store::{StoredPage, StoredProfile};
use crate::vocabulary::Vocabulary;
use crate::{SandboxSettings, Vendor};

/// Whose tasks are shown.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Job,
    Employee,
}

/// What a request can ask to be added to each task, by the names of `include`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expansion {
    AiImpact,
    SourceData,
    SourceEvents,
    LinkedSkills,
    RejectedTasks,
    WeeklyHours,
}

impl Expansion {
    const OF_JOBS: [Self; 5] = [
        Self::AiImpact,
        Self::SourceData,
        Self::LinkedSkills,
        Self::RejectedTasks,
        Self::WeeklyHours,
    ];
    const OF_EMPLOYEES: [Self; 5] = [
        Self::AiImpact,
        Self::SourceEvents,
        Self::LinkedSkills,
        Self::RejectedTasks,
        Self::WeeklyHours,
    ];

    /// All that can be added to a task of this subject.
    pub(crate) const fn of(subject: Subject) -> [Self; 5] {
        match subject {
            Subject::Job => Self::OF_JOBS,
            Subject::Employee => Self::OF_EMPLOYEES,
        }
    }

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AiImpact => "ai_impact",
            Self::SourceData => "source_data",
            Self::SourceEvents => "source_events",
            Self::LinkedSkills => "linked_skills",
            Self::RejectedTasks => "rejected_tasks",
            Self::WeeklyHours => "weekly_hours",
        }
    }
}

/// The two shapes of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum ResponseFormat {
    #[default]
    List,
    Hierarchy,
}

impl ResponseFormat {
    pub(crate) const ALL: [Self; 2] = [Self::List, Self::Hierarchy];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Hierarchy => "hierarchy",
        }
    }
}

/// How records are to look.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) subject: Subject,
    pub(crate) format: ResponseFormat,
    pub(crate) include: Vec<Expansion>,
    pub(crate) vendor: Vendor,
    pub(crate) vocabulary: Arc<Vocabulary>,
    pub(crate) settings: Arc<SandboxSettings>,
}

impl Shape {
    fn includes(&self, expansion: Expansion) -> bool {
        self.include.contains(&expansion)
    }
}

/// The body of the answer to a request for a page.
pub(crate) fn write_page(page: &StoredPage, shape: &Shape) -> serde_json::Result<Vec<u8>> {
    let records = page
        .profiles
        .iter()
        .map(|profile| Record::new(profile, shape))
        .collect::<serde_json::Result<_>>()?;
    let last = page.profiles.last().filter(|_| page.has_next);
    serde_json::to_vec(&Answer {
        has_next: page.has_next,
        records,
        next_starting_after: last.map(|profile| profile.external_id.as_str()),
    })
}

/// The body of the answer to a request for one profile: the record alone.
pub(crate) fn write_record(profile: &StoredProfile, shape: &Shape) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Record::new(profile, shape)?)
}

#[derive(Serialize)]
struct Answer<'a> {
    has_next: bool,
    records: Vec<Record<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_starting_after: Option<&'a str>,
}

struct Record<'a> {
    external_id: &'a str,
    tasks: Vec<ShownTask<'a>>,
    /// Fields of a dataset that nobody knows.
    more: Vec<(Cow<'a, str>, &'a RawValue)>,
    shape: &'a Shape,
}

impl<'a> Record<'a> {
    fn new(profile: &'a StoredProfile, shape: &'a Shape) -> serde_json::Result<Self> {
        let tasks = shown_tasks(profile, shape)?;
        let more = match &profile.more {
            Some(more) => serde_json::from_str::<Members<'_>>(more)?.0,
            None => Vec::new(),
        };
        Ok(Self { external_id: &profile.external_id, tasks, more, shape })
    }
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_map(None)?;
        record.serialize_entry("external_id", self.external_id)?;
        match self.shape.format {
            ResponseFormat::List => record.serialize_entry("tasks", &self.tasks)?,
            ResponseFormat::Hierarchy => {
                Hierarchy::of(&self.tasks, &self.shape.settings).write(&mut record)?;
            }
        }
        for (name, value) in &self.more {
            record.serialize_entry(name, value)?;
        }
        record.end()
    }
}
