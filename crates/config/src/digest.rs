//! What tells one pipeline from another whose output could differ.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use taskferry_core::{KeyPath, Registry, Role};

use crate::files::PipelineFiles;
use crate::secrets::Secrets;
use crate::tree::{Kind, Node};

/// What the file says about itself and about runs, not about what comes out of them.
const NOT_OUTPUT: [&str; 3] = ["description", "state", "expect"];

/// The SHA-256, in hexadecimal digits, of the program's version, of all values but those of secret options and of options that
/// change nothing about the output, and of the files that options name. Secrets change without changing the output, and a digest of one could be guessed from.
pub(crate) fn digest(tree: &Node, registry: &Registry, files: &PipelineFiles) -> String {
    let secrets = Secrets::by_option(tree, registry);
    let same_output = same_output(tree, registry);
    let mut hash = Sha256::new();
    let mut part = |text: &[u8]| {
        // The length keeps two parts from being taken for two others.
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(registry.program().as_bytes());
    let left_out = LeftOut { secrets, same_output };
    add(tree, &KeyPath::root(), &left_out, &mut part);
    for (path, checksum) in files.checksums() {
        part(path.to_string_lossy().as_bytes());
        part(&checksum);
    }
    hash.finalize().iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string can't fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}

/// What of a pipeline is not in its digest.
struct LeftOut {
    secrets: Secrets,
    same_output: Vec<KeyPath>,
}

/// Options of the source that its schema marks as those that change nothing about the output.
fn same_output(tree: &Node, registry: &Registry) -> Vec<KeyPath> {
    let source = tree.as_table().and_then(|top| top.get("source")).and_then(Node::as_table);
    let type_name = source.and_then(|source| source.get("type")).and_then(Node::as_str);
    let plugins = registry.plugins();
    let entry = plugins
        .iter()
        .find(|entry| entry.role == Role::Source && Some(entry.type_name) == type_name);
    let properties = entry.and_then(|entry| entry.schema.as_value().get("properties")?.as_object());
    let marked = properties.into_iter().flatten().filter(|(_, property)| {
        property.get("x-same-output").is_some_and(|mark| mark.as_bool() == Some(true))
    });
    marked.map(|(key, _)| KeyPath::of("source").key(key)).collect()
}

fn add(node: &Node, path: &KeyPath, left_out: &LeftOut, part: &mut impl FnMut(&[u8])) {
    match &node.kind {
        Kind::Leaf(_) if left_out.secrets.paths().contains(path) => part(b"secret"),
        Kind::Leaf(value) => part(value.to_string().as_bytes()),
        Kind::List(items) => {
            part(format!("list of {}", items.len()).as_bytes());
            for (index, item) in items.iter().enumerate() {
                add(item, &path.index(index), left_out, part);
            }
        }
        Kind::Table(fields) => {
            let at_top = path.segments().is_empty();
            let fields: Vec<_> = fields
                .iter()
                .filter(|(key, _)| !(at_top && NOT_OUTPUT.contains(&key.as_str())))
                .filter(|(key, _)| !left_out.same_output.contains(&path.key(key.as_str())))
                .collect();
            part(format!("table of {}", fields.len()).as_bytes());
            for (key, field) in fields {
                part(key.as_bytes());
                add(field, &path.key(key), left_out, part);
            }
        }
    }
}
