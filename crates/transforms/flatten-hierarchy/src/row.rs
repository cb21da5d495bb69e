//! Builds rows.

use std::borrow::Cow;

use taskferry_profile::{Branch, LEVELS, Level, Mismatch, is_branch};
use taskferry_sdk::Subject;
use taskferry_sdk::json::{Kind, Node, ObjectWriter};

/// The fields of a row in order. If two fields have the same name, the later one gets a prefix.
#[derive(Debug, Default)]
pub(crate) struct Row<'a>(Vec<Field<'a>>);

pub(crate) type Field<'a> = (Cow<'a, str>, Cell<'a>);

/// The value of a field.
#[derive(Debug, Clone)]
pub(crate) enum Cell<'a> {
    Null,
    Label(Cow<'a, str>),
    Node(Node<'a>),
}

impl<'a> From<Node<'a>> for Cell<'a> {
    fn from(node: Node<'a>) -> Self {
        Self::Node(node)
    }
}

impl<'a> Row<'a> {
    /// The unchanged fields of a row or a task.
    pub(crate) fn of_row(row: Node<'a>) -> Self {
        Self(row.members().map(|(key, member)| (key.as_str(), member.into())).collect())
    }

    /// The fields that all rows of a job begin with: `job_external_id`, then the other fields of the job with the prefix
    /// `job_`, without its branches. Rows of employees have the prefix `employee_`.
    pub(crate) fn of_job(job: Node<'a>, subject: Subject) -> Self {
        let prefix = subject.prefix();
        let id = job.get("external_id").map_or(Cell::Null, Cell::Node);
        let mut row = Self(Vec::with_capacity(24));
        row.put(subject.id_field().into(), prefix, id);
        for (key, member) in job.members().filter(|(key, _)| *key != "external_id") {
            let key = key.as_str();
            if !is_branch(&key, member) {
                let is_named = key.starts_with(prefix);
                let name = if is_named { key } else { [prefix, &key].concat().into() };
                row.put(name, prefix, member);
            }
        }
        row
    }

    /// Adds the fields of a task.
    ///
    /// # Errors
    /// `ai_impact` is not an object, so its level can't be read.
    pub(crate) fn add_task(&mut self, task: Node<'a>) -> Result<(), Mismatch> {
        for (key, member) in task.members() {
            if key != "ai_impact" {
                self.put(key.as_str(), "task_", member);
            } else if matches!(member.kind(), Kind::Object | Kind::Null) {
                self.add_impact(member);
            } else {
                return Err(Mismatch::new("ai_impact", member, "an object with a level"));
            }
        }
        Ok(())
    }

    fn add_impact(&mut self, impact: Node<'a>) {
        let known = [("level", "ai_impact_level"), ("rationale", "ai_impact_rationale")];
        for (key, name) in known {
            self.put(name.into(), "task_", impact.get(key).map_or(Cell::Null, Cell::Node));
        }
        for (key, member) in impact.members() {
            if known.iter().all(|(known, _)| key != *known) {
                self.put(["ai_impact_", &key.as_str()].concat().into(), "task_", member);
            }
        }
    }

    /// Adds the fields of a job without tasks.
    pub(crate) fn add_no_task(&mut self) {
        for name in ["task_id", "task"].into_iter().chain(LEVELS) {
            self.put(name.into(), "task_", Cell::Null);
        }
    }

    /// Adds the four levels of the hierarchy above a task, and all other fields of the nodes. A missing level is null.
    ///
    /// A task of a list record can have a field `hierarchy`, or the four fields.
    pub(crate) fn add_branch(&mut self, branch: &Branch<'a>) {
        let hierarchy = match self.get("hierarchy") {
            Some(Cell::Node(hierarchy)) => Some(*hierarchy),
            _ => None,
        };
        for (slot, name) in LEVELS.into_iter().enumerate() {
            let label = match branch.iter().find(|level| level.slot() == slot) {
                Some(level) if level.label().is_some() => level.label(),
                _ => hierarchy.and_then(|hierarchy| hierarchy.get(name)?.as_str()),
            };
            let is_known = match (self.get(name), &label) {
                (Some(Cell::Node(own)), Some(label)) => own.as_str().as_ref() == Some(label),
                (own, label) => own.is_some() && label.is_none(),
            };
            if !is_known {
                self.put(name.into(), "hierarchy_", label.map_or(Cell::Null, Cell::Label));
            }
        }
        for level in branch.iter().filter(|level| level.slot() >= LEVELS.len()) {
            let label = level.label().map_or(Cell::Null, Cell::Label);
            self.put(level.name().into(), "hierarchy_", label);
        }
        for (name, member) in branch.iter().flat_map(Level::extras) {
            self.put(name.clone(), "hierarchy_", *member);
        }
    }

    /// Adds a field, with the prefix if the name exists.
    pub(crate) fn put(&mut self, mut name: Cow<'a, str>, prefix: &str, cell: impl Into<Cell<'a>>) {
        while self.get(&name).is_some() {
            name.to_mut().insert_str(0, prefix);
        }
        self.0.push((name, cell.into()));
    }

    pub(crate) fn get(&self, name: &str) -> Option<&Cell<'a>> {
        self.0.iter().find(|(known, _)| known == name).map(|(_, cell)| cell)
    }

    pub(crate) fn fields(&self) -> &[Field<'a>] {
        &self.0
    }

    pub(crate) fn len(&self) -> usize {
        self.0.len()
    }

    pub(crate) fn truncate(&mut self, len: usize) {
        self.0.truncate(len);
    }

    /// Splits off the fields from a position.
    pub(crate) fn split_off(&mut self, at: usize) -> Self {
        Self(self.0.split_off(at.min(self.0.len())))
    }

    pub(crate) fn write(&self, object: &mut ObjectWriter<'_>) {
        self.0.iter().for_each(|(name, cell)| write_field(object, name, cell));
    }
}

pub(crate) fn write_field(object: &mut ObjectWriter<'_>, name: &str, cell: &Cell<'_>) {
    match cell {
        Cell::Null => object.member(name, ()),
        Cell::Label(label) => object.member(name, label),
        Cell::Node(node) => object.member(name, node),
    }
}
