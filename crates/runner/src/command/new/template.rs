//! The templates of plugin crates.
//!
//! They are the examples in `examples/templates`, which are compiled and tested as they are. `templates.txt` contains their files,
//! because a published crate contains no files outside of its folder, and no folder with a `Cargo.toml`.

use std::path::Path;

use taskferry_sdk::PartsHash;

use super::checkout::Checkout;
use super::names::Names;
use crate::command::arguments::quoted;

const TEMPLATES: &str = include_str!("templates.txt");

/// The version of taskferry in the templates.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// Where `examples/templates/NAME` finds taskferry.
const CHECKOUT: &str = "../../..";

/// The step that makes the checkout available.
const CLONE: [&str; 2] = [
    "      # Clones taskferry to the path in `Cargo.toml`. Without this path, remove the step.\n",
    "      - run: |\n          sudo install -d -o \"$USER\" ../../..\n          git clone --depth 1 https://github.com/taskferry/taskferry ../../..\n",
];

/// The files of a crate with the names of the example.
#[derive(Debug)]
pub(super) struct Template {
    pub(super) name: String,
    files: Vec<(&'static str, String)>,
}

impl Template {
    /// The template with this name.
    pub(super) fn find(name: &str) -> Option<Self> {
        let files = files_in(TEMPLATES).filter_map(|(path, text)| {
            let (template, path) = path.split_once('/')?;
            (template == name).then_some((path, text))
        });
        let files: Vec<_> = files.collect();
        (!files.is_empty()).then(|| Self { name: name.to_owned(), files })
    }

    /// Identifies the content of the template.
    pub(super) fn version(&self) -> String {
        let mut hash = PartsHash::default();
        for (path, text) in &self.files {
            hash.add(path);
            hash.add(text);
        }
        hash.digest().chars().take(12).collect()
    }

    /// The Rust files.
    pub(super) fn code(&self) -> impl Iterator<Item = &str> {
        let is_rust = |path: &str| Path::new(path).extension().is_some_and(|it| it == "rs");
        self.files.iter().filter(move |(path, _)| is_rust(path)).map(|(_, text)| text.as_str())
    }

    /// The files of a crate with these names.
    pub(super) fn files(
        &self,
        names: &Names,
        checkout: Option<&Checkout>,
    ) -> Vec<(String, String)> {
        let files = self.files.iter().map(|(path, text)| {
            let text = text
                .replace("my-plugin", &names.package)
                .replace("my_plugin", &names.snake)
                .replace("MyPlugin", &names.pascal);
            let text = match checkout {
                Some(checkout) => with_checkout(&text, checkout),
                None => with_version(&text),
            };
            ((*path).to_owned(), text)
        });
        files.collect()
    }
}

/// The files of an archive, with their texts.
pub(super) fn files_in(archive: &str) -> impl Iterator<Item = (&str, String)> {
    let first = archive.strip_prefix("==> ");
    let rest = first.or_else(|| archive.split_once("\n==> ").map(|(_, rest)| rest));
    let files = rest.into_iter().flat_map(|rest| rest.split("\n==> "));
    files.filter_map(|file| {
        let (path, text) = file.split_once(" <==\n")?;
        Some((path, format!("{}\n", text.trim_end_matches('\n'))))
    })
}

/// The dependencies of the examples, with the path of the package in the checkout.
fn dependencies() -> [(String, &'static str, bool); 3] {
    let dependency = |path: &str| format!("{{ version = \"{VERSION}\", path = \"{path}\" }}");
    [
        (dependency(&format!("{CHECKOUT}/crates/sdk")), "crates/sdk", false),
        (dependency(&format!("{CHECKOUT}/crates/lookup")), "crates/lookup", false),
        // The runner is in a folder of its own.
        (dependency(&format!("../{CHECKOUT}/crates/runner")), "crates/runner", true),
    ]
}

fn with_checkout(text: &str, checkout: &Checkout) -> String {
    let mut text = text.to_owned();
    for (dependency, package, is_below) in dependencies() {
        let path = if is_below { checkout.seen_from_below() } else { checkout.path.clone() };
        let path = format!("{path}/{package}").replace('\\', "\\\\").replace('"', "\\\"");
        let new = format!("{{ version = \"{VERSION}\", path = \"{path}\" }}");
        text = text.replace(&dependency, &new);
    }
    let [_, clone] = CLONE;
    text.replace(clone, &clone.replace(CHECKOUT, &quoted(&checkout.path)))
}

fn with_version(text: &str) -> String {
    let mut text = text.replace(&CLONE.concat(), "");
    for (dependency, ..) in dependencies() {
        text = text.replace(&dependency, &format!("\"{VERSION}\""));
    }
    text
}
