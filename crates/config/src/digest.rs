//! What tells one pipeline from another whose output could differ.

use std::collections::BTreeMap;

use serde_json::Value;
use sha2::{Digest, Sha256};
use taskferry_pipeline::{Registry, Role};
use taskferry_sdk::{KeyPath, Segment, hex};

use crate::files::PipelineFiles;
use crate::layers::{COMMAND_LINE, Layers};
use crate::schema::stages;
use crate::secrets::Secrets;
use crate::tree::{Kind, Node};

/// What the file says about itself and about runs, not about what comes out of them.
const NOT_OUTPUT: [&str; 3] = ["description", "state", "expect"];
/// The mark, in a source's schema, of an option that changes nothing about the output.
const SAME_OUTPUT: &str = "x-same-output";
/// The mark of one that changes nothing about which jobs come.
const SAME_JOBS: &str = "x-same-jobs";

/// The SHA-256, in hexadecimal digits, of the program's version, of all values but those of secret options and of options that
/// change nothing about the output, and of the files that options name. Secrets change without changing the output, and a digest of one could be guessed from.
pub(crate) fn digest(tree: &Node, registry: &Registry, files: &PipelineFiles) -> String {
    let mut parts = Parts::default();
    parts.add(registry.program().as_bytes());
    let left_out = LeftOut::new(tree, registry, &[SAME_OUTPUT]);
    add(tree, &KeyPath::root(), &left_out, &mut parts);
    for (path, checksum) in files.checksums() {
        parts.add(path.to_string_lossy().as_bytes());
        parts.add(&checksum);
    }
    parts.digest()
}

/// The same of the source's options alone, but for those that change nothing about which jobs it reads.
pub(crate) fn listing_digest(tree: &Node, registry: &Registry) -> String {
    let mut parts = Parts::default();
    let left_out = LeftOut::new(tree, registry, &[SAME_OUTPUT, SAME_JOBS]);
    let path = KeyPath::of("source");
    if let Some(source) = tree.get(&path) {
        add(source, &path, &left_out, &mut parts);
    }
    parts.digest()
}

/// The digest of the values that `--set` changes about the output, which identifies an experiment. `None` if `--set` does not
/// change the output.
pub(crate) fn experiment(tree: &Node, layers: &Layers, registry: &Registry) -> Option<String> {
    let left_out = LeftOut::new(tree, registry, &[SAME_OUTPUT]);
    let changes_output = |path: &KeyPath| {
        let Some(Segment::Key(top)) = path.segments().first() else { return true };
        // A source's credentials are renewed, while another receiver has another address.
        let renewed = top == "source" && left_out.secrets.paths().contains(path);
        let elsewhere = NOT_OUTPUT.contains(&top.as_str()) || top == "name";
        !renewed && !elsewhere && !left_out.same.contains(path)
    };
    let given = layers.overrides.iter().filter(|given| given.name == COMMAND_LINE);
    let last: BTreeMap<String, _> = given
        .filter(|given| changes_output(&given.path))
        .map(|given| (given.path.to_string(), given))
        .collect();
    let mut parts = Parts::default();
    for (path, given) in &last {
        parts.add(path.as_bytes());
        if !left_out.secrets.covers(&given.path) {
            parts.add(given.value().as_bytes());
        }
    }
    (!last.is_empty()).then(|| parts.digest().chars().take(12).collect())
}

/// What is hashed.
#[derive(Default)]
struct Parts(Sha256);

impl Parts {
    fn add(&mut self, text: &[u8]) {
        // The length keeps two parts from being taken for two others.
        self.0.update((text.len() as u64).to_be_bytes());
        self.0.update(text);
    }

    fn digest(self) -> String {
        hex(self.0.finalize())
    }
}

/// What of a pipeline is not in a digest.
struct LeftOut {
    secrets: Secrets,
    same: Vec<KeyPath>,
}

impl LeftOut {
    fn new(tree: &Node, registry: &Registry, marks: &[&str]) -> Self {
        let same = marks.iter().flat_map(|mark| marked(tree, registry, mark)).collect();
        Self { secrets: Secrets::by_option(tree, registry), same }
    }
}

/// Options of the source that its schema marks so.
fn marked(tree: &Node, registry: &Registry, mark: &str) -> Vec<KeyPath> {
    let mut stages = stages(tree, registry).into_iter();
    let Some(source) = stages.find(|stage| stage.role == Role::Source) else { return Vec::new() };
    let properties = source.schema.get("properties").and_then(Value::as_object);
    let marked = properties.into_iter().flatten().filter(|(_, property)| {
        property.get(mark).is_some_and(|mark| mark.as_bool() == Some(true))
    });
    marked.map(|(key, _)| source.path.key(key)).collect()
}

fn add(node: &Node, path: &KeyPath, left_out: &LeftOut, parts: &mut Parts) {
    match &node.kind {
        Kind::Leaf(_) if left_out.secrets.paths().contains(path) => parts.add(b"secret"),
        Kind::Leaf(value) => parts.add(value.to_string().as_bytes()),
        Kind::List(items) => {
            parts.add(format!("list of {}", items.len()).as_bytes());
            for (index, item) in items.iter().enumerate() {
                add(item, &path.index(index), left_out, parts);
            }
        }
        Kind::Table(fields) => {
            let at_top = path.segments().is_empty();
            let fields: Vec<_> = fields
                .iter()
                .filter(|(key, _)| !(at_top && NOT_OUTPUT.contains(&key.as_str())))
                .filter(|(key, _)| !left_out.same.contains(&path.key(key.as_str())))
                .collect();
            parts.add(format!("table of {}", fields.len()).as_bytes());
            for (key, field) in fields {
                parts.add(key.as_bytes());
                add(field, &path.key(key), left_out, parts);
            }
        }
    }
}
