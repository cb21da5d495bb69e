//! Arrays.

use std::ops::Range;
use std::rc::Rc;

use taskferry_json::Node;

use super::Value;

/// An array of the record, or a new one.
#[derive(Debug, Clone)]
pub(crate) enum Array<'r> {
    Node(Node<'r>),
    Items(Rc<Items<'r>>),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct Items<'r> {
    values: Vec<Value<'r>>,
    /// An upper bound of the nesting.
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

    pub(crate) fn get(&self, position: usize) -> Option<Value<'r>> {
        match self {
            Self::Node(node) => node.item(position).map(Value::of),
            Self::Items(items) => items.values.get(position).cloned(),
        }
    }

    pub(crate) fn iter(&self) -> Box<dyn Iterator<Item = Value<'r>> + '_> {
        match self {
            Self::Node(node) => Box::new(node.items().map(Value::of)),
            Self::Items(items) => Box::new(items.values.iter().cloned()),
        }
    }

    /// The items of a new array.
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

    /// Replaces a range of items.
    pub(crate) fn splice(self, range: Range<usize>, new: Vec<Value<'r>>) -> Self {
        let depth = self.depth().max(depth(&new));
        let mut values = self.into_vec();
        values.splice(range, new);
        Self::Items(Rc::new(Items { values, depth }))
    }

    /// Appends items, in place if the array is not shared.
    pub(crate) fn append(self, more: &Self) -> Self {
        let mut items = self.into_items();
        let changed = Rc::make_mut(&mut items);
        changed.depth = changed.depth.max(more.depth());
        changed.values.extend(more.iter());
        Self::Items(items)
    }

    /// Replaces one item by what `change` returns. `change` gets `null` for a missing item. The caller limits the position.
    pub(crate) fn change<E>(
        self,
        position: usize,
        change: impl FnOnce(Value<'r>) -> Result<Value<'r>, E>,
    ) -> Result<Self, E> {
        let mut items = self.into_items();
        let changed = Rc::make_mut(&mut items);
        if position >= changed.values.len() {
            changed.values.resize(position + 1, Value::Null);
        }
        if let Some(slot) = changed.values.get_mut(position) {
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
