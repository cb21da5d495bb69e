//! Merges skills that became equal.

use std::borrow::Cow;

use taskferry_sdk::json::{Edit, Node};

use crate::mapping::Entry;

/// The identity of a renamed skill, by which skills are merged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Identity<'a> {
    /// The vendor's id.
    Id(&'a str),
    /// The vendor's name, for vendors without ids.
    Name(&'a str),
    /// The name of a skill that was not renamed. The skill is merged with a renamed skill of this name, but not with
    /// another unchanged skill.
    Unchanged(Cow<'a, str>),
    /// Equal to no other skill.
    Unique,
}

impl<'a> Identity<'a> {
    /// The identity of a skill that was renamed by an entry.
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

/// The distinct skills of one list.
#[derive(Debug, Default)]
pub(crate) struct Merge<'a> {
    skills: Vec<Skill<'a>>,
}

#[derive(Debug)]
struct Skill<'a> {
    node: Node<'a>,
    identity: Identity<'a>,
    /// The fields that were copied from other skills.
    added: Vec<Cow<'a, str>>,
}

impl<'a> Merge<'a> {
    /// Starts with a new list.
    pub(crate) fn clear(&mut self) {
        self.skills.clear();
    }

    /// Adds a skill. If the skill equals an earlier skill, copies the fields that the earlier skill lacks, removes the skill from
    /// its list, and returns true.
    pub(crate) fn add(
        &mut self,
        node: Node<'a>,
        identity: Identity<'a>,
        edit: &mut Edit<'a>,
    ) -> bool {
        let Some(first) = self.skills.iter_mut().find(|skill| skill.identity.is_same(&identity))
        else {
            self.skills.push(Skill { node, identity, added: Vec::new() });
            return false;
        };
        for (key, value) in node.members() {
            let key = key.as_str();
            if first.is_missing(&key) {
                edit.set(first.node, &key, value);
                first.added.extend((!value.is_null()).then_some(key));
            }
        }
        edit.remove(node)
    }
}

impl Skill<'_> {
    /// Whether a field is absent or null. The fields of the identity are never missing.
    fn is_missing(&self, key: &str) -> bool {
        let is_identity =
            key == "skill" || key == "skill_id" && matches!(self.identity, Identity::Id(_));
        !is_identity
            && self.node.get(key).is_none_or(Node::is_null)
            && !self.added.iter().any(|added| added == key)
    }
}
