//! Digests that identify pipelines with the same output, and sources with the same listing.
//!
//! | digest of the source | identifies | excludes options marked |
//! |---|---|---|
//! | listing | which jobs are read | `x-same-output`, `x-same-jobs` |
//! | content | which jobs and which fields | `x-same-output`, `x-same-records` |

use std::collections::BTreeMap;

use taskferry_pipeline::Registry;
use taskferry_sdk::{KeyPath, PartsHash, Segment};

use crate::files::PipelineFiles;
use crate::layers::{COMMAND_LINE, Layers};
use crate::schema::stages;
use crate::secrets::Secrets;
use crate::tree::{Kind, Node};

/// Top-level keys that do not affect the output.
const NOT_OUTPUT: [&str; 3] = ["description", "state", "expect"];
/// Marks, in the schema of a plugin, an option that does not affect the output.
const SAME_OUTPUT: &str = "x-same-output";
/// Marks, in the schema of a source, an option that does not affect which jobs are read.
const SAME_JOBS: &str = "x-same-jobs";
/// Marks, in the schema of a source, an option that affects neither the jobs nor their fields.
const SAME_RECORDS: &str = "x-same-records";
/// Keys of a transform that do not affect the records that it emits.
const NOT_CONTENT: [&str; 2] = ["name", "on_error"];

/// The SHA-256, in hexadecimal digits, of the program's version, of the values that affect the output, and of the files that
/// options name. Options that the schema marks as secrets are excluded: they can change without a change of the output, and the digest
/// would help to guess them. An option whose name only looks like a secret, such as `sort_key`, is included.
pub(crate) fn digest(tree: &Node, registry: &Registry, files: &PipelineFiles) -> String {
    let mut hash = PartsHash::of([registry.program()]);
    Excluded::new(tree, registry, &[SAME_OUTPUT]).hash(tree, &KeyPath::root(), &mut hash);
    for (path, checksum) in files.checksums() {
        hash.add(path.to_string_lossy().as_bytes());
        hash.add(checksum);
    }
    hash.digest()
}

/// The digest of the listing, see the table above.
pub(crate) fn listing_digest(tree: &Node, registry: &Registry) -> String {
    source_digest(tree, registry, &[SAME_OUTPUT, SAME_JOBS])
}

/// The digest of the content.
pub(crate) fn content_digest(tree: &Node, registry: &Registry) -> String {
    source_digest(tree, registry, &[SAME_OUTPUT, SAME_RECORDS])
}

/// The digest of the options that affect the records of the transform at `path`.
pub(crate) fn transform_digest(tree: &Node, registry: &Registry, path: &KeyPath) -> String {
    let mut hash = PartsHash::default();
    let mut excluded = Excluded::new(tree, registry, &[SAME_OUTPUT]);
    excluded.options.extend(NOT_CONTENT.map(|key| path.key(key)));
    excluded.hash_at(tree, path, &mut hash);
    hash.digest()
}

fn source_digest(tree: &Node, registry: &Registry, excluded: &[&str]) -> String {
    let mut hash = PartsHash::default();
    Excluded::new(tree, registry, excluded).hash_at(tree, &KeyPath::of("source"), &mut hash);
    hash.digest()
}

/// The digest of the program's version, of the source's options that affect the content of its pages, and of the size and time of
/// files that are only opened during a run, such as the data of a sandbox.
pub(crate) fn pages_digest(tree: &Node, registry: &Registry, files: &PipelineFiles) -> String {
    let mut hash = PartsHash::default();
    hash.add(registry.program().as_bytes());
    for (path, metadata) in files.opened_later() {
        let modified = metadata.modified().ok();
        hash.add(format!("{} {} {modified:?}", path.display(), metadata.len()));
    }
    Excluded::new(tree, registry, &[SAME_OUTPUT]).hash_at(tree, &KeyPath::of("source"), &mut hash);
    hash.digest()
}

/// The digest of the `--set` values that affect the output, which identifies an experiment. `None` if there are none.
pub(crate) fn experiment(tree: &Node, layers: &Layers, registry: &Registry) -> Option<String> {
    let excluded = Excluded::new(tree, registry, &[SAME_OUTPUT]);
    let affects_output = |path: &KeyPath| {
        let Some(Segment::Key(top)) = path.segments().first() else { return true };
        // New credentials of a source do not change the output. A secret of a sink may be the address of another receiver.
        let is_credential = top == "source" && excluded.secrets.paths().contains(path);
        let is_description = NOT_OUTPUT.contains(&top.as_str()) || top == "name";
        let is_excluded = |option: &KeyPath| path.segments().starts_with(option.segments());
        !is_credential && !is_description && !excluded.options.iter().any(is_excluded)
    };
    let given = layers.overrides.iter().filter(|given| given.name == COMMAND_LINE);
    let last: BTreeMap<String, _> = given
        .filter(|given| affects_output(&given.path))
        .map(|given| (given.path.to_string(), given))
        .collect();
    let mut hash = PartsHash::default();
    for (path, given) in &last {
        hash.add(path);
        if !excluded.secrets.covers(&given.path) {
            hash.add(given.value());
        }
    }
    (!last.is_empty()).then(|| hash.digest().chars().take(12).collect())
}

/// The values that a digest leaves out.
struct Excluded {
    secrets: Secrets,
    options: Vec<KeyPath>,
}

impl Excluded {
    /// Leaves out secrets, and the options with one of these marks.
    fn new(tree: &Node, registry: &Registry, marks: &[&str]) -> Self {
        let stages = stages(tree, registry);
        let mut options = Vec::new();
        for stage in &stages {
            stage.visit(&mut |_, path, schema| {
                let is_marked =
                    marks.iter().any(|mark| schema.get(mark).is_some_and(|mark| mark == true));
                if is_marked {
                    options.push(path.clone());
                }
                !is_marked
            });
        }
        Self { options, secrets: Secrets::by_option(&stages) }
    }

    fn hash_at(&self, tree: &Node, path: &KeyPath, hash: &mut PartsHash) {
        if let Some(node) = tree.get(path) {
            self.hash(node, path, hash);
        }
    }

    fn hash(&self, node: &Node, path: &KeyPath, hash: &mut PartsHash) {
        match &node.kind {
            Kind::Scalar(_) if self.secrets.paths().contains(path) => hash.add("secret"),
            Kind::Scalar(value) => hash.add(value.to_string()),
            Kind::List(items) => {
                hash.add(format!("list of {}", items.len()));
                for (index, item) in items.iter().enumerate() {
                    self.hash(item, &path.index(index), hash);
                }
            }
            Kind::Table(fields) => {
                let at_top = path.segments().is_empty();
                let fields: Vec<_> = fields
                    .iter()
                    .filter(|(key, _)| !(at_top && NOT_OUTPUT.contains(&key.as_str())))
                    .map(|(key, field)| (key, path.key(key), field))
                    .filter(|(_, path, _)| !self.options.contains(path))
                    .collect();
                hash.add(format!("table of {}", fields.len()));
                for (key, path, field) in fields {
                    hash.add(key);
                    self.hash(field, &path, hash);
                }
            }
        }
    }
}
