//! Changing profiles: what people decide about tasks.

use std::collections::BTreeMap;

use rusqlite::params;
use serde::Deserialize;
use serde_json::value::RawValue;
use taskferry_profile::model::ValidationState;

use super::view::{StoredProfile, View, now};
use crate::moment;
use crate::settings::LastUpdated;

/// What is decided about a task.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Decision {
    Validated,
    Rejected,
}

impl Decision {
    pub(crate) const ALL: [Self; 2] = [Self::Validated, Self::Rejected];

    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Validated => ValidationState::VALIDATED,
            Self::Rejected => ValidationState::REJECTED,
        }
    }
}

/// Why nothing was changed.
#[derive(Debug)]
pub(crate) enum FeedbackError {
    NoSuchJob,
    /// The job does not have these tasks.
    NoSuchTasks(Vec<String>),
    Database(rusqlite::Error),
    /// What is stored can't be read.
    Stored(serde_json::Error),
    /// A state was not found where it was read, which is a defect.
    Splice,
}

impl From<rusqlite::Error> for FeedbackError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Database(error)
    }
}

impl View {
    /// Puts the decisions into a job's profile, all or none, and gives the profile as it is then. `last_updated` says
    /// whether that is an update of the job.
    pub(crate) fn decide(
        &self,
        external_id: &str,
        decisions: &BTreeMap<String, Decision>,
        last_updated: LastUpdated,
    ) -> Result<StoredProfile, FeedbackError> {
        self.pool.write(|transaction| {
            let position =
                self.position_of_job(transaction, external_id)?.ok_or(FeedbackError::NoSuchJob)?;
            let (more, tasks): (Option<String>, String) = transaction
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
                    .execute(params![position, now(), moment::latest()])?;
            }
            Ok(StoredProfile { external_id: external_id.to_owned(), more, tasks })
        })
    }
}

#[derive(Deserialize)]
struct State<'a> {
    task_id: String,
    #[serde(borrow)]
    validation_state: &'a RawValue,
}

/// The tasks with other validation states, and otherwise byte for byte as they were.
fn with_decisions(
    tasks: &str,
    decisions: &BTreeMap<String, Decision>,
) -> Result<String, FeedbackError> {
    let states: Vec<State<'_>> = serde_json::from_str(tasks).map_err(FeedbackError::Stored)?;
    let unknown: Vec<_> = decisions
        .keys()
        .filter(|id| states.iter().all(|state| state.task_id != **id))
        .cloned()
        .collect();
    if !unknown.is_empty() {
        return Err(FeedbackError::NoSuchTasks(unknown));
    }
    let mut decided = String::with_capacity(tasks.len());
    let mut rest = tasks;
    for State { task_id, validation_state } in &states {
        let Some(decision) = decisions.get(task_id) else { continue };
        // Where the borrowed value lies in the text that it was borrowed from.
        let offset = (validation_state.get().as_ptr() as usize).checked_sub(rest.as_ptr() as usize);
        let parts = offset.and_then(|offset| {
            let after = rest.get(offset..)?.strip_prefix(validation_state.get())?;
            Some((rest.get(..offset)?, after))
        });
        let (before, after) = parts.ok_or(FeedbackError::Splice)?;
        decided.push_str(before);
        decided.push('"');
        decided.push_str(decision.as_str());
        decided.push('"');
        rest = after;
    }
    decided.push_str(rest);
    Ok(decided)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_but_the_states_is_touched() {
        let tasks = r#"[ {"task_id":"a", "validation_state" : "x","weekly_hours":1.30},{"validation_state":"\u0079","task_id":"b","since":2e3},{"task_id":"c","validation_state":"z"}]"#;
        let decisions =
            [("c".to_owned(), Decision::Rejected), ("b".to_owned(), Decision::Validated)];
        assert_eq!(
            with_decisions(tasks, &decisions.into()).unwrap(),
            tasks.replace(r#""\u0079""#, r#""validated""#).replace(r#""z""#, r#""rejected""#)
        );
        let unknown = [("d".to_owned(), Decision::Rejected), ("a".to_owned(), Decision::Rejected)];
        assert!(matches!(
            with_decisions(tasks, &unknown.into()),
            Err(FeedbackError::NoSuchTasks(unknown)) if unknown == ["d"]
        ));
    }
}
