//! Task profiles as TechWolf's export and our dataset files hold them.
//!
//! The export's record has `external_id` and `tasks` alone; names, families and each task's hierarchy stand in
//! dataset files only. What the API may leave out is optional here and may be null, open enumerations are text,
//! and fields that nobody here knows are passed over: what has to survive a journey travels as JSON, not as this.
//!
//! Facts carry the mark of their source: *seen* in TechWolf's public pages, *inferred* from them, or *unknown*.
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
    /// The job's name. The export does not carry it (seen); dataset files do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_name: Option<String>,
    /// Id of the job's family, which the filter `job_family_id_is_in_list` asks for. Dataset files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_family_id: Option<String>,
    /// Name of the job's family. Dataset files only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub job_family_name: Option<String>,
    /// The job's tasks, empty for a job without a profile (seen). Their order is unknown to have a meaning.
    pub tasks: Vec<Task>,
}

/// A task of a job.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Task {
    /// A slug or something that looks like a UUID, at most 100 characters (seen). Don't validate it as a UUID:
    /// the ids in TechWolf's own pages are none.
    pub task_id: String,
    /// What is done, in a few words (seen: 15 to 320 characters for tasks that customers add).
    pub task: String,
    /// Whether people have confirmed the task.
    pub validation_state: ValidationState,
    /// Estimated hours a week. Seen as a whole number, and absent although asked for; a fraction or null is
    /// unknown, so both are taken. The number keeps its exact text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub weekly_hours: Option<Number>,
    /// How far AI can take the task over. May be absent (inferred: a new task is assessed some time later).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ai_impact: Option<AiImpact>,
    /// The skills behind the task. Whether a task without any has an empty list or none is unknown.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub linked_skills: Option<Vec<Skill>>,
    /// The job profile data entries from which the task was derived (seen).
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub source_data: Option<Vec<SourceEntry>>,
    /// Where the task stands in the work taxonomy; none for tasks that are not placed yet (seen on
    /// `GET /tasks/{task_id}`). The list export does not carry it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hierarchy: Option<TaskHierarchy>,
}

/// Whether people have confirmed a task: an open enumeration, so any text is taken.
///
/// Seen on tasks are `validated` and `suggested`; `rejected` is inferred from the include value `rejected_tasks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ValidationState(pub String);

impl ValidationState {
    /// Confirmed by people.
    pub const VALIDATED: &'static str = "validated";
    /// Proposed, and not looked at yet.
    pub const SUGGESTED: &'static str = "suggested";
    /// Turned down by people; exported only when asked for.
    pub const REJECTED: &'static str = "rejected";
}

/// How far AI can take a task over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AiImpact {
    /// The level as it was sent; [`AiLevel`](crate::AiLevel) knows the usual ones, the full list is unknown.
    pub level: String,
    /// Why this level, in free text.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub rationale: Option<String>,
}

/// A skill as it is linked to a task.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Skill {
    /// Id in the vocabulary that was asked for: a UUID in TechWolf's own (seen), unknown in other vendors'.
    pub skill_id: String,
    /// Name in the vocabulary that was asked for.
    pub skill: String,
}

/// A job profile data entry: a description, a vacancy, …
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SourceEntry {
    /// The customer's id of the entry.
    pub external_id: String,
}

/// A task's place in the work taxonomy, from the widest level to the narrowest. That there are these four levels
/// is seen; the names of the keys are ours, since no public page shows them.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct TaskHierarchy {
    /// First level.
    pub domain: String,
    /// Second level.
    pub subdomain: String,
    /// Third level.
    pub cluster: String,
    /// Fourth level: the task in general words.
    pub canonical_task: String,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn optional_members_may_be_null_or_absent_and_unknown_ones_are_passed_over() {
        let task: Task = serde_json::from_str(
            r#"{"task_id": "a", "task": "b", "validation_state": "new one", "weekly_hours": null,
                "ai_impact": {"level": "H9"}, "hierarchy": null, "since": {"deep": [1]}}"#,
        )
        .unwrap();
        assert_eq!(task.validation_state.0, "new one");
        assert_eq!(task.weekly_hours, None);
        assert_eq!(task.ai_impact.unwrap().rationale, None);
        assert_eq!(task.linked_skills, None);
    }

    #[test]
    fn hours_keep_their_exact_text() {
        for hours in ["5", "1.30", "7.5", "12345678901234567890.1"] {
            let text = format!(
                r#"{{"task_id":"a","task":"b","validation_state":"c","weekly_hours":{hours}}}"#
            );
            let task: Task = serde_json::from_str(&text).unwrap();
            assert_eq!(serde_json::to_string(&task).unwrap(), text);
        }
    }
}
