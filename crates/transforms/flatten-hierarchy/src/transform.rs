//! The transform.

use std::convert::Infallible;

use taskferry_profile::{EmptyJobs, Job, Mismatch, Profile, is_branch, null_tasks};
use taskferry_sdk::json::{Kind, Node, TextWriter};
use taskferry_sdk::{Counters, ErrorKind, Output, Record, StageError, Subject, Transform};

use crate::config::Into;
use crate::explode::explode;
use crate::row::Row;

#[derive(Debug)]
pub(crate) struct Flatten {
    pub(crate) into: Into,
    pub(crate) empty_jobs: EmptyJobs,
    pub(crate) explode: Option<String>,
    pub(crate) subject: Subject,
}

impl Transform for Flatten {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let refused = |found: Mismatch| {
            let hint = found.hint("flatten_hierarchy");
            StageError::new(ErrorKind::Record, found.to_string()).hint(hint)
        };
        let profile = Profile::of(record.root()?).map_err(refused)?;
        if matches!(profile, Profile::Job(job) if job.has_null_tasks()) {
            out.count(null_tasks::NAME, 1);
        }
        let size = record.as_bytes().len();
        let mut texts = TextWriter::with_capacity(size + size / 2);
        if let Profile::Job(job) = profile {
            let verb = if self.empty_jobs == EmptyJobs::Keep { "keeps" } else { "drops" };
            let is_empty = || job.visit_tasks(|_, _| Err(())).is_ok();
            out.explain("empty_jobs", || {
                is_empty().then(|| format!("{verb} the job: it has no tasks"))
            });
        }
        let is_flat = match (profile, self.into) {
            (Profile::Row(row), _) => self.explode_row(row, &mut texts),
            (Profile::Job(job), Into::Rows) => self.write_rows(job, &mut texts),
            (Profile::Job(job), Into::Tasks) => Ok(self.write_list(job, &mut texts)),
        };
        if is_flat.map_err(refused)? {
            out.emit(record);
        } else {
            texts.finish().for_each(|text| out.emit(text));
        }
        Ok(())
    }

    fn warnings(&self, _: u64, totals: &Counters) -> Vec<String> {
        null_tasks::warning(totals.get(null_tasks::NAME)).into_iter().collect()
    }
}

/// Each method writes the results of a record, and returns whether the record is already flat and passes unchanged.
impl Flatten {
    fn explode_row(&self, row: Node<'_>, texts: &mut TextWriter) -> Result<bool, Mismatch> {
        if self.explode.is_some() {
            self.write_row(&Row::of_row(row), texts)?;
        }
        Ok(self.explode.is_none())
    }

    fn write_rows(&self, job: Job<'_>, texts: &mut TextWriter) -> Result<bool, Mismatch> {
        let (mut row, mut is_empty) = (Row::of_job(job.node(), self.subject), true);
        let beginning = row.len();
        job.visit_tasks(|task, branch| {
            is_empty = false;
            row.truncate(beginning);
            row.add_task(task)?;
            row.add_branch(branch);
            self.write_row(&row, texts)
        })?;
        if is_empty && self.empty_jobs == EmptyJobs::Keep {
            row.add_no_task();
            self.write_row(&row, texts)?;
        }
        Ok(false)
    }

    fn write_row(&self, row: &Row<'_>, texts: &mut TextWriter) -> Result<(), Mismatch> {
        if let Some(field) = &self.explode {
            return explode(row, field, texts);
        }
        texts.object(|object| row.write(object));
        Ok(())
    }

    /// Writes the job with one flat list at the position of its first branch.
    fn write_list(&self, job: Job<'_>, texts: &mut TextWriter) -> bool {
        let (mut tasks, mut has_levels) = (0, false);
        let Ok(()) = job.visit_tasks(|_, branch| {
            tasks += 1;
            has_levels |= !branch.is_empty();
            Ok::<_, Infallible>(())
        });
        if tasks == 0 && self.empty_jobs == EmptyJobs::Drop {
            return false;
        }
        if !has_levels && is_list(job.node(), tasks) {
            return true;
        }
        let (mut fields, mut position, prefix) = (Row::default(), None, self.subject.prefix());
        for (key, member) in job.node().members() {
            let key = key.as_str();
            if is_branch(&key, member) {
                position.get_or_insert(fields.len());
            } else {
                let name = if key == "tasks" { [prefix, "tasks"].concat().into() } else { key };
                fields.put(name, prefix, member);
            }
        }
        let rest = fields.split_off(position.unwrap_or(fields.len()));
        texts.object(|object| {
            fields.write(object);
            object.array("tasks", |list| {
                let Ok(()) = job.visit_tasks(|task, branch| {
                    let mut flat = Row::of_row(task);
                    flat.add_branch(branch);
                    list.object(|object| flat.write(object));
                    Ok::<_, Infallible>(())
                });
            });
            rest.write(object);
        });
        false
    }
}

/// Whether a job is already a list record: all its tasks are in `tasks`, and it has no other branch.
fn is_list(job: Node<'_>, tasks: usize) -> bool {
    let mut others = job.members().filter(|(key, _)| *key != "tasks");
    job.get("tasks").is_some_and(|list| list.kind() == Kind::Array && list.len() == tasks)
        && !others.any(|(key, member)| is_branch(&key.as_str(), member))
}
