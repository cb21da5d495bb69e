//! Removes tasks from a job.

use taskferry_json::{Edit, Kind, Node};

use crate::task::is_task;
use crate::words::is_structural;

pub(crate) struct Prune<'e, 'a, F> {
    edit: &'e mut Edit<'a>,
    keep: F,
    seen: usize,
    kept: usize,
}

impl<'e, 'a, E, F: FnMut(Node<'a>) -> Result<bool, E>> Prune<'e, 'a, F> {
    pub(crate) fn new(edit: &'e mut Edit<'a>, keep: F) -> Self {
        Self { edit, keep, seen: 0, kept: 0 }
    }

    pub(crate) fn job(mut self, job: Node<'a>) -> Result<usize, E> {
        self.group(job, |_| true)?;
        Ok(self.kept)
    }

    /// Prunes the job, or an object of the job that only groups other objects. A list or an object whose key satisfies `is_kept`
    /// stays, even if it loses all tasks.
    fn group(&mut self, group: Node<'a>, is_kept: fn(&str) -> bool) -> Result<(), E> {
        group.members().try_for_each(|(key, member)| match member.kind() {
            Kind::Array if is_kept(&key.as_str()) => {
                member.items().try_for_each(|item| self.value(item))
            }
            Kind::Object if !is_task(member) && is_kept(&key.as_str()) => {
                self.group(member, is_structural)
            }
            _ => self.value(member),
        })
    }

    /// Removes a task for which `keep` returns false, or a branch that has lost all its tasks.
    fn value(&mut self, value: Node<'a>) -> Result<(), E> {
        let (seen, kept) = (self.seen, self.kept);
        match value.kind() {
            Kind::Object if is_task(value) => {
                self.seen += 1;
                self.kept += usize::from((self.keep)(value)?);
            }
            Kind::Object => value.members().try_for_each(|(_, member)| self.value(member))?,
            Kind::Array => value.items().try_for_each(|item| self.value(item))?,
            _ => {}
        }
        if self.seen > seen && self.kept == kept {
            self.edit.remove(value);
        }
        Ok(())
    }
}
