//! Hierarchy records: tasks in the tree of the work taxonomy.

use indexmap::IndexMap;
use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

use super::keys::{HIERARCHY_KEYS, NODE_KEYS};
use super::tasks::ShownTask;
use crate::settings::{HierarchyLayout, SandboxSettings, UnplacedTasks};

const TASKS: &str = "tasks";

/// Writes the fields of a hierarchy record after its id.
pub(super) fn write<M: SerializeMap>(
    record: &mut M,
    tasks: &[ShownTask<'_>],
    settings: &SandboxSettings,
) -> Result<(), M::Error> {
    let (placed, unplaced): (Vec<_>, Vec<_>) =
        tasks.iter().partition(|task| task.hierarchy.is_some());
    let layout = settings.hierarchy_layout;
    let key = match layout {
        HierarchyLayout::Levels => HIERARCHY_KEYS[0].0,
        HierarchyLayout::Nodes => NODE_KEYS[0],
    };
    record.serialize_entry(key, &Level { depth: 0, tasks: placed, layout })?;
    if !unplaced.is_empty() && settings.unplaced_tasks == UnplacedTasks::Beside {
        record.serialize_entry(TASKS, &unplaced)?;
    }
    Ok(())
}

/// The nodes of one level below one parent.
struct Level<'a> {
    depth: usize,
    /// The tasks below the parent.
    tasks: Vec<&'a ShownTask<'a>>,
    layout: HierarchyLayout,
}

impl Serialize for Level<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        // In the order of the first task of each node.
        let mut nodes: IndexMap<&str, Vec<&ShownTask<'_>>> = IndexMap::new();
        for task in &self.tasks {
            nodes.entry(task.level_name(self.depth)).or_default().push(task);
        }
        let (depth, layout) = (self.depth + 1, self.layout);
        serializer.collect_seq(
            nodes
                .into_iter()
                .map(|(name, tasks)| Node { name, below: Level { depth, tasks, layout } }),
        )
    }
}

struct Node<'a> {
    name: &'a str,
    below: Level<'a>,
}

impl Serialize for Node<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let Level { depth, tasks, layout } = &self.below;
        let [_, name, level, children] = NODE_KEYS;
        let mut node = serializer.serialize_map(None)?;
        let list = match layout {
            HierarchyLayout::Levels => {
                node.serialize_entry(HIERARCHY_KEYS[depth - 1].1, self.name)?;
                HIERARCHY_KEYS.get(*depth).map_or(TASKS, |keys| keys.0)
            }
            HierarchyLayout::Nodes => {
                node.serialize_entry(name, self.name)?;
                node.serialize_entry(level, HIERARCHY_KEYS[depth - 1].1)?;
                children
            }
        };
        if *depth < HIERARCHY_KEYS.len() {
            node.serialize_entry(list, &self.below)?;
        } else {
            node.serialize_entry(list, tasks)?;
        }
        node.end()
    }
}
