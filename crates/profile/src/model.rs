//! Task profiles of TechWolf's export and of dataset files.
//!
//! A record of the export has only `external_id` and `tasks`. Names, families and the hierarchy of tasks are in dataset files
//! only. Fields that the API can omit are optional and can be null. Open enumerations are strings. Unknown fields are ignored,
//! so records that must be preserved are handled as JSON, not as these types.
//!
//! Facts are marked by their source: *seen* in TechWolf's public pages, *inferred* from them, or *unknown*.
//!
//! ```
//! use taskferry_profile::model::JobProfile;
//!
//! let profile: JobProfile = serde_json::from_str(
//!     r#"{"external_id": "job-1", "tasks": [
//!         {"task_id": "review-model-outputs", "task": "Review model outputs", "validation_state": "suggested"}]}"#,
//! )?;
//! assert!(profile.tasks[0].weekly_hours.is_none());
//! # Ok::<(), serde_json::Error>(())
//! ```

use serde::{Deserialize, Serialize};
use serde_json::Number;

/// A job with its tasks: a list record of the export, or a line of a dataset file.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct JobProfile {
    /// The customer's id of the job: 1 to 100 characters of `[a-zA-Z0-9_-]` (seen).
    pub external_id: String,
    /// The job's name. Dataset files only (seen).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_name: Option<String>,
    /// The id of the job's family, for the filter `job_family_id_is_in_list`. Dataset files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_family_id: Option<String>,
    /// The name of the job's family. Dataset files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_family_name: Option<String>,
    /// The job's tasks, empty for a job without a profile (seen). Whether their order has a meaning is unknown.
    pub tasks: Vec<Task>,
}

/// A task of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// A slug or a text like a UUID, at most 100 characters (seen). The ids in TechWolf's pages are not valid UUIDs.
    pub task_id: String,
    /// A short description (seen: 15 to 320 characters for tasks that customers add).
    pub task: String,
    /// Whether people have confirmed the task.
    pub validation_state: ValidationState,
    /// Estimated hours a week. Seen as a whole number, and absent although requested. Whether fractions or null occur is
    /// unknown, so both are accepted. The number keeps its text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly_hours: Option<Number>,
    /// The AI impact. Can be absent (inferred: a new task is assessed later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai_impact: Option<AiImpact>,
    /// The linked skills. Whether a task without skills has an empty list or no list is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_skills: Option<Vec<Skill>>,
    /// The job profile data from which the task was derived (seen).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_data: Option<Vec<SourceEntry>>,
    /// The position in the work taxonomy, if the task has one (seen in `GET /tasks/{task_id}`). Not in the list export.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hierarchy: Option<TaskHierarchy>,
}

/// Whether people have confirmed a task. An open enumeration.
///
/// `validated` and `suggested` are seen. `rejected` is inferred from the include value `rejected_tasks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ValidationState(pub String);

impl ValidationState {
    /// Confirmed by people.
    pub const VALIDATED: &'static str = "validated";
    /// Proposed, not reviewed yet.
    pub const SUGGESTED: &'static str = "suggested";
    /// Rejected by people. Exported only on request.
    pub const REJECTED: &'static str = "rejected";
}

/// The AI impact of a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AiImpact {
    /// The level as sent. [`AiLevel`](crate::AiLevel) has the usual ones; the full list is unknown.
    pub level: String,
    /// The reason for the level, in free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
}

/// A skill that is linked to a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// The id in the requested vocabulary: a UUID in TechWolf's (seen), unknown in other vendors'.
    pub skill_id: String,
    /// The name in the requested vocabulary.
    pub skill: String,
}

/// A job profile data entry: a description, a vacancy, …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// The customer's id of the entry.
    pub external_id: String,
}

/// The position of a task in the work taxonomy. The four levels are seen. No public page shows the keys, so this crate
/// defines them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TaskHierarchy {
    /// First level.
    pub domain: String,
    /// Second level.
    pub subdomain: String,
    /// Third level.
    pub cluster: String,
    /// Fourth level: the canonical task.
    pub canonical_task: String,
}
