//! Making one of skills that became the same.

use std::borrow::Cow;

use taskferry_sdk::json::{Edit, Node};

use crate::mapping::Entry;

/// What a skill has become, as far as it tells whether two are the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity<'a> {
    /// The vendor's id.
    Id(&'a str),
    /// The vendor's name, for vendors without ids.
    Name(&'a str),
    /// The name of a skill that was not renamed: the same as one that was, but not as another that was not.
    Unchanged(Cow<'a, str>),
    /// Like no other.
    Unique,
}

impl<'a> Identity<'a> {
    /// That of a skill which an entry of the mapping renames.
    pub(crate) fn of(entry: &'a Entry) -> Self {
        entry.id.as_deref().map_or(Self::Name(&entry.skill), Self::Id)
    }

    fn is_same(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Id(one), Self::Id(two)) | (Self::Name(one), Self::Name(two)) => one == two,
            (Self::Name(name), Self::Unchanged(unchanged))
            | (Self::Unchanged(unchanged), Self::Name(name)) => name == unchanged,
            _ => false,
        }
    }
}

/// The skills of one list that stay, each of which is like no other.
#[derive(Debug, Default)]
pub(crate) struct Merge<'a> {
    skills: Vec<Skill<'a>>,
}

#[derive(Debug)]
struct Skill<'a> {
    node: Node<'a>,
    identity: Identity<'a>,
    /// Members that it got from others.
    added: Vec<Cow<'a, str>>,
}

impl<'a> Merge<'a> {
    /// Begins with another list.
    pub(crate) fn clear(&mut self) {
        self.skills.clear();
    }

    /// Adds a skill. If there is one already that is the same, that one stays and gets the members that it lacks.
    pub(crate) fn add(&mut self, node: Node<'a>, identity: Identity<'a>, edit: &mut Edit<'a>) {
        let Some(first) = self.skills.iter_mut().find(|skill| skill.identity.is_same(&identity))
        else {
            return self.skills.push(Skill { node, identity, added: Vec::new() });
        };
        for (key, value) in node.members() {
            let key = key.as_str();
            if first.lacks(&key) {
                edit.set(first.node, &key, value);
                first.added.extend((!value.is_null()).then_some(key));
            }
        }
        edit.remove(node);
    }
}

impl Skill<'_> {
    /// Whether a member is absent or null. What has an identity has a name, and the vendor's id if that is its identity.
    fn lacks(&self, key: &str) -> bool {
        let is_identity =
            key == "skill" || key == "skill_id" && matches!(self.identity, Identity::Id(_));
        !is_identity
            && self.node.get(key).is_none_or(Node::is_null)
            && !self.added.iter().any(|added| added == key)
    }
}
