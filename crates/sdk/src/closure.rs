//! Transforms made of closures.

use std::any::type_name;
use std::fmt;

use taskferry_json::{Edit, Node};

use crate::{AnyTransform, Output, Record, StageError, Transform};

/// Transforms of closures. A transform that counts, warns or explains implements [`Transform`] instead.
///
/// An error refuses the record, and `on_error` of the stage decides what happens to it.
impl AnyTransform {
    /// A stateless transform that drops the records for which `keep` returns false.
    ///
    /// ```
    /// use taskferry_sdk::AnyTransform;
    /// use taskferry_sdk::testing::TransformTest;
    ///
    /// let described = AnyTransform::filter(|record| Ok(record.get("task").is_some()));
    ///
    /// let mut test = TransformTest::of(described);
    /// assert_eq!(test.apply(r#"{"task": "Write reports"}"#)?.len(), 1);
    /// assert_eq!(test.apply(r#"{"task_id": "t1"}"#)?.len(), 0);
    /// # Ok::<(), taskferry_sdk::StageError>(())
    /// ```
    pub fn filter(
        keep: impl Fn(Node<'_>) -> Result<bool, StageError> + Send + Sync + 'static,
    ) -> Self {
        Self::of_closure(keep, |keep, record, out| {
            if keep(record.root()?)? {
                out.emit(record);
            }
            Ok(())
        })
    }

    /// A stateless transform that changes each record through an [`Edit`]. Everything that `change` does not name keeps its bytes.
    ///
    /// ```
    /// use taskferry_sdk::AnyTransform;
    /// use taskferry_sdk::testing::TransformTest;
    ///
    /// let stamp = AnyTransform::edit(|record, edit| {
    ///     edit.set(record, "source", "survey");
    ///     edit.rename(record, "weekly_hours", "hours");
    ///     Ok(())
    /// });
    ///
    /// let mut test = TransformTest::of(stamp);
    /// assert_eq!(test.apply(r#"{"weekly_hours": 1.50}"#)?, [r#"{"hours": 1.50,"source":"survey"}"#]);
    /// # Ok::<(), taskferry_sdk::StageError>(())
    /// ```
    pub fn edit(
        change: impl for<'a> Fn(Node<'a>, &mut Edit<'a>) -> Result<(), StageError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        Self::of_closure(change, |change, record, out| {
            let mut edit = record.edit()?;
            change(record.root()?, &mut edit)?;
            out.emit(edit.finish_if_changed().map_or(record, Record::from));
            Ok(())
        })
    }

    /// A stateless transform that replaces each record by another one.
    ///
    /// ```
    /// use taskferry_sdk::AnyTransform;
    /// use taskferry_sdk::json::Text;
    /// use taskferry_sdk::testing::TransformTest;
    ///
    /// let counted = AnyTransform::map(|job| {
    ///     let job = job.root()?;
    ///     Ok(Text::object(|row| {
    ///         row.member("job", job.get("external_id"));
    ///         row.member("tasks", job.get("tasks").map_or(0, |tasks| tasks.len()));
    ///     }))
    /// });
    ///
    /// let mut test = TransformTest::of(counted);
    /// assert_eq!(test.apply(r#"{"external_id": "j1", "tasks": [{}, {}]}"#)?, [r#"{"job":"j1","tasks":2}"#]);
    /// # Ok::<(), taskferry_sdk::StageError>(())
    /// ```
    pub fn map<R: Into<Record>>(
        change: impl Fn(Record) -> Result<R, StageError> + Send + Sync + 'static,
    ) -> Self {
        Self::of_closure(change, |change, record, out| {
            out.emit(change(record)?);
            Ok(())
        })
    }

    /// A stateless transform that replaces each record by any number of records, in this order.
    ///
    /// ```
    /// use taskferry_sdk::testing::TransformTest;
    /// use taskferry_sdk::{AnyTransform, Record};
    ///
    /// let tasks = AnyTransform::flat_map(|job| {
    ///     let tasks = job.root()?.get("tasks");
    ///     Ok(tasks.into_iter().flat_map(|tasks| tasks.items()).map(Record::from_node).collect::<Vec<_>>())
    /// });
    ///
    /// let mut test = TransformTest::of(tasks);
    /// assert_eq!(test.apply(r#"{"tasks": [{"task_id": "t1"}, {"task_id": "t2"}]}"#)?.len(), 2);
    /// # Ok::<(), taskferry_sdk::StageError>(())
    /// ```
    pub fn flat_map<R: IntoIterator<Item: Into<Record>>>(
        split: impl Fn(Record) -> Result<R, StageError> + Send + Sync + 'static,
    ) -> Self {
        Self::of_closure(split, |split, record, out| {
            split(record)?.into_iter().for_each(|record| out.emit(record));
            Ok(())
        })
    }

    fn of_closure<F: Send + Sync + 'static>(
        closure: F,
        apply: fn(&F, Record, &mut Output) -> Result<(), StageError>,
    ) -> Self {
        Self::stateless(Closure { closure, apply })
    }
}

struct Closure<F> {
    closure: F,
    apply: fn(&F, Record, &mut Output) -> Result<(), StageError>,
}

impl<F: Send + Sync> Transform for Closure<F> {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        (self.apply)(&self.closure, record, out)
    }
}

/// Writes the path of the closure.
impl<F> fmt::Debug for Closure<F> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Closure").field(&type_name::<F>()).finish()
    }
}
