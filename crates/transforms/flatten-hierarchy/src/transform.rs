//! The work: jobs in, rows or jobs with flat lists of tasks out.

use serde_json::Value;
use taskferry_profile::null_tasks;
use taskferry_profile::text::RecordText;
use taskferry_profile::walk::{
    Misplaced, Object, Shape, check_tasks, is_branch, shape, take_tasks,
};
use taskferry_sdk::{Counters, ErrorKind, Output, Record, StageError, Transform};

use crate::above::{Above, above_tasks};
use crate::config::{EmptyJobs, Into};
use crate::explode::explode;
use crate::row::{JobFields, put, row};
use crate::row_text::Rows;

#[derive(Debug)]
pub(crate) struct Flatten {
    pub(crate) into: Into,
    pub(crate) empty_jobs: EmptyJobs,
    pub(crate) explode: Option<String>,
}

impl Transform for Flatten {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        match self.by_text(record.as_bytes()) {
            Some(Flat::Already) => out.emit(record),
            Some(Flat::Rows(rows)) => rows.emit(out),
            None => self.apply_to_tree(record, out)?,
        }
        Ok(())
    }

    fn warnings(&self, _: u64, totals: &Counters) -> Vec<String> {
        null_tasks::warning(totals.get(null_tasks::NAME)).into_iter().collect()
    }
}

/// What becomes of a record, as far as its text tells.
enum Flat {
    Already,
    Rows(Rows),
}

impl Flatten {
    /// `None` if it takes the tree to tell.
    fn by_text(&self, text: &[u8]) -> Option<Flat> {
        match (RecordText::of(text)?, self.into) {
            _ if self.explode.is_some() => None,
            // What becomes of a job without tasks is a rare case.
            (RecordText::Job(job), _) if job.tasks().len() == 0 => None,
            (RecordText::Row(_), _) | (_, Into::Tasks) => Some(Flat::Already),
            (RecordText::Job(job), Into::Rows) => Rows::of(&job).map(Flat::Rows),
        }
    }

    fn apply_to_tree(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let tree = record.value()?;
        let value = &tree;
        let shape = shape(value);
        if shape == Shape::Job && check_tasks(value).map_err(|found| misplaced(&found))? > 0 {
            out.count(null_tasks::NAME, 1);
        }
        match (shape, self.into) {
            (Shape::Row, _) if self.explode.is_none() => out.emit(record),
            (Shape::Row, _) => {
                if let Value::Object(row) = tree {
                    self.emit_row(row, out)?;
                }
            }
            (Shape::Job, Into::Rows) => self.emit_rows(tree, out)?,
            (Shape::Job, Into::Tasks) => {
                let above = above_tasks(value);
                if above.is_empty() && self.empty_jobs == EmptyJobs::Drop {
                    return Ok(());
                }
                if is_list(value, &above) {
                    out.emit(record);
                } else {
                    out.emit(with_flat_tasks(tree, &above));
                }
            }
            (Shape::Other, _) => return Err(neither_job_nor_row()),
        }
        Ok(())
    }

    fn emit_rows(&self, mut job: Value, out: &mut Output) -> Result<(), StageError> {
        let above = above_tasks(&job);
        let fields = JobFields::of(&job);
        let tasks = take_tasks(&mut job);
        if tasks.is_empty() && self.empty_jobs == EmptyJobs::Keep {
            self.emit_row(fields.row_without_task(), out)?;
        }
        for (task, above) in tasks.into_iter().zip(above) {
            let row = row(&fields, task, &above).map_err(|found| misplaced(&found))?;
            self.emit_row(row, out)?;
        }
        Ok(())
    }

    fn emit_row(&self, row: Object, out: &mut Output) -> Result<(), StageError> {
        match &self.explode {
            None => out.emit(Value::Object(row)),
            Some(field) => {
                for row in explode(row, field).map_err(|found| misplaced(&found))? {
                    out.emit(Value::Object(row));
                }
            }
        }
        Ok(())
    }
}

/// Whether a job is a list record already: all of its tasks in `tasks`, and no other branch.
fn is_list(job: &Value, above: &[Above]) -> bool {
    let Value::Object(members) = job else { return false };
    let others = members.iter().any(|(key, member)| key != "tasks" && is_branch(key, member));
    let tasks = members.get("tasks").and_then(Value::as_array);
    !others
        && tasks.is_some_and(|tasks| tasks.len() == above.len())
        && above.iter().all(Above::is_nothing)
}

/// The job with one flat list in the place of its first branch.
fn with_flat_tasks(mut job: Value, above: &[Above]) -> Value {
    let branches: Vec<String> = job.as_object().map_or_else(Vec::new, |members| {
        let branches = members.iter().filter(|(key, member)| is_branch(key, member));
        branches.map(|(key, _)| key.clone()).collect()
    });
    let tasks = take_tasks(&mut job).into_iter().zip(above).map(|(mut task, above)| {
        above.add_to(&mut task);
        Value::Object(task)
    });
    let mut tasks = Some(tasks.collect::<Vec<_>>());
    let mut flat = Object::new();
    let Value::Object(members) = job else { return job };
    for (key, member) in members {
        if branches.contains(&key) {
            if let Some(tasks) = tasks.take() {
                flat.insert("tasks".to_owned(), Value::Array(tasks));
            }
        } else {
            let key = if key == "tasks" { "job_tasks".to_owned() } else { key };
            put(&mut flat, key, "job_", member);
        }
    }
    if let Some(tasks) = tasks {
        flat.insert("tasks".to_owned(), Value::Array(tasks));
    }
    Value::Object(flat)
}

fn misplaced(found: &Misplaced) -> StageError {
    StageError::new(ErrorKind::Record, found.to_string()).hint(Misplaced::HINT)
}

fn neither_job_nor_row() -> StageError {
    StageError::new(ErrorKind::Record, "the record is neither a job, nor a task, nor a row").hint(
        "put `flatten_hierarchy` before the transform that gives records a shape of their own",
    )
}
