//! Arrays.

use std::ops::Range;
use std::rc::Rc;

use taskferry_json::Node;

use super::Value;

/// An array: one of the record, or one of values.
#[derive(Debug, Clone)]
pub(crate) enum Array<'r> {
    Node(Node<'r>),
    Items(Rc<Items<'r>>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Items<'r> {
    values: Vec<Value<'r>>,
    /// At least as much as the array is nested.
    depth: usize,
}

impl<'r> Array<'r> {
    pub(crate) fn len(&self) -> usize {
        match self {
            Self::Node(node) => node.len(),
            Self::Items(items) => items.values.len(),
        }
    }

    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Node(node) => node.depth_limit(),
            Self::Items(items) => items.depth,
        }
    }

    pub(crate) fn get(&self, place: usize) -> Option<Value<'r>> {
        match self {
            Self::Node(node) => node.item(place).map(Value::of),
            Self::Items(items) => items.values.get(place).cloned(),
        }
    }

    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = Value<'r>> + '_> {
        match self {
            Self::Node(node) => Box::new(node.items().map(Value::of)),
            Self::Items(items) => Box::new(items.values.iter().cloned()),
        }
    }

    /// The items of an array that is none of the record's.
    pub(crate) fn own_items(&self) -> &[Value<'r>] {
        match self {
            Self::Node(_) => &[],
            Self::Items(items) => &items.values,
        }
    }

    pub(crate) fn into_vec(self) -> Vec<Value<'r>> {
        match self {
            Self::Node(node) => node.items().map(Value::of).collect(),
            Self::Items(items) => Rc::unwrap_or_clone(items).values,
        }
    }

    pub(crate) fn slice(&self, range: Range<usize>) -> Self {
        let items = self.iter().skip(range.start).take(range.len());
        Self::from(items.collect::<Vec<_>>())
    }

    /// The array with other items in the place of some.
    pub(crate) fn splice(self, range: Range<usize>, new: Vec<Value<'r>>) -> Self {
        let depth = self.depth().max(depth(&new));
        let mut values = self.into_vec();
        values.splice(range, new);
        Self::Items(Rc::new(Items { values, depth }))
    }

    /// The array with more items behind its own, in place if nothing else holds it.
    pub(crate) fn append(self, more: &Self) -> Self {
        let mut items = self.into_items();
        let changed = Rc::make_mut(&mut items);
        changed.depth = changed.depth.max(more.depth());
        changed.values.extend(more.iter());
        Self::Items(items)
    }

    /// The array with one item made new by `change`, which gets `null` where there is none; there must be room for it.
    pub(crate) fn change<E>(
        self,
        place: usize,
        change: impl FnOnce(Value<'r>) -> Result<Value<'r>, E>,
    ) -> Result<Self, E> {
        let mut items = self.into_items();
        let changed = Rc::make_mut(&mut items);
        if place >= changed.values.len() {
            changed.values.resize(place + 1, Value::Null);
        }
        if let Some(slot) = changed.values.get_mut(place) {
            *slot = change(std::mem::take(slot))?;
            changed.depth = changed.depth.max(slot.depth() + 1);
        }
        Ok(Self::Items(items))
    }

    fn into_items(self) -> Rc<Items<'r>> {
        match self {
            Self::Items(items) => items,
            Self::Node(node) => {
                let values = node.items().map(Value::of).collect();
                Rc::new(Items { values, depth: node.depth_limit() })
            }
        }
    }
}

impl<'r> From<Vec<Value<'r>>> for Array<'r> {
    fn from(values: Vec<Value<'r>>) -> Self {
        let depth = depth(&values);
        Self::Items(Rc::new(Items { values, depth }))
    }
}

fn depth(values: &[Value<'_>]) -> usize {
    values.iter().map(Value::depth).max().unwrap_or_default() + 1
}
