//! What stands above a task: the levels of the hierarchy, read from nodes of any layout.

use serde_json::Value;

use super::words::{self, is_structural, level_name, level_of_word};
use super::{Object, holds_task, is_branch, is_container};

/// Where in the record a member stands: under which key, and what the key can mean.
#[derive(Debug, Clone, Copy)]
pub(super) struct Place<'a> {
    key: &'a str,
    at: At,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum At {
    /// Directly in the job.
    Job,
    /// In a node; the flag says whether keys there may be names.
    Node(bool),
    /// In a list.
    Item,
}

impl<'a> Place<'a> {
    pub(super) fn of_job(key: &'a str) -> Self {
        Self { key, at: At::Job }
    }

    pub(super) fn of_node(key: &'a str, names: bool) -> Self {
        Self { key, at: At::Node(names) }
    }

    pub(super) fn of_item(self) -> Self {
        Self { at: At::Item, ..self }
    }

    /// Whether keys of what stands here may be names: anywhere in a hierarchy, but not among the job's own members.
    pub(super) fn allows_names(self) -> bool {
        match self.at {
            At::Job | At::Node(false) => is_structural(self.key),
            At::Node(true) | At::Item => true,
        }
    }

    /// Whether an object here is a table from names to nodes, unless it has a label of its own:
    /// `"domains": {"Finance": {…}}`.
    fn is_table(self) -> bool {
        self.at != At::Item && self.key.ends_with('s')
    }

    /// The key, where it is the name of what it holds.
    pub(super) fn name(self) -> Option<&'a str> {
        (self.at == At::Node(true) && !is_structural(self.key)).then_some(self.key)
    }
}

/// One level above a task.
#[derive(Debug, Clone)]
pub struct Level<'a> {
    slot: usize,
    label: Option<&'a str>,
    label_key: Option<&'a str>,
    node: Option<&'a Object>,
}

impl<'a> Level<'a> {
    /// Its place in the hierarchy: 0 for the domain.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// Its name: `domain`, `subdomain`, `cluster`, `canonical_task`, `level_5`, …
    pub fn name(&self) -> String {
        level_name(self.slot)
    }

    /// What the domain (subdomain, …) is called; `None` when only its place is known.
    pub fn label(&self) -> Option<&'a str> {
        self.label
    }

    /// All that the node says beside its label and the branches below it, under names that tell the level:
    /// `domain_id` stays, `id` becomes `domain_id`.
    pub fn extras(&self) -> impl Iterator<Item = (String, &'a Value)> {
        let (name, label_key) = (self.name(), self.label_key);
        let members = self.node.into_iter().flatten();
        let extras = members.filter(move |(key, member)| {
            let describes = describes_level(key, member);
            let is_label = Some(key.as_str()) == label_key && !describes;
            !is_label && !states_level(key, member) && (describes || !is_branch(key, member))
        });
        extras.map(move |(key, member)| {
            let key = if key.starts_with(&name) { key.clone() } else { format!("{name}_{key}") };
            (key, member)
        })
    }

    pub(super) fn is_named_by_key(&self) -> bool {
        self.label_key.is_none() && self.label.is_some()
    }
}

/// The levels above a task, outermost first.
#[derive(Debug, Clone, Default)]
pub struct Branch<'a>(Vec<Level<'a>>);

impl<'a> Branch<'a> {
    /// The levels, outermost first.
    pub fn iter(&self) -> impl Iterator<Item = &Level<'a>> {
        self.0.iter()
    }

    /// Whether nothing stands above the task, as in a list record.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn push(&mut self, level: Level<'a>) {
        self.0.push(level);
    }

    pub(super) fn pop(&mut self) {
        self.0.pop();
    }

    /// The level that a list under a name makes: `{"Finance": [tasks]}`.
    pub(super) fn level_named(&self, name: &'a str) -> Level<'a> {
        Level { slot: self.free(), label: Some(name), label_key: None, node: None }
    }

    /// The level that an object makes; `None` for one that only holds others together.
    ///
    /// What a node says of itself decides (`level`), then the key that it stands under, then how its label is
    /// called, and last how deep it stands.
    pub(super) fn level_of(&self, node: &'a Object, place: Place<'a>) -> Option<Level<'a>> {
        let stated = node
            .iter()
            .find(|(key, member)| states_level(key, member))
            .and_then(|(_, member)| level_of_word(member.as_str()?))
            .or_else(|| level_of_word(place.key));
        let slot = stated
            .or_else(|| deepest_label(node))
            .or_else(|| deepest_description(node))
            .filter(|slot| *slot >= self.free());
        let own = label_called(node, slot).or_else(|| label_within(node, slot));
        let (label, label_key) = match (own, place.name()) {
            (Some((key, label)), _) => (Some(label), Some(key)),
            (None, Some(name)) => (Some(name), None),
            (None, None) if stated.is_some() || place.at == At::Item => {
                only_text(node).map_or((None, None), |(key, label)| (Some(label), Some(key)))
            }
            (None, None) => (None, None),
        };
        let known = slot
            .is_some_and(|slot| label.is_some() || !place.is_table() && !holds_level(node, slot));
        let guessed = slot.is_none() && label.is_some() && !holds_level(node, self.free());
        (known || guessed).then(|| Level {
            slot: slot.unwrap_or(self.free()),
            label,
            label_key,
            node: Some(node),
        })
    }

    fn free(&self) -> usize {
        self.0.last().map_or(0, |level| level.slot + 1)
    }
}

/// Whether a member says which level its node is: `"level": "domain"`.
fn states_level(key: &str, member: &Value) -> bool {
    key == "level" && member.as_str().and_then(level_of_word).is_some()
}

/// The innermost level that a text member is called after.
fn deepest_label(node: &Object) -> Option<usize> {
    let texts = node.iter().filter(|(_, member)| member.is_string());
    texts.filter_map(|(key, _)| level_of_word(key)).max()
}

/// Whether a member describes a level in more than a text, `"domain": {"id": 1, "name": "Finance"}`, and is no branch.
fn describes_level(key: &str, member: &Value) -> bool {
    let is_plain = |value: &Value| match value {
        Value::Object(members) => !members.keys().any(|key| is_structural(key)),
        Value::Array(_) => false,
        _ => true,
    };
    let has_no_branch = match member {
        Value::Array(items) => !items.is_empty() && items.iter().all(is_plain),
        Value::Object(members) => !members.is_empty() && is_plain(member),
        _ => false,
    };
    has_no_branch
        && level_of_word(key).is_some()
        && !words::is_branch(key)
        && !holds_task(member, 0)
}

/// The innermost level that a member describes.
fn deepest_description(node: &Object) -> Option<usize> {
    let described = node.iter().filter(|(key, member)| describes_level(key, member));
    described.filter_map(|(key, _)| level_of_word(key)).max()
}

/// The label in an object that describes the level. The object is kept as a whole.
fn label_within(node: &Object, slot: Option<usize>) -> Option<(&str, &str)> {
    let (key, member) = node.iter().find(|(key, member)| {
        slot.is_some() && level_of_word(key) == slot && describes_level(key, member)
    })?;
    Some((key, label_called(member.as_object()?, slot)?.1))
}

/// A label under a name that says so: that of the level, else `name`, `label` or `title`.
fn label_called(node: &Object, slot: Option<usize>) -> Option<(&str, &str)> {
    let by_level = texts(node).find(|(key, _)| slot.is_some() && level_of_word(key) == slot);
    by_level.or_else(|| {
        let names = ["name", "label", "title"];
        names.iter().find_map(|name| texts(node).find(|(key, _)| key == name))
    })
}

/// The only text that is no identifier, if there is just one.
fn only_text(node: &Object) -> Option<(&str, &str)> {
    let is_id = |key: &str| key == "id" || key.ends_with("_id") || key == "level";
    let mut candidates = texts(node).filter(|(key, _)| !is_id(key));
    let first = candidates.next()?;
    candidates.next().is_none().then_some(first)
}

fn texts(node: &Object) -> impl Iterator<Item = (&str, &str)> {
    node.iter().filter_map(|(key, member)| Some((key.as_str(), member.as_str()?)))
}

/// Whether a node holds nodes of this level or one further out, which makes it a mere holder.
fn holds_level(node: &Object, slot: usize) -> bool {
    node.iter().any(|(key, member)| {
        is_container(member)
            && !describes_level(key, member)
            && level_of_word(key).is_some_and(|inner| inner <= slot)
    })
}
