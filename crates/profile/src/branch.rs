//! The levels of the hierarchy above a task, in any layout.

use std::borrow::Cow;
use std::cell::OnceCell;

use taskferry_json::{Key, Kind, Node};

use crate::task::{contains_task, is_branch, is_container};
use crate::words::{self, is_structural, level_name, level_of_word};

/// The position of a member in the record: its key, and its parent.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Position<'k> {
    pub(crate) key: &'k str,
    pub(crate) parent: Parent,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Parent {
    /// The job.
    Job,
    /// A node, and whether its keys can be names.
    Node(bool),
    /// A list.
    Item,
}

impl<'k> Position<'k> {
    pub(crate) fn of_item(self) -> Self {
        Self { parent: Parent::Item, ..self }
    }

    /// Whether the keys of an object at this position can be names. They can be in a hierarchy, but not in the job
    /// itself.
    pub(crate) fn allows_names(self) -> bool {
        match self.parent {
            Parent::Job | Parent::Node(false) => is_structural(self.key),
            Parent::Node(true) | Parent::Item => true,
        }
    }

    /// Whether an object at this position that has no label maps names to nodes: `"domains": {"Finance": {…}}`.
    fn is_table(self) -> bool {
        self.parent != Parent::Item && self.key.ends_with('s')
    }

    /// The key, if it is the name of its value.
    pub(crate) fn name(self) -> Option<&'k str> {
        (self.parent == Parent::Node(true) && !is_structural(self.key)).then_some(self.key)
    }
}

/// One level above a task.
#[derive(Debug, Clone)]
pub struct Level<'a> {
    slot: usize,
    label: Option<Label<'a>>,
    node: Option<Node<'a>>,
    extras: OnceCell<Vec<(Cow<'a, str>, Node<'a>)>>,
}

#[derive(Debug, Clone)]
enum Label<'a> {
    /// The key of the node.
    Key(String),
    /// A string in the node.
    Text(Node<'a>),
}

impl<'a> Level<'a> {
    fn new(slot: usize, label: Option<Label<'a>>, node: Option<Node<'a>>) -> Self {
        Self { slot, label, node, extras: OnceCell::new() }
    }

    /// The depth in the hierarchy, 0 for the domain.
    pub fn slot(&self) -> usize {
        self.slot
    }

    /// The name of the level: `domain`, `subdomain`, `cluster`, `canonical_task`, `level_5`, …
    pub fn name(&self) -> String {
        level_name(self.slot)
    }

    /// The name of the domain (subdomain, …). `None` if only its depth is known.
    pub fn label(&self) -> Option<Cow<'a, str>> {
        match self.label.as_ref()? {
            Label::Key(name) => Some(Cow::Owned(name.clone())),
            Label::Text(text) => text.as_str(),
        }
    }

    /// The other members of the node, without branches. Names get the level as a prefix: `id` becomes `domain_id`.
    pub fn extras(&self) -> &[(Cow<'a, str>, Node<'a>)] {
        self.extras.get_or_init(|| {
            let members = self.node.into_iter().flat_map(Node::members);
            members.filter_map(|(key, member)| self.extra(&key.as_str(), member)).collect()
        })
    }

    fn extra(&self, key: &str, member: Node<'a>) -> Option<(Cow<'a, str>, Node<'a>)> {
        let is_label =
            matches!(self.label, Some(Label::Text(text)) if text.offset() == member.offset());
        let is_extra = !is_label
            && !states_level(key, member)
            && (describes_level(key, member) || !is_branch(key, member));
        is_extra.then(|| {
            let name = self.name();
            let is_named = key.starts_with(&name);
            (if is_named { key.to_owned() } else { format!("{name}_{key}") }.into(), member)
        })
    }

    pub(crate) fn is_named_by_key(&self) -> bool {
        matches!(self.label, Some(Label::Key(_)))
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

    /// Whether there is no level above the task, as in a list record.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn push(&mut self, level: Level<'a>) {
        self.0.push(level);
    }

    pub(crate) fn pop(&mut self) {
        self.0.pop();
    }

    /// The level of a list whose key is a name: `{"Finance": [tasks]}`.
    pub(crate) fn level_named(&self, name: &str) -> Level<'a> {
        Level::new(self.free(), Some(Label::Key(name.to_owned())), None)
    }

    /// The level of an object. `None` if the object only groups other objects.
    ///
    /// The first of these determines the level: the member `level`, the key of the object, the key of its label, its
    /// depth.
    pub(crate) fn level_of(&self, node: Node<'a>, position: Position<'_>) -> Option<Level<'a>> {
        let stated = node
            .get("level")
            .and_then(|level| level_of_word(&level.as_str()?))
            .or_else(|| level_of_word(position.key));
        let slot = stated
            .or_else(|| deepest(node, |_, member| member.kind() == Kind::String))
            .or_else(|| deepest(node, describes_level))
            .filter(|slot| *slot >= self.free());
        let own = label_called(node, slot).or_else(|| label_within(node, slot));
        let label = match (own, position.name()) {
            (Some(label), _) => Some(Label::Text(label)),
            (None, Some(name)) => Some(Label::Key(name.to_owned())),
            (None, None) if stated.is_some() || position.parent == Parent::Item => {
                only_text(node).map(Label::Text)
            }
            (None, None) => None,
        };
        let known = slot.is_some_and(|slot| {
            label.is_some() || !position.is_table() && !holds_level(node, slot)
        });
        let guessed = slot.is_none() && label.is_some() && !holds_level(node, self.free());
        let slot = slot.unwrap_or(self.free());
        (known || guessed).then(|| Level::new(slot, label, Some(node)))
    }

    fn free(&self) -> usize {
        self.0.last().map_or(0, |level| level.slot + 1)
    }
}

/// Whether a member states the level of its node: `"level": "domain"`.
fn states_level(key: &str, member: Node<'_>) -> bool {
    key == "level" && member.as_str().is_some_and(|level| level_of_word(&level).is_some())
}

/// The innermost level that is the key of a member for which `counts` returns true.
fn deepest(node: Node<'_>, counts: impl Fn(&str, Node<'_>) -> bool) -> Option<usize> {
    let levels = node.members().filter_map(|(key, member)| {
        let key = key.as_str();
        level_of_word(&key).filter(|_| counts(&key, member))
    });
    levels.max()
}

/// Whether a member describes a level by an object or a list, `"domain": {"id": 1, "name": "Finance"}`, and is not a
/// branch.
fn describes_level(key: &str, member: Node<'_>) -> bool {
    if !is_container(member) || words::is_branch(key) || level_of_word(key).is_none() {
        return false;
    }
    let is_plain = |value: Node<'_>| {
        value.kind() != Kind::Array && !value.members().any(|(key, _)| is_structural(&key.as_str()))
    };
    let has_no_branch = match member.kind() {
        Kind::Array => member.items().all(is_plain),
        _ => is_plain(member),
    };
    has_no_branch && !member.is_empty() && !contains_task(member)
}

/// The label in an object that describes the level. The object remains one of the extras.
fn label_within(node: Node<'_>, slot: Option<usize>) -> Option<Node<'_>> {
    let mut members = node.members();
    let (_, member) = members.find(|(key, member)| {
        slot.is_some()
            && level_of_word(&key.as_str()) == slot
            && describes_level(&key.as_str(), *member)
    })?;
    label_called(member, slot)
}

/// The label of a node: the text in the field named after the level, else in `name`, `label` or `title`.
fn label_called(node: Node<'_>, slot: Option<usize>) -> Option<Node<'_>> {
    let by_level =
        || texts(node).find(|(key, _)| level_of_word(&key.as_str()) == slot).map(|(_, text)| text);
    let is_text = |text: &Node<'_>| text.kind() == Kind::String;
    slot.and_then(|_| by_level()).or_else(|| {
        ["name", "label", "title"].iter().find_map(|name| node.get(name).filter(is_text))
    })
}

/// The only text in a node that is not an id. `None` if there are several.
fn only_text(node: Node<'_>) -> Option<Node<'_>> {
    let is_id = |key: &str| key == "id" || key.ends_with("_id") || key == "level";
    let mut candidates = texts(node).filter(|(key, _)| !is_id(&key.as_str()));
    let (_, first) = candidates.next()?;
    candidates.next().is_none().then_some(first)
}

fn texts(node: Node<'_>) -> impl Iterator<Item = (Key<'_>, Node<'_>)> {
    node.members().filter(|(_, member)| member.kind() == Kind::String)
}

/// Whether a node contains nodes of this level or of an outer level, so that the node itself has no level.
fn holds_level(node: Node<'_>, slot: usize) -> bool {
    node.members().any(|(key, member)| {
        let key = key.as_str();
        is_container(member)
            && level_of_word(&key).is_some_and(|inner| inner <= slot)
            && !describes_level(&key, member)
    })
}
