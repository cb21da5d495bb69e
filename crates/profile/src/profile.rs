//! Records as task profiles.

use taskferry_json::{Edit, Node};

use crate::check::check_tasks;
use crate::prune::Prune;
use crate::task::{is_job, is_row};
use crate::visit::Walk;
use crate::{Branch, Mismatch};

/// A record with tasks.
#[derive(Debug, Clone, Copy)]
pub enum Profile<'a> {
    /// A job, with tasks in a list or a hierarchy.
    Job(Job<'a>),
    /// A single task.
    Row(Node<'a>),
}

/// A job whose tasks have been checked.
#[derive(Debug, Clone, Copy)]
pub struct Job<'a> {
    node: Node<'a>,
    has_null_tasks: bool,
}

/// Members that identify a row without `task_id`.
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
    /// | in `tasks`, an object without tasks | refused |
    /// | a list with an item that is neither a task nor a branch | refused |
    ///
    /// # Errors
    /// A record that is neither a job nor a row, or the first refused value of a job.
    pub fn of(record: Node<'a>) -> Result<Self, Mismatch> {
        if is_row(record) {
            Ok(Self::Row(record))
        } else if is_job(record) {
            Ok(Self::Job(Job { node: record, has_null_tasks: check_tasks(record)? }))
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
        self.has_null_tasks
    }

    /// Visits every task with the levels above it, in the order of the record.
    ///
    /// # Errors
    /// The first error of `visit`.
    pub fn visit_tasks<E>(
        &self,
        visit: impl FnMut(Node<'a>, &Branch<'a>) -> Result<(), E>,
    ) -> Result<(), E> {
        Walk::new(visit).job(self.node)
    }

    /// Removes the tasks for which `keep` returns false, and branches that become empty. Branches that were empty before, and
    /// the job's own lists, are kept. Returns the number of remaining tasks.
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
    /// The first error of `keep`.
    pub fn retain_tasks<E>(
        &self,
        edit: &mut Edit<'a>,
        keep: impl FnMut(Node<'a>) -> Result<bool, E>,
    ) -> Result<usize, E> {
        Prune::new(edit, keep).job(self.node)
    }
}
