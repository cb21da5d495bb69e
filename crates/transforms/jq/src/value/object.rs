//! Objects.

use std::rc::Rc;

use foldhash::fast::RandomState;
use indexmap::IndexMap;
use taskferry_json::Node;

use super::{Text, Value};

/// Members in their order.
pub(crate) type Map<'r> = IndexMap<Text<'r>, Value<'r>, RandomState>;

/// An object of the record, or a new one.
#[derive(Debug, Clone)]
pub(crate) enum Object<'r> {
    Node(Node<'r>),
    Members(Rc<Members<'r>>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Members<'r> {
    map: Map<'r>,
    /// An upper bound of the nesting.
    depth: usize,
}

impl<'r> Object<'r> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Node(node) => node.len(),
            Self::Members(members) => members.map.len(),
        }
    }

    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Node(node) => node.depth_limit(),
            Self::Members(members) => members.depth,
        }
    }

    #[inline]
    pub(crate) fn get(&self, key: &str) -> Option<Value<'r>> {
        match self {
            Self::Node(node) => node.get(key).map(Value::of),
            Self::Members(members) => members.map.get(key).cloned(),
        }
    }

    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = (Text<'r>, Value<'r>)> + '_> {
        match self {
            Self::Node(node) => {
                Box::new(node.members().map(|(key, value)| (Text::Key(key), Value::of(value))))
            }
            Self::Members(members) => {
                Box::new(members.map.iter().map(|(key, value)| (key.clone(), value.clone())))
            }
        }
    }

    /// The members of a new object.
    pub(crate) fn own_members(&self) -> impl Iterator<Item = (&Text<'r>, &Value<'r>)> {
        let members = match self {
            Self::Node(_) => None,
            Self::Members(members) => Some(members.map.iter()),
        };
        members.into_iter().flatten()
    }

    pub(crate) fn values(&self) -> Vec<Value<'r>> {
        match self {
            Self::Node(node) => node.members().map(|(_, value)| Value::of(value)).collect(),
            Self::Members(members) => members.map.values().cloned().collect(),
        }
    }

    /// The members, sorted by key.
    pub(crate) fn sorted(&self) -> Vec<(Text<'r>, Value<'r>)> {
        let mut members: Vec<_> = self.iter().collect();
        members.sort_by(|(left, _), (right, _)| left.as_str().cmp(&right.as_str()));
        members
    }

    /// Adds the members of another object. Members with an existing key replace the value and keep the position.
    pub(crate) fn append(self, more: &Self) -> Self {
        let mut members = self.into_members();
        let changed = Rc::make_mut(&mut members);
        changed.depth = changed.depth.max(more.depth());
        changed.map.extend(more.iter());
        Self::Members(members)
    }

    /// Replaces the value of one member by what `change` returns. `change` gets `null` for a missing member.
    pub(crate) fn change<E>(
        self,
        key: &Text<'r>,
        change: impl FnOnce(Value<'r>) -> Result<Value<'r>, E>,
    ) -> Result<Self, E> {
        let mut members = self.into_members();
        let changed = Rc::make_mut(&mut members);
        let depth = if let Some(slot) = changed.map.get_mut(&*key.as_str()) {
            *slot = change(std::mem::take(slot))?;
            slot.depth()
        } else {
            let value = change(Value::Null)?;
            let depth = value.depth();
            changed.map.insert(key.clone(), value);
            depth
        };
        changed.depth = changed.depth.max(depth + 1);
        Ok(Self::Members(members))
    }

    /// Removes one member and keeps the order of the others.
    pub(crate) fn without(self, key: &str) -> Self {
        let mut members = self.into_members();
        Rc::make_mut(&mut members).map.shift_remove(key);
        Self::Members(members)
    }

    fn into_members(self) -> Rc<Members<'r>> {
        match self {
            Self::Members(members) => members,
            Self::Node(node) => {
                let mut map = Map::with_capacity_and_hasher(node.len(), RandomState::default());
                map.extend(node.members().map(|(key, value)| (Text::Key(key), Value::of(value))));
                Rc::new(Members { map, depth: node.depth_limit() })
            }
        }
    }
}

impl<'r> From<Map<'r>> for Object<'r> {
    fn from(map: Map<'r>) -> Self {
        let depth = map.values().map(Value::depth).max().unwrap_or_default() + 1;
        Self::Members(Rc::new(Members { map, depth }))
    }
}
