//! Paths that lead to the same file.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

mod plugins;

use std::fs;
use std::os::unix::fs::symlink;

use plugins::registry;
use taskferry_config::{Layers, is_same_file, load};

#[test]
fn all_paths_to_one_file_are_equal() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let is = |left: &str, right: &str| is_same_file(&at(left), &at(right));
    fs::create_dir(at("real")).unwrap();
    fs::write(at("real/a"), "").unwrap();
    fs::hard_link(at("real/a"), at("other")).unwrap();
    symlink(at("real"), at("link")).unwrap();
    symlink("real/b", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    assert!(is("link/a", "real/a") && is("link/../real/./a", "real/a") && is("other", "real/a"));
    assert!(is("link/new/x", "real/new/y/../x") && is("dangling", "link/b"));
    assert!(!is("real/a", "real/b") && !is("loop", "real/a"));
    // A file can't be inside a file that is written through a link.
    let out = |name: &str| format!("[[sink]]\ntype = \"out\"\npath = \"{}\"\n", at(name).display());
    let source = "[source]\ntype = \"pages\"\nurl = \"x\"\n";
    let text = format!("{source}{}{}", out("real/new"), out("link/new/x"));
    let found = load(&Layers::from_text("jobs.toml", text), &registry()).unwrap_err();
    assert!(found.to_string().contains("one is a parent folder of the other"), "{found}");
}
