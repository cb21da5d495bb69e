//! Visits a job's tasks in any layout.

use taskferry_json::{Kind, Node};

use crate::branch::{Branch, Level, Parent, Position};
use crate::task::{is_container, is_task};

pub(crate) struct Walk<'a, F> {
    visit: F,
    branch: Branch<'a>,
}

impl<'a, E, F: FnMut(Node<'a>, &Branch<'a>) -> Result<(), E>> Walk<'a, F> {
    pub(crate) fn new(visit: F) -> Self {
        Self { visit, branch: Branch::default() }
    }

    pub(crate) fn job(mut self, job: Node<'a>) -> Result<(), E> {
        self.members(job, Parent::Job)
    }

    fn members(&mut self, node: Node<'a>, parent: Parent) -> Result<(), E> {
        let mut members = node.members().filter(|(_, member)| is_container(*member));
        members.try_for_each(|(key, member)| {
            self.value(member, Position { key: &key.as_str(), parent })
        })
    }

    fn value(&mut self, value: Node<'a>, position: Position<'_>) -> Result<(), E> {
        match value.kind() {
            Kind::Object if is_task(value) => (self.visit)(value, &self.branch),
            Kind::Object => {
                let level = self.branch.level_of(value, position);
                let has_names =
                    level.as_ref().map_or(position.allows_names(), Level::is_named_by_key);
                self.under(level, |walk| walk.members(value, Parent::Node(has_names)))
            }
            Kind::Array => {
                let level = position.name().map(|name| self.branch.level_named(name));
                self.under(level, |walk| {
                    value.items().try_for_each(|item| walk.value(item, position.of_item()))
                })
            }
            _ => Ok(()),
        }
    }

    fn under(
        &mut self,
        level: Option<Level<'a>>,
        inner: impl FnOnce(&mut Self) -> Result<(), E>,
    ) -> Result<(), E> {
        let Some(level) = level else { return inner(self) };
        self.branch.push(level);
        let result = inner(self);
        self.branch.pop();
        result
    }
}
