//! The records of the export, in both formats.

use std::borrow::Cow;

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::value::RawValue;
use taskferry_profile::model::{TaskHierarchy, ValidationState};

use crate::store::StoredPage;

/// What a request can ask to be added to each task, by the names of `include`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expansion {
    AiImpact,
    SourceData,
    LinkedSkills,
    RejectedTasks,
    WeeklyHours,
}

impl Expansion {
    pub(crate) const ALL: [Self; 5] = [
        Self::AiImpact,
        Self::SourceData,
        Self::LinkedSkills,
        Self::RejectedTasks,
        Self::WeeklyHours,
    ];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::AiImpact => "ai_impact",
            Self::SourceData => "source_data",
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

/// The keys of a hierarchy record's levels: the array that holds a level's nodes, and a node's name. No public page
/// shows them; these are inferred from the names of the levels, and whoever learns the real ones corrects them here.
const HIERARCHY_KEYS: [(&str, &str); 4] = [
    ("domains", "domain"),
    ("subdomains", "subdomain"),
    ("clusters", "cluster"),
    ("canonical_tasks", "canonical_task"),
];

/// How records are to look.
#[derive(Debug)]
pub(crate) struct Shape {
    pub(crate) format: ResponseFormat,
    pub(crate) include: Vec<Expansion>,
}

/// The body of the answer.
pub(crate) fn write_page(page: &StoredPage, shape: &Shape) -> serde_json::Result<Vec<u8>> {
    let records = page
        .jobs
        .iter()
        .map(|job| {
            let tasks: Vec<StoredTask<'_>> = serde_json::from_str(&job.tasks)?;
            let shown = tasks.into_iter().filter(|task| shape.shows(task)).collect();
            Ok(Record { external_id: &job.external_id, tasks: shown, shape })
        })
        .collect::<serde_json::Result<Vec<_>>>()?;
    let last = page.jobs.last().filter(|_| page.has_next);
    serde_json::to_vec(&Answer {
        has_next: page.has_next,
        records,
        next_starting_after: last.map(|job| job.external_id.as_str()),
    })
}

#[derive(Serialize)]
struct Answer<'a> {
    has_next: bool,
    records: Vec<Record<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_starting_after: Option<&'a str>,
}

/// A task as it was loaded. What is only passed on stays text, so numbers keep theirs.
#[derive(Deserialize)]
struct StoredTask<'a> {
    #[serde(borrow)]
    task_id: &'a RawValue,
    #[serde(borrow)]
    task: &'a RawValue,
    #[serde(borrow)]
    validation_state: Cow<'a, str>,
    #[serde(borrow, default, deserialize_with = "present")]
    weekly_hours: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    ai_impact: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    linked_skills: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "present")]
    source_data: Option<&'a RawValue>,
    hierarchy: Option<TaskHierarchy>,
}

/// A null that is present is passed on as such.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<&'de RawValue>, D::Error> {
    <&RawValue>::deserialize(deserializer).map(Some)
}

impl Shape {
    fn includes(&self, expansion: Expansion) -> bool {
        self.include.contains(&expansion)
    }

    fn shows(&self, task: &StoredTask<'_>) -> bool {
        task.validation_state != ValidationState::REJECTED
            || self.includes(Expansion::RejectedTasks)
    }
}

struct Record<'a> {
    external_id: &'a str,
    tasks: Vec<StoredTask<'a>>,
    shape: &'a Shape,
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_map(None)?;
        record.serialize_entry("external_id", self.external_id)?;
        let shape = self.shape;
        if shape.format == ResponseFormat::List {
            record
                .serialize_entry("tasks", &Tasks { tasks: self.tasks.iter().collect(), shape })?;
        } else {
            let (placed, unplaced): (Vec<_>, Vec<_>) =
                self.tasks.iter().partition(|task| task.hierarchy.is_some());
            record
                .serialize_entry(HIERARCHY_KEYS[0].0, &Level { depth: 0, tasks: placed, shape })?;
            if !unplaced.is_empty() {
                record.serialize_entry("tasks", &Tasks { tasks: unplaced, shape })?;
            }
        }
        record.end()
    }
}

struct Tasks<'a> {
    tasks: Vec<&'a StoredTask<'a>>,
    shape: &'a Shape,
}

impl Serialize for Tasks<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.tasks.iter().map(|task| ShownTask { task, shape: self.shape }))
    }
}

struct ShownTask<'a> {
    task: &'a StoredTask<'a>,
    shape: &'a Shape,
}

impl Serialize for ShownTask<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let task = self.task;
        let mut shown = serializer.serialize_map(None)?;
        shown.serialize_entry("task_id", task.task_id)?;
        shown.serialize_entry("task", task.task)?;
        shown.serialize_entry("validation_state", &task.validation_state)?;
        // In the order of TechWolf's example.
        for (expansion, member) in [
            (Expansion::WeeklyHours, task.weekly_hours),
            (Expansion::AiImpact, task.ai_impact),
            (Expansion::LinkedSkills, task.linked_skills),
            (Expansion::SourceData, task.source_data),
        ] {
            if let Some(value) = member.filter(|_| self.shape.includes(expansion)) {
                shown.serialize_entry(expansion.as_str(), value)?;
            }
        }
        shown.end()
    }
}

/// All nodes of one level below one parent.
struct Level<'a> {
    depth: usize,
    /// What stands below the parent.
    tasks: Vec<&'a StoredTask<'a>>,
    shape: &'a Shape,
}

impl Serialize for Level<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut nodes: Vec<Node<'_>> = Vec::new();
        for task in &self.tasks {
            let name = task.level_name(self.depth);
            match nodes.iter_mut().find(|node| node.name == name) {
                Some(node) => node.below.tasks.push(task),
                None => nodes.push(Node {
                    name,
                    below: Level { depth: self.depth + 1, tasks: vec![task], shape: self.shape },
                }),
            }
        }
        let mut sequence = serializer.serialize_seq(Some(nodes.len()))?;
        for node in &nodes {
            sequence.serialize_element(node)?;
        }
        sequence.end()
    }
}

/// One branch: in the order of its first task.
struct Node<'a> {
    name: &'a str,
    below: Level<'a>,
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Level { depth, tasks, shape } = &self.below;
        let mut node = serializer.serialize_map(Some(2))?;
        node.serialize_entry(HIERARCHY_KEYS[depth - 1].1, self.name)?;
        match HIERARCHY_KEYS.get(*depth) {
            Some((list, _)) => node.serialize_entry(list, &self.below)?,
            None => node.serialize_entry("tasks", &Tasks { tasks: tasks.clone(), shape })?,
        }
        node.end()
    }
}

impl StoredTask<'_> {
    /// The name of the branch at `depth` on which the task stands.
    fn level_name(&self, depth: usize) -> &str {
        self.hierarchy.as_ref().map_or("", |hierarchy| match depth {
            0 => &hierarchy.domain,
            1 => &hierarchy.subdomain,
            2 => &hierarchy.cluster,
            _ => &hierarchy.canonical_task,
        })
    }
}
