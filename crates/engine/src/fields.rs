//! Counts the fields of the source's records, so that a later run can detect changes of the API.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use taskferry_sdk::json::{Key, Kind, Node};
use taskferry_sdk::{Batch, printable};

/// Up to this page, all records are counted. After it, one record in [`STRIDE`] is counted, so that a large export costs little.
const WHOLE_PAGES: u64 = 100;
const STRIDE: u64 = 16;
/// The maximum number of counted fields. A listing exceeds it if its keys are data instead of field names.
const MAX_FIELDS: usize = 500;
const MAX_DEPTH: usize = 16;

/// The objects in records, by their paths: the empty path is the record itself, `tasks[].ai_impact` an object in a task.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FieldCounts {
    objects: BTreeMap<String, ObjectCounts>,
    /// Whether there are more fields than are counted.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub(crate) is_truncated: bool,
}

/// The objects at one path, and their fields by name.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
struct ObjectCounts {
    count: u64,
    fields: BTreeMap<String, FieldCount>,
}

/// The occurrences of one field.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct FieldCount {
    /// The number of objects that have the field, null or not.
    present: u64,
    nulls: u64,
    /// The types of its values, one bit each, without null.
    types: u8,
}

#[derive(Debug, Clone)]
pub(crate) struct Field {
    /// Its path: `tasks[].ai_impact.level`.
    pub(crate) path: String,
    count: FieldCount,
    /// The number of objects that may have it.
    objects: u64,
}

impl Field {
    /// The fraction of objects in which the field is null or missing, from 0 to 1.
    pub(crate) fn null_rate(&self) -> f64 {
        ratio(self.objects.saturating_sub(self.count.present) + self.count.nulls, self.objects)
    }

    /// The fraction of objects that have the field, from 0 to 1.
    pub(crate) fn presence(&self) -> f64 {
        ratio(self.count.present, self.objects)
    }

    /// The names of the types of its values, without null.
    pub(crate) fn types(&self) -> Vec<&'static str> {
        let names = ["boolean", "number", "string", "array", "object"].into_iter().enumerate();
        let types = self.count.types;
        names.filter(|(bit, _)| types & (1 << bit) != 0).map(|(_, name)| name).collect()
    }

    /// Whether it has values of a type that `before` did not have. A field that was always null had no type.
    pub(crate) fn has_other_types_than(&self, before: &Self) -> bool {
        self.count.types & !before.count.types != 0 && before.count.types != 0
    }
}

#[expect(clippy::cast_precision_loss, reason = "the rate is shown with few digits")]
fn ratio(part: u64, whole: u64) -> f64 {
    if whole == 0 { 0.0 } else { part as f64 / whole as f64 }
}

impl FieldCounts {
    /// Counts the fields of a page's records.
    pub(crate) fn of(page: &Batch) -> Self {
        let mut tree = Tree::default();
        let is_counted =
            |index: u64| page.page <= WHOLE_PAGES || (page.page + index).is_multiple_of(STRIDE);
        for (index, record) in (0..).zip(&page.records) {
            if is_counted(index)
                && let Ok(root) = record.root()
            {
                tree.add(root, 0, 0);
            }
        }
        let mut counts = Self { is_truncated: tree.is_truncated, ..Self::default() };
        tree.flatten(0, "", &mut counts);
        counts
    }

    /// Whether no record was counted.
    pub(crate) fn is_empty(&self) -> bool {
        self.objects.is_empty()
    }

    /// All fields, sorted by their paths.
    pub(crate) fn fields(&self) -> BTreeMap<String, Field> {
        let all = self.objects.iter().flat_map(|(path, object)| {
            object.fields.iter().map(move |(name, count)| Field {
                path: if path.is_empty() { name.clone() } else { format!("{path}.{name}") },
                count: *count,
                objects: object.count,
            })
        });
        all.map(|field| (field.path.clone(), field)).collect()
    }

    pub(crate) fn add(&mut self, more: &Self) {
        self.is_truncated |= more.is_truncated;
        for (path, object) in &more.objects {
            if self.objects.len() >= MAX_FIELDS && !self.objects.contains_key(path) {
                self.is_truncated = true;
                continue;
            }
            self.objects.entry(path.clone()).or_default().count += object.count;
            for (name, count) in &object.fields {
                if let Some(sum) = self.entry(path, name) {
                    sum.present += count.present;
                    sum.nulls += count.nulls;
                    sum.types |= count.types;
                }
            }
        }
    }

    /// Adds the fields of an earlier run with zero counts, so that a rare field is reported as new only once.
    pub(crate) fn add_known_fields(&mut self, earlier: &Self) {
        for (path, object) in &earlier.objects {
            for name in object.fields.keys() {
                self.entry(path, name);
            }
        }
    }

    /// The count of a field; `None` if there are too many fields.
    fn entry(&mut self, path: &str, name: &str) -> Option<&mut FieldCount> {
        let number: usize = self.objects.values().map(|object| object.fields.len()).sum();
        let fields = &mut self.objects.entry(path.to_owned()).or_default().fields;
        if number >= MAX_FIELDS && !fields.contains_key(name) {
            self.is_truncated = true;
            return None;
        }
        Some(fields.entry(name.to_owned()).or_default())
    }
}

/// The fields of a page. Most records have the same keys in the same order, so a field is usually found at its
/// position.
#[derive(Default)]
struct Tree {
    /// The first node is the record itself.
    nodes: Vec<TreeNode>,
    is_truncated: bool,
}

#[derive(Default)]
struct TreeNode {
    /// The name of the field; `None` for the items of an array.
    key: Option<String>,
    children: Vec<usize>,
    present: u64,
    nulls: u64,
    objects: u64,
    types: u8,
}

impl Tree {
    /// Counts a value at the node `at`.
    fn add(&mut self, value: Node<'_>, at: usize, depth: usize) {
        if self.nodes.is_empty() {
            self.nodes.push(TreeNode::default());
        }
        let Some(node) = self.nodes.get_mut(at) else { return };
        node.present += 1;
        let bit = match value.kind() {
            Kind::Null => {
                node.nulls += 1;
                return;
            }
            Kind::Bool => 0,
            Kind::Number => 1,
            Kind::String => 2,
            Kind::Array => 3,
            Kind::Object => 4,
        };
        node.types |= 1 << bit;
        node.objects += u64::from(bit == 4);
        if depth == MAX_DEPTH {
            return;
        }
        for (position, (key, member)) in value.members().enumerate() {
            if let Some(child) = self.child(at, position, Some(key)) {
                self.add(member, child, depth + 1);
            }
        }
        for item in value.items() {
            if let Some(child) = self.child(at, 0, None) {
                self.add(item, child, depth + 1);
            }
        }
    }

    /// The node of a key, or of the items of an array.
    fn child(&mut self, at: usize, position: usize, key: Option<Key<'_>>) -> Option<usize> {
        let is_it = |child: &usize| match (&self.nodes.get(*child)?.key, &key) {
            (Some(name), Some(key)) => (*key == **name).then_some(*child),
            (None, None) => Some(*child),
            _ => None,
        };
        let children = &self.nodes.get(at)?.children;
        let found = children.get(position).and_then(is_it);
        if let Some(found) = found.or_else(|| children.iter().find_map(is_it)) {
            return Some(found);
        }
        let new = self.nodes.len();
        if new > MAX_FIELDS {
            self.is_truncated = true;
            return None;
        }
        let key = key.map(|key| key.as_str().into_owned());
        self.nodes.push(TreeNode { key, ..TreeNode::default() });
        self.nodes.get_mut(at)?.children.push(new);
        Some(new)
    }

    /// Adds the objects at the node `at` and below it to `counts`.
    fn flatten(&self, at: usize, path: &str, counts: &mut FieldCounts) {
        let Some(node) = self.nodes.get(at) else { return };
        let mut fields = BTreeMap::new();
        for (index, child) in
            node.children.iter().filter_map(|at| Some((*at, self.nodes.get(*at)?)))
        {
            let path = match &child.key {
                None => format!("{path}[]"),
                Some(key) => {
                    let name = printable(key).into_owned();
                    let path =
                        if path.is_empty() { name.clone() } else { format!("{path}.{name}") };
                    let TreeNode { present, nulls, types, .. } = *child;
                    fields.insert(name, FieldCount { present, nulls, types });
                    path
                }
            };
            self.flatten(index, &path, counts);
        }
        if node.objects > 0 {
            counts.objects.insert(path.to_owned(), ObjectCounts { count: node.objects, fields });
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskferry_sdk::Record;
    use taskferry_sdk::testing::batch;

    #[test]
    fn a_listing_with_data_in_its_keys_is_counted_up_to_a_limit() {
        let mut counts = FieldCounts::default();
        for page in 0..40 {
            let keys = (0..50).map(|key| format!("\"{page}-{key}\": {{\"a\": 1}}"));
            let text = format!("{{{}}}", keys.collect::<Vec<_>>().join(","));
            counts.add(&FieldCounts::of(&batch(1, [Record::parse(text).unwrap()])));
        }
        assert!(counts.is_truncated);
        assert!(counts.objects.len() <= MAX_FIELDS && counts.fields().len() <= MAX_FIELDS);
    }

    #[test]
    fn one_record_of_sixteen_is_counted_after_the_first_pages() {
        let page = |number| {
            let records = (0..160).map(|_| Record::parse("{\"a\": null}").unwrap());
            FieldCounts::of(&batch(number, records)).objects[""].count
        };
        assert_eq!((page(100), page(101), page(5000)), (160, 10, 10));
    }
}
