//! How a request wants its records.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::settings::{SandboxSettings, Vendor};
use crate::vocabulary::Vocabulary;

/// Whose tasks are exported.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Subject {
    Job,
    Employee,
}

/// A field that a request can add to each task with `include`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
#[schemars(inline)]
pub(crate) enum Expansion {
    AiImpact,
    SourceData,
    SourceEvents,
    LinkedSkills,
    RejectedTasks,
    WeeklyHours,
}

impl Expansion {
    /// The fields that can be added to the tasks of this subject.
    pub(crate) const fn of(subject: Subject) -> [Self; 5] {
        let source = match subject {
            Subject::Job => Self::SourceData,
            Subject::Employee => Self::SourceEvents,
        };
        [Self::AiImpact, source, Self::LinkedSkills, Self::RejectedTasks, Self::WeeklyHours]
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

/// The format of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum ResponseFormat {
    #[default]
    List,
    Hierarchy,
}

/// How the records of a response are written.
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
    pub(super) fn includes(&self, expansion: Expansion) -> bool {
        self.include.contains(&expansion)
    }
}
