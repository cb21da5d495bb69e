//! Edits of a text, compared with the same edits of a tree.

use std::collections::HashMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use taskferry_json::{Document, Node};

use crate::spelling::text;

#[derive(Debug, Clone)]
enum Change {
    Replace(Value),
    Set(String, Value),
    Push(Value),
    Insert(Value),
    Remove,
    Rename(String, String),
}

fn change() -> impl Strategy<Value = Change> {
    let key = || "a|b|c|d|linked_skills|é";
    let value = || {
        prop_oneof![
            Just(json!(null)),
            Just(json!({"new": [1]})),
            "[a-z\"\\\\é]{0,3}".prop_map(Value::from)
        ]
    };
    prop_oneof![
        2 => value().prop_map(Change::Replace),
        3 => (key(), value()).prop_map(|(key, value)| Change::Set(key, value)),
        2 => value().prop_map(Change::Push),
        2 => value().prop_map(Change::Insert),
        4 => Just(Change::Remove),
        2 => (key(), key()).prop_map(|(old, new)| Change::Rename(old, new)),
    ]
}

/// The path of a value: the key or index at each level.
type Path = Vec<Step>;

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Step {
    Key(String),
    Item(usize),
}

fn child(path: &Path, step: Step) -> Path {
    path.iter().cloned().chain([step]).collect()
}

fn key(path: &Path, key: &str) -> Path {
    child(path, Step::Key(key.to_owned()))
}

fn paths(tree: &Value, here: &Path, found: &mut Vec<Path>) {
    found.push(here.clone());
    for (name, value) in tree.as_object().into_iter().flatten() {
        paths(value, &key(here, name), found);
    }
    for (position, value) in tree.as_array().into_iter().flatten().enumerate() {
        paths(value, &child(here, Step::Item(position)), found);
    }
}

fn follow<'a>(root: Node<'a>, path: &Path) -> Node<'a> {
    path.iter().fold(root, |node, step| match step {
        Step::Key(key) => node.get(key).unwrap(),
        Step::Item(position) => node.item(*position).unwrap(),
    })
}

fn look<'a>(tree: &'a Value, path: &Path) -> &'a Value {
    path.iter().fold(tree, |tree, step| match step {
        Step::Key(key) => &tree[key],
        Step::Item(position) => &tree[position],
    })
}

/// The edit of one value.
#[derive(Debug, Default)]
struct Plan {
    is_removed: bool,
    value: Option<Value>,
    key: Option<String>,
    before: Vec<Value>,
    items: Vec<Value>,
    members: Map<String, Value>,
}

struct Model {
    tree: Value,
    plans: HashMap<Path, Plan>,
    /// Two members have the same key, and the text decides which one counts.
    is_ambiguous: bool,
}

impl Model {
    fn plan(&mut self, path: &Path) -> &mut Plan {
        self.plans.entry(path.clone()).or_default()
    }

    fn change(&mut self, path: &Path, change: &Change) {
        let here = look(&self.tree, path).clone();
        match change {
            Change::Replace(value) => {
                let plan = self.plan(path);
                (plan.is_removed, plan.value) = (false, Some(value.clone()));
            }
            Change::Set(name, value) if here.get(name).is_some() => {
                self.change(&key(path, name), &Change::Replace(value.clone()));
            }
            Change::Set(name, value) if here.is_object() => {
                self.plan(path).members.insert(name.clone(), value.clone());
            }
            Change::Push(value) if here.is_array() => self.plan(path).items.push(value.clone()),
            Change::Insert(value) if matches!(path.last(), Some(Step::Item(_))) => {
                self.plan(path).before.push(value.clone());
            }
            Change::Remove => self.plan(path).is_removed = true,
            Change::Rename(old, new) if here.get(old).is_some() => {
                let other = key(path, new);
                if new != old && here.get(new).is_some() && self.plan(&other).key.is_none() {
                    self.plan(&other).is_removed = true;
                }
                let plan = self.plan(&key(path, old));
                (plan.is_removed, plan.key) = (false, Some(new.clone()));
            }
            _ => {}
        }
    }

    fn result(&mut self, path: &Path) -> Value {
        let mut plan = self.plans.remove(path).unwrap_or_default();
        if let Some(value) = plan.value {
            return value;
        }
        match look(&self.tree, path).clone() {
            Value::Object(members) => {
                let mut result = Map::new();
                for name in members.keys() {
                    let path = key(path, name);
                    let plan = self.plan(&path);
                    let name = plan.key.clone().unwrap_or_else(|| name.clone());
                    if !plan.is_removed {
                        let value = self.result(&path);
                        self.is_ambiguous |= result.insert(name, value).is_some();
                    }
                }
                for (name, value) in plan.members {
                    self.is_ambiguous |= result.insert(name, value).is_some();
                }
                Value::Object(result)
            }
            Value::Array(items) => {
                let mut result = Vec::new();
                for position in 0..items.len() {
                    let path = child(path, Step::Item(position));
                    let plan = self.plan(&path);
                    result.append(&mut plan.before);
                    if !plan.is_removed {
                        result.push(self.result(&path));
                    }
                }
                result.append(&mut plan.items);
                Value::Array(result)
            }
            scalar => scalar,
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]
    #[test]
    fn editing_a_text_equals_editing_its_tree(
        text in text(),
        changes in prop::collection::vec((any::<prop::sample::Index>(), change()), 0..12),
    ) {
        let document = Document::parse(text).unwrap();
        let tree = document.root().to_value().unwrap();
        let mut all = Vec::new();
        paths(&tree, &Vec::new(), &mut all);
        let mut model = Model { tree, plans: HashMap::new(), is_ambiguous: false };
        let mut edit = document.edit();
        for (place, change) in &changes {
            let path = &all[place.index(all.len())];
            model.change(path, change);
            let node = follow(document.root(), path);
            match change {
                Change::Replace(value) => edit.replace(node, value),
                Change::Set(key, value) => edit.set(node, key, value),
                Change::Push(value) => edit.push(node, value),
                Change::Insert(value) => edit.insert_item(node, value),
                Change::Remove => edit.remove(node),
                Change::Rename(old, new) => edit.rename(node, old, new),
            };
        }
        let (expected, is_empty) = (model.result(&Vec::new()), edit.is_empty());
        let changed = Document::parse(edit.finish()).unwrap();
        if is_empty {
            prop_assert_eq!(changed.as_bytes(), document.as_bytes());
        }
        if !model.is_ambiguous {
            // Compares text, because the order of members counts.
            let changed = changed.root().to_value().unwrap().to_string();
            prop_assert_eq!(changed, expected.to_string());
        }
    }
}

#[test]
fn removals_keep_the_other_bytes_and_valid_json() {
    for text in [
        r#"[1.0, "a,b" ,{"x": 1} , [2]]"#,
        r#"{"a" : 1.0, "b":"x,y" ,"\u0063": {"x": 1} , "d":[2]}"#,
    ] {
        let document = Document::parse(text).unwrap();
        let all: Vec<Node<'_>> = document
            .root()
            .items()
            .chain(document.root().members().map(|(_, value)| value))
            .collect();
        for choice in 0_u32..16 {
            let is_kept = |position: usize| choice >> position & 1 == 0;
            let mut edit = document.edit();
            for (position, node) in
                all.iter().enumerate().filter(|(position, _)| !is_kept(*position))
            {
                assert!(edit.remove(*node), "{position}");
            }
            let rest = Document::parse(edit.finish()).unwrap();
            let found: Vec<&[u8]> = rest
                .root()
                .items()
                .chain(rest.root().members().map(|(_, value)| value))
                .map(Node::raw)
                .collect();
            let kept: Vec<&[u8]> =
                (0..4).filter(|at| is_kept(*at)).map(|at| all[at].raw()).collect();
            assert_eq!(found, kept, "{rest:?}");
        }
    }
}

#[test]
fn keys_can_be_swapped() {
    let document = Document::parse(r#"{"a":1,"b":2}"#).unwrap();
    let mut edit = document.edit();
    edit.rename(document.root(), "a", "b");
    edit.rename(document.root(), "b", "a");
    assert_eq!(edit.finish().to_string(), r#"{"b":1,"a":2}"#);
}

#[test]
fn an_edit_of_a_foreign_or_wrong_node_changes_nothing() {
    let document = Document::parse(r#"{"a":[1],"b":2}"#).unwrap();
    let other = Document::parse(r#"{"a":[1]}"#).unwrap();
    let (root, array) = (document.root(), document.root().get("a").unwrap());
    let mut edit = document.edit();
    let done = [
        edit.remove(root),
        edit.replace(other.root(), 1),
        edit.set(other.root(), "x", 1),
        edit.set(array, "x", 1),
        edit.push(root, 1),
        edit.insert_item(root, 1),
        edit.insert_item(array, 1),
        edit.rename(root, "x", "y"),
        edit.rename(other.root(), "a", "b"),
    ];
    assert_eq!(done, [false; 9]);
    assert_eq!(edit.finish().as_bytes(), document.as_bytes());
}

#[test]
fn a_part_of_a_document_can_be_edited_separately() {
    let page = Document::parse(r#"{"x":{"a":1,"b":2},"y":3}"#).unwrap();
    let part = page.root().get("x").unwrap().to_document().unwrap();
    let mut edit = part.edit();
    assert!(!edit.replace(page.root(), 0) && !edit.remove(part.root()));
    assert!(edit.set(part.root(), "c", 3) && edit.remove(part.root().get("a").unwrap()));
    assert_eq!(edit.finish().to_string(), r#"{"b":2,"c":3}"#);
}

#[test]
fn a_key_that_is_set_twice_is_written_once() {
    let document = Document::parse(r#"{"a":1}"#).unwrap();
    let mut edit = document.edit();
    for value in [2, 3] {
        edit.set(document.root(), "a", value);
        edit.set(document.root(), "b", value);
    }
    assert_eq!(edit.finish().to_string(), r#"{"a":3,"b":3}"#);
}
