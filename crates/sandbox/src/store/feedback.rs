//! Changes profiles by feedback on their tasks.

use std::collections::BTreeMap;

use rusqlite::params;
use schemars::JsonSchema;
use serde::Deserialize;
use taskferry_profile::model::ValidationState;
use taskferry_sdk::json::{Document, Error, Node};

use super::view::{StoredProfile, View};
use crate::settings::LastUpdated;
use crate::timestamp;

/// A decision about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(crate) enum Decision {
    Validated,
    Rejected,
}

impl Decision {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Validated => ValidationState::VALIDATED,
            Self::Rejected => ValidationState::REJECTED,
        }
    }
}

/// The reason why feedback was refused. Nothing was changed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FeedbackError {
    #[error("the job does not exist")]
    UnknownJob,
    #[error("the job does not have the tasks {0:?}")]
    UnknownTasks(Vec<String>),
    #[error(transparent)]
    Database(#[from] rusqlite::Error),
    /// The stored tasks are not valid JSON.
    #[error(transparent)]
    Json(#[from] Error),
}

impl View {
    /// Applies all decisions to the profile of a job, or none, and returns the changed profile. `last_updated` says whether
    /// the job counts as updated.
    pub(crate) fn decide(
        &self,
        external_id: &str,
        decisions: &BTreeMap<String, Decision>,
        last_updated: LastUpdated,
    ) -> Result<StoredProfile, FeedbackError> {
        self.pool.write(|transaction| {
            let position =
                self.position_of_job(transaction, external_id)?.ok_or(FeedbackError::UnknownJob)?;
            let (unknown_fields, tasks): (Option<String>, String) = transaction
                .prepare_cached("SELECT more, tasks FROM jobs WHERE position = ?1")?
                .query_row([position], |row| Ok((row.get(0)?, row.get(1)?)))?;
            let tasks = with_decisions(&tasks, decisions)?;
            transaction
                .prepare_cached("UPDATE jobs SET tasks = ?2 WHERE position = ?1")?
                .execute(params![position, tasks])?;
            if last_updated == LastUpdated::Profile {
                transaction
                    .prepare_cached(
                        "UPDATE jobs SET last_updated = max(?2, min(last_updated + 1, ?3)) WHERE position = ?1",
                    )?
                    .execute(params![position, timestamp::now(), timestamp::latest()])?;
            }
            Ok(StoredProfile { external_id: external_id.to_owned(), unknown_fields, tasks })
        })
    }
}

/// Replaces the validation states of the decided tasks. All other bytes stay unchanged.
fn with_decisions(
    tasks: &str,
    decisions: &BTreeMap<String, Decision>,
) -> Result<String, FeedbackError> {
    let tasks = Document::parse(tasks.to_owned())?;
    let mut edit = tasks.edit();
    let mut unknown: BTreeMap<&str, Decision> =
        decisions.iter().map(|(id, decision)| (id.as_str(), *decision)).collect();
    for task in tasks.root().items() {
        let id = task.get("task_id").and_then(Node::as_str).unwrap_or_default();
        if let Some(decision) = unknown.remove(&*id)
            && let Some(state) = task.get("validation_state")
        {
            edit.replace(state, decision.as_str());
        }
    }
    if !unknown.is_empty() {
        return Err(FeedbackError::UnknownTasks(unknown.into_keys().map(str::to_owned).collect()));
    }
    Ok(edit.finish().to_string())
}
