//! What stands above each task, as fields to be added to it.

use std::convert::Infallible;

use serde_json::Value;
use taskferry_profile::walk::{Branch, LEVELS, Level, Object, visit_tasks};

use crate::row::put;

/// The fields that a task gets from the hierarchy above it.
#[derive(Debug)]
pub(crate) struct Above {
    labels: [Option<String>; LEVELS.len()],
    others: Vec<(String, Value)>,
    nothing: bool,
}

/// For every task of a job, in its order, what stands above it.
pub(crate) fn above_tasks(job: &Value) -> Vec<Above> {
    let mut all = Vec::new();
    let Ok(()) = visit_tasks(job, |_, branch| {
        all.push(Above::of(branch));
        Ok::<(), Infallible>(())
    });
    all
}

impl Above {
    fn of(branch: &Branch<'_>) -> Self {
        let mut above = Self {
            labels: [const { None }; LEVELS.len()],
            others: Vec::new(),
            nothing: branch.is_empty(),
        };
        for level in branch.iter() {
            let label = level.label().map(str::to_owned);
            match above.labels.get_mut(level.slot()) {
                Some(known) => *known = label,
                None => above.others.push((level.name(), label.into())),
            }
        }
        let extras = branch.iter().flat_map(Level::extras);
        above.others.extend(extras.map(|(key, value)| (key, value.clone())));
        above
    }

    /// Whether the task stands in a plain list.
    pub(crate) fn is_nothing(&self) -> bool {
        self.nothing
    }

    /// Adds the four levels, null where they are not known, and whatever else the nodes said.
    ///
    /// A task of a list record may carry its own `hierarchy`, or the four fields already.
    pub(crate) fn add_to(&self, task: &mut Object) {
        for (name, label) in LEVELS.into_iter().zip(&self.labels) {
            let value = match label {
                Some(label) => Value::from(label.as_str()),
                None => own_label(task, name),
            };
            match task.get(name) {
                Some(own) if value.is_null() || *own == value => {}
                _ => put(task, name.to_owned(), "hierarchy_", value),
            }
        }
        for (key, value) in &self.others {
            put(task, key.clone(), "hierarchy_", value.clone());
        }
    }
}

fn own_label(task: &Object, level: &str) -> Value {
    let label = task.get("hierarchy").and_then(|hierarchy| hierarchy.get(level));
    label.filter(|label| label.is_string()).cloned().unwrap_or_default()
}
