//! Writes profiles as records of the API, in both formats.

pub(crate) mod keys;
mod shape;
mod skills;
mod tasks;

use axum::body::Bytes;
use indexmap::IndexMap;
use taskferry_sdk::json::{Body, Error, Node, ObjectWriter, TextWriter};

use self::keys::{HIERARCHY_KEYS, NODE_KEYS};
pub(crate) use self::shape::{Expansion, ResponseFormat, Shape, Subject};
use self::tasks::TaskWriter;
use crate::settings::{HierarchyLayout, UnplacedTasks};
use crate::store::{StoredPage, StoredProfile};

const TASKS: &str = "tasks";

/// The body of the response with a page.
pub(crate) fn write_page(stored: &StoredPage, shape: &Shape) -> Result<Bytes, Error> {
    object(|page| {
        page.member("has_next", stored.has_next);
        page.array("records", |records| {
            let mut profiles = stored.profiles.iter();
            profiles.try_for_each(|profile| records.object(|record| write(record, profile, shape)))
        })?;
        if let Some(last) = stored.profiles.last().filter(|_| stored.has_next) {
            page.member("next_starting_after", last.external_id.as_str());
        }
        Ok(())
    })
}

/// The body of the response with one profile: the record alone.
pub(crate) fn write_record(profile: &StoredProfile, shape: &Shape) -> Result<Bytes, Error> {
    object(|record| write(record, profile, shape))
}

fn object(write: impl FnOnce(&mut ObjectWriter<'_>) -> Result<(), Error>) -> Result<Bytes, Error> {
    let mut writer = TextWriter::new();
    writer.object(write)?;
    Ok(writer.finish().next().map(Bytes::from).unwrap_or_default())
}

fn write(
    record: &mut ObjectWriter<'_>,
    profile: &StoredProfile,
    shape: &Shape,
) -> Result<(), Error> {
    let tasks = Body::parse(profile.tasks.clone())?;
    let mut writer = TaskWriter::new(&profile.external_id, shape);
    let tasks = writer.visible(tasks.root());
    writer.harmonize(&tasks);
    record.member("external_id", profile.external_id.as_str());
    match shape.format {
        ResponseFormat::List => list(record, TASKS, &tasks, &writer),
        ResponseFormat::Hierarchy => {
            let is_placed = |task: &Node<'_>| hierarchy_of(*task).is_some();
            let (placed, unplaced): (Vec<_>, Vec<_>) = tasks.into_iter().partition(is_placed);
            let layout = shape.settings.hierarchy_layout;
            let key = match layout {
                HierarchyLayout::Levels => HIERARCHY_KEYS[0].0,
                HierarchyLayout::Nodes => NODE_KEYS[0],
            };
            level(record, key, &placed, &HIERARCHY_KEYS, layout, &writer);
            if !unplaced.is_empty() && shape.settings.unplaced_tasks == UnplacedTasks::Beside {
                list(record, TASKS, &unplaced, &writer);
            }
        }
    }
    if let Some(unknown) = &profile.unknown_fields {
        for (key, value) in Body::parse(unknown.clone())?.root().members() {
            record.member(&*key.as_str(), value);
        }
    }
    Ok(())
}

/// Writes tasks as an array.
fn list(parent: &mut ObjectWriter<'_>, key: &str, tasks: &[Node<'_>], writer: &TaskWriter<'_>) {
    parent.array(key, |array| {
        for task in tasks {
            array.object(|object| writer.write(object, *task));
        }
    });
}

/// The position of a task in the taxonomy.
fn hierarchy_of(task: Node<'_>) -> Option<Node<'_>> {
    task.get("hierarchy").filter(|hierarchy| !hierarchy.is_null())
}

/// Writes the nodes of the first level in `levels`, with the tasks below them. Nodes are in the order of their first tasks.
fn level(
    parent: &mut ObjectWriter<'_>,
    key: &str,
    tasks: &[Node<'_>],
    levels: &[(&str, &str)],
    layout: HierarchyLayout,
    writer: &TaskWriter<'_>,
) {
    let Some(((_, level_name), below)) = levels.split_first() else {
        return list(parent, key, tasks, writer);
    };
    let mut nodes: IndexMap<_, Vec<Node<'_>>> = IndexMap::new();
    for task in tasks {
        let name = hierarchy_of(*task).and_then(|levels| levels.get(level_name)?.as_str());
        nodes.entry(name.unwrap_or_default()).or_default().push(*task);
    }
    parent.array(key, |array| {
        for (name, tasks) in &nodes {
            array.object(|node| {
                let children = match layout {
                    HierarchyLayout::Levels => {
                        node.member(level_name, &**name);
                        below.first().map_or(TASKS, |(key, _)| key)
                    }
                    HierarchyLayout::Nodes => {
                        let [_, name_key, level_key, children] = NODE_KEYS;
                        node.member(name_key, &**name);
                        node.member(level_key, *level_name);
                        children
                    }
                };
                level(node, children, tasks, below, layout, writer);
            });
        }
    });
}
