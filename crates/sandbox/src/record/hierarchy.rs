//! Hierarchy records: tasks in the tree of the work taxonomy.

use serde::ser::{SerializeMap, SerializeSeq};
use serde::{Serialize, Serializer};

use super::keys::{HIERARCHY_KEYS, NODE_KEYS};
use super::tasks::ShownTask;
use crate::settings::{HierarchyLayout, SandboxSettings, UnplacedTasks};

const TASKS: &str = "tasks";

/// What a hierarchy record holds besides its id.
pub(super) struct Hierarchy<'a> {
    placed: Vec<&'a ShownTask<'a>>,
    unplaced: Vec<&'a ShownTask<'a>>,
    layout: HierarchyLayout,
}

impl<'a> Hierarchy<'a> {
    pub(super) fn of(tasks: &'a [ShownTask<'a>], settings: &SandboxSettings) -> Self {
        let (placed, mut unplaced): (Vec<_>, Vec<_>) =
            tasks.iter().partition(|task| task.hierarchy.is_some());
        if settings.unplaced_tasks == UnplacedTasks::Omit {
            unplaced.clear();
        }
        Self { placed, unplaced, layout: settings.hierarchy_layout }
    }

    pub(super) fn write<M: SerializeMap>(self, record: &mut M) -> Result<(), M::Error> {
        let tree = match self.layout {
            HierarchyLayout::Levels => HIERARCHY_KEYS[0].0,
            HierarchyLayout::Nodes => NODE_KEYS[0],
        };
        record
            .serialize_entry(tree, &Level { depth: 0, tasks: self.placed, layout: self.layout })?;
        if !self.unplaced.is_empty() {
            record.serialize_entry(TASKS, &self.unplaced)?;
        }
        Ok(())
    }
}

/// All nodes of one level below one parent.
struct Level<'a> {
    depth: usize,
    /// What stands below the parent.
    tasks: Vec<&'a ShownTask<'a>>,
    layout: HierarchyLayout,
}

impl Serialize for Level<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (depth, layout) = (self.depth + 1, self.layout);
        let mut nodes: Vec<Node<'_>> = Vec::new();
        for task in &self.tasks {
            let name = level_name(task, self.depth);
            match nodes.iter_mut().find(|node| node.name == name) {
                Some(node) => node.below.tasks.push(task),
                None => {
                    nodes.push(Node { name, below: Level { depth, tasks: vec![task], layout } });
                }
            }
        }
        let mut sequence = serializer.serialize_seq(Some(nodes.len()))?;
        for node in &nodes {
            sequence.serialize_element(node)?;
        }
        sequence.end()
    }
}

/// One branch: in the order of its first task.
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

/// The name of the branch at `depth` on which the task stands.
fn level_name<'a>(task: &'a ShownTask<'_>, depth: usize) -> &'a str {
    task.hierarchy.as_ref().map_or("", |hierarchy| match depth {
        0 => &hierarchy.domain,
        1 => &hierarchy.subdomain,
        2 => &hierarchy.cluster,
        _ => &hierarchy.canonical_task,
    })
}
