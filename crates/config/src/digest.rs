//! What tells one pipeline from another whose output could differ.

use std::fmt::Write;

use sha2::{Digest, Sha256};
use taskferry_core::{KeyPath, Registry};

use crate::files::PipelineFiles;
use crate::secrets::Secrets;
use crate::tree::{Kind, Node};

/// What the file says about itself and about runs, not about what comes out of them.
const NOT_OUTPUT: [&str; 3] = ["description", "state", "expect"];

/// The SHA-256, in hexadecimal digits, of the program's version, of all values but those of secret options, and of
/// the files that options name. Secrets change without changing the output, and a digest of one could be guessed from.
pub(crate) fn digest(tree: &Node, registry: &Registry, files: &PipelineFiles) -> String {
    let secrets = Secrets::by_option(tree, registry);
    let mut hash = Sha256::new();
    let mut part = |text: &[u8]| {
        // The length keeps two parts from being taken for two others.
        hash.update((text.len() as u64).to_be_bytes());
        hash.update(text);
    };
    part(registry.program().as_bytes());
    add(tree, &KeyPath::root(), &secrets, &mut part);
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

fn add(node: &Node, path: &KeyPath, secrets: &Secrets, part: &mut impl FnMut(&[u8])) {
    match &node.kind {
        Kind::Leaf(_) if secrets.paths().contains(path) => part(b"secret"),
        Kind::Leaf(value) => part(value.to_string().as_bytes()),
        Kind::List(items) => {
            part(format!("list of {}", items.len()).as_bytes());
            for (index, item) in items.iter().enumerate() {
                add(item, &path.index(index), secrets, part);
            }
        }
        Kind::Table(fields) => {
            let at_top = path.segments().is_empty();
            let fields: Vec<_> = fields
                .iter()
                .filter(|(key, _)| !(at_top && NOT_OUTPUT.contains(&key.as_str())))
                .collect();
            part(format!("table of {}", fields.len()).as_bytes());
            for (key, field) in fields {
                part(key.as_bytes());
                add(field, &path.key(key), secrets, part);
            }
        }
    }
}
