//! Transforms of single tasks, made of closures.

use std::any::type_name;
use std::fmt;

use taskferry_json::{Edit, Node};
use taskferry_sdk::{Counters, ErrorKind, Output, Record, StageError, Transform};

use crate::{EmptyJobs, Mismatch, Profile, TaskRef, null_tasks};

/// A transform that keeps the tasks for which a closure returns true. It accepts any layout. From a job, it removes the other tasks
/// and the branches that become empty. A row is one task, which it keeps or drops.
///
/// ```
/// use taskferry_profile::TaskFilter;
/// use taskferry_sdk::AnyTransform;
/// use taskferry_sdk::testing::TransformTest;
///
/// let least = 2.0;
/// let filter = TaskFilter::new(move |task| Ok(task.weekly_hours()?.is_some_and(|hours| hours >= least)));
///
/// let mut test = TransformTest::of(AnyTransform::stateless(filter));
/// let list = r#"{"external_id":"j1","tasks":[{"task_id":"t1","weekly_hours":1},{"task_id":"t2","weekly_hours":3}]}"#;
/// assert_eq!(test.apply(list)?, [r#"{"external_id":"j1","tasks":[{"task_id":"t2","weekly_hours":3}]}"#]);
/// let hierarchy = r#"{"external_id":"j1","domains":[{"name":"A","tasks":[{"task_id":"t1","weekly_hours":1}]}]}"#;
/// assert!(test.apply(hierarchy)?.is_empty());
/// let row = r#"{"job_external_id":"j1","task_id":"t2","weekly_hours":2}"#;
/// assert_eq!(test.apply(row)?, [row]);
/// # Ok::<(), taskferry_sdk::StageError>(())
/// ```
pub struct TaskFilter<F> {
    keep: F,
    empty_jobs: EmptyJobs,
    option: Option<&'static str>,
}

impl<F: Fn(TaskRef<'_>) -> Result<bool, StageError> + Send + Sync> TaskFilter<F> {
    /// Keeps the tasks for which `keep` returns true. An error refuses the record.
    pub fn new(keep: F) -> Self {
        Self { keep, empty_jobs: EmptyJobs::Drop, option: None }
    }

    /// Sets the action for a job without remaining tasks. By default, it is dropped.
    #[must_use]
    pub fn empty_jobs(mut self, action: EmptyJobs) -> Self {
        self.empty_jobs = action;
        self
    }

    /// Sets the option that drops tasks, for [explanations](Output::explain).
    #[must_use]
    pub fn explained_by(mut self, option: &'static str) -> Self {
        self.option = Some(option);
        self
    }

    fn keeps(&self, task: Node<'_>, out: &mut Output) -> Result<bool, StageError> {
        let task = TaskRef::new(task);
        let keeps = (self.keep)(task).map_err(|error| in_task(error, task))?;
        if let Some(option) = self.option.filter(|_| !keeps) {
            out.explain(option, || format!("drops the task `{}`", task.name()));
        }
        Ok(keeps)
    }
}

impl<F: Fn(TaskRef<'_>) -> Result<bool, StageError> + Send + Sync> Transform for TaskFilter<F> {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let mut edit = record.edit()?;
        let is_kept = match Profile::of(record.root()?)? {
            Profile::Row(row) => self.keeps(row, out)?,
            Profile::Job(job) => {
                null_tasks::count(job, out);
                let remaining = job.retain_tasks(&mut edit, |task| self.keeps(task, out))?;
                remaining > 0 || self.empty_jobs == EmptyJobs::Keep
            }
        };
        if is_kept {
            out.emit(edit.finish_if_changed().map_or(record, Record::from));
        }
        Ok(())
    }

    fn warnings(&self, _: u64, totals: &Counters) -> Vec<String> {
        null_tasks::warning(totals.get(null_tasks::NAME)).into_iter().collect()
    }
}

/// A transform that changes each task by a closure. It accepts any layout. Everything that the closure does not change keeps its
/// bytes.
///
/// ```
/// use taskferry_profile::TaskEditor;
/// use taskferry_sdk::AnyTransform;
/// use taskferry_sdk::testing::TransformTest;
///
/// let editor = TaskEditor::new(|task, edit| {
///     let hours = task.weekly_hours()?;
///     edit.set(task.node(), "yearly_hours", hours.map(|hours| hours * 46.0));
///     Ok(())
/// });
///
/// let mut test = TransformTest::of(AnyTransform::stateless(editor));
/// let job = r#"{"external_id":"j1","tasks":[{"task_id":"t1","weekly_hours":2}]}"#;
/// assert_eq!(
///     test.apply(job)?,
///     [r#"{"external_id":"j1","tasks":[{"task_id":"t1","weekly_hours":2,"yearly_hours":92.0}]}"#]
/// );
/// # Ok::<(), taskferry_sdk::StageError>(())
/// ```
pub struct TaskEditor<F> {
    change: F,
}

impl<F: for<'a> Fn(TaskRef<'a>, &mut Edit<'a>) -> Result<(), StageError> + Send + Sync>
    TaskEditor<F>
{
    /// Changes each task by `change`. An error refuses the record.
    pub fn new(change: F) -> Self {
        Self { change }
    }
}

impl<F: for<'a> Fn(TaskRef<'a>, &mut Edit<'a>) -> Result<(), StageError> + Send + Sync> Transform
    for TaskEditor<F>
{
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let mut edit = record.edit()?;
        let mut change = |task| {
            let task = TaskRef::new(task);
            (self.change)(task, &mut edit).map_err(|error| in_task(error, task))
        };
        match Profile::of(record.root()?)? {
            Profile::Row(row) => change(row)?,
            Profile::Job(job) => {
                null_tasks::count(job, out);
                job.visit_tasks(|task, _| change(task))?;
            }
        }
        out.emit(edit.finish_if_changed().map_or(record, Record::from));
        Ok(())
    }

    fn warnings(&self, _: u64, totals: &Counters) -> Vec<String> {
        null_tasks::warning(totals.get(null_tasks::NAME)).into_iter().collect()
    }
}

fn in_task(error: StageError, task: TaskRef<'_>) -> StageError {
    error.context(format!("task `{}`", task.name()))
}

/// Refuses the record, so that a closure can use `?`.
impl From<Mismatch> for StageError {
    fn from(mismatch: Mismatch) -> Self {
        let hint = match mismatch {
            Mismatch::Shape => {
                "place this transform before the one that changes the shape of records".to_owned()
            }
            Mismatch::Value { .. } => mismatch.hint("this transform"),
        };
        Self::new(ErrorKind::Record, mismatch.to_string()).hint(hint)
    }
}

/// Writes the path of the closure.
impl<F> fmt::Debug for TaskFilter<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TaskFilter").field(&type_name::<F>()).finish()
    }
}

/// Writes the path of the closure.
impl<F> fmt::Debug for TaskEditor<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("TaskEditor").field(&type_name::<F>()).finish()
    }
}
