//! Records as task profiles.

use taskferry_json::{Edit, Node};

use crate::check::check_tasks;
use crate::prune::Prune;
use crate::task::{is_job, is_row};
use crate::visit::Walk;
use crate::{Branch, Mismatch};

/// A record that holds tasks.
#[derive(Debug, Clone, Copy)]
pub enum Profile<'a> {
    /// A job, whose tasks stand below it in a list or a hierarchy.
    Job(Job<'a>),
    /// One task on its own.
    Row(Node<'a>),
}

/// A job in which everything that stands in the place of a task is a task.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    node: Node<'a>,
    null_branches: usize,
}

/// Members by which a row is known when it has lost its `task_id`.
const ROW_MEMBERS: [&str; 3] = ["job_external_id", "employee_external_id", "ai_impact_level"];

impl<'a> Profile<'a> {
    /// Reads a record.
    ///
    /// ```
    /// use taskferry_json::Document;
    /// use taskferry_profile::Profile;
    ///
    /// let job = Document::parse(r#"{"external_id": "j1", "tasks": []}"#)?;
    /// assert!(matches!(Profile::of(job.root()), Ok(Profile::Job(_))));
    /// let row = Document::parse(r#"{"job_external_id": "j1", "task_id": "t1"}"#)?;
    /// assert!(matches!(Profile::of(row.root()), Ok(Profile::Row(_))));
    /// let other = Document::parse(r#"{"total": 3}"#)?;
    /// assert!(Profile::of(other.root()).is_err());
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    ///
    /// In `tasks` and in the branches of a hierarchy, these values are expected:
    ///
    /// | value | |
    /// |---|---|
    /// | a list of objects with `task_id` | its tasks |
    /// | nothing, an empty list, null | no task |
    /// | a text, a number, a boolean | refused |
    /// | in `tasks`, an object in which there is no task | refused |
    /// | a list with an entry that is neither a task nor a branch | refused |
    ///
    /// # Errors
    /// A record that is neither a job nor a row; the first value of a job that is refused.
    pub fn of(record: Node<'a>) -> Result<Self, Mismatch> {
        if is_row(record) {
            Ok(Self::Row(record))
        } else if is_job(record) {
            Ok(Self::Job(Job { node: record, null_branches: check_tasks(record)? }))
        } else if ROW_MEMBERS.iter().any(|name| record.get(name).is_some()) {
            Ok(Self::Row(record))
        } else {
            Err(Mismatch::Shape)
        }
    }
}

impl<'a> Job<'a> {
    /// The whole job.
    pub fn node(&self) -> Node<'a> {
        self.node
    }

    /// Whether `tasks` or a branch of the hierarchy is null, which counts as an empty list.
    pub fn has_null_tasks(&self) -> bool {
        self.null_branches > 0
    }

    /// Visits every task with what stands above it, in the order of the record.
    ///
    /// # Errors
    /// The first that `visit` returns; the walk ends with it.
    pub fn visit_tasks<E>(
        &self,
        visit: impl FnMut(Node<'a>, &Branch<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        Walk::new(visit).job(self.node)
    }

    /// Removes the tasks that `keep` does not want, and the branches that are left without any. What held no task before
    /// stays, and so do the job's own lists, if need be empty. Returns how many tasks stay.
    ///
    /// ```
    /// use taskferry_json::Document;
    /// use taskferry_profile::Profile;
    ///
    /// let record = r#"{"domains": [{"name": "A", "tasks": [{"task_id": 1}]}, {"name": "B", "tasks": [{"task_id": 2}]}]}"#;
    /// let record = Document::parse(record)?;
    /// let Profile::Job(job) = Profile::of(record.root())? else { panic!("the record is a row") };
    /// let mut edit = record.edit();
    /// let keep = |task: taskferry_json::Node<'_>| Ok::<_, ()>(task.get("task_id").unwrap().raw() == b"2");
    /// assert_eq!(job.retain_tasks(&mut edit, keep), Ok(1));
    /// assert_eq!(edit.finish().to_string(), r#"{"domains": [{"name": "B", "tasks": [{"task_id": 2}]}]}"#);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    ///
    /// # Errors
    /// The first that `keep` returns.
    pub fn retain_tasks<E>(
        &self,
        edit: &mut Edit<'a>,
        keep: impl FnMut(Node<'a>) -> Result<bool, E>,
    ) -> Result<usize, E> {
        Prune::new(edit, keep).job(self.node)
    }
}
