//! Outputs that are inputs, or other outputs: known by the file, not by the spelling of its path.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use taskferry_sdk::{KeyPath, Part, Problem};

use crate::built::CheckedSink;
use crate::files::{PipelineFiles, tilde};
use crate::identity::Identity;
use crate::layers::Layers;
use crate::settings::Settings;
use crate::tree::{Kind, Node};

/// The files of a pipeline.
#[derive(Debug)]
pub struct FilesInUse {
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    state: StateFolder,
}

#[derive(Debug)]
struct Input {
    what: String,
    identity: Identity,
    /// The option that names it; none of the pipeline file itself.
    named_by: Option<KeyPath>,
}

#[derive(Debug)]
struct Output {
    path: PathBuf,
    named_by: KeyPath,
    /// The file itself, then those beside it while it is written.
    files: Vec<Identity>,
}

#[derive(Debug)]
struct StateFolder {
    shown: String,
    folder: Identity,
}

/// Why a file can't be written: in words, and the other place that it concerns.
struct Conflict {
    code: &'static str,
    message: String,
    help: &'static str,
    other: Option<(KeyPath, &'static str)>,
}

impl FilesInUse {
    pub(crate) fn of(
        tree: &Node,
        layers: &Layers,
        files: &PipelineFiles,
        pipeline: &str,
        sinks: &[CheckedSink],
        settings: &Settings,
    ) -> Self {
        let mut inputs: Vec<Input> = Vec::new();
        for (index, path) in layers.paths.iter().enumerate() {
            let what = if index == 0 { "the pipeline file" } else { "an overlay" };
            inputs.push(Input {
                what: what.to_owned(),
                identity: Identity::of(path),
                named_by: None,
            });
        }
        let mut outputs: Vec<Output> = Vec::new();
        for sink in sinks.iter().filter(|sink| !sink.files.is_empty()) {
            outputs.push(Output::new(&sink.files, sink.path.key("path")));
        }
        if let Some(letters) = &settings.dead_letter {
            let path = letters.path.for_pipeline(pipeline);
            outputs.push(Output::new(&[path], KeyPath::of("dead_letter").key("path")));
        }
        for (path, value) in files.named() {
            let named_by = value.or_else(|| naming(tree, &outputs, &path.to_string_lossy()));
            let key =
                named_by.as_ref().map_or_else(String::new, |key| format!(", which `{key}` reads"));
            let what = format!("an input of this pipeline{key}");
            let identity = Identity::of(&files.place_of(&path));
            inputs.push(Input { what, identity, named_by });
        }
        Self { inputs, outputs, state: StateFolder::of(&settings.state.dir, pipeline) }
    }

    /// What is wrong with the outputs of the pipeline.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, output) in self.outputs.iter().enumerate() {
            problems.extend(tilde(&output.path, &output.named_by));
            let before = self.outputs.get(..index).unwrap_or_default();
            let Some(conflict) = self.conflict(&output.path, &output.files, before) else {
                continue;
            };
            let problem = Problem::at(output.named_by.clone(), conflict.code, conflict.message)
                .label("this would be written")
                .help(conflict.help);
            problems.push(match conflict.other {
                Some((path, label)) => problem.related(path, Part::Value, label),
                None => problem,
            });
        }
        problems
    }

    /// Why a file that is no output of the pipeline can't be written by a run of it.
    pub fn why_not(&self, path: &Path) -> Option<String> {
        let conflict = self.conflict(path, &[Identity::of(path)], &self.outputs)?;
        Some(format!("{}; {}", conflict.message, conflict.help))
    }

    fn conflict(&self, path: &Path, files: &[Identity], outputs: &[Output]) -> Option<Conflict> {
        let path = path.display();
        let input = self.inputs.iter().find(|input| {
            files.iter().any(|file| file.is(&input.identity) || overlap(file, &input.identity))
        });
        if let Some(input) = input {
            return Some(Conflict {
                code: "pipeline::overwrites_input",
                message: format!("`{path}` would take the place of {}", input.what),
                help: "choose another path for the output",
                other: input.named_by.clone().map(|key| (key, "this is read")),
            });
        }
        if files.iter().any(|file| self.state.holds(file)) {
            return Some(Conflict {
                code: "pipeline::in_state",
                message: format!(
                    "`{path}` lies in `{}`, where taskferry keeps its state",
                    self.state.shown
                ),
                help: "choose another folder for the output",
                other: Some((KeyPath::of("state").key("dir"), "the folder for state")),
            });
        }
        let same = |output: &&Output| {
            output.files.iter().any(|other| files.iter().any(|file| file.is(other)))
        };
        if let Some(other) = outputs.iter().find(same) {
            let other_path = other.path.display();
            let is_one = other.files.first().zip(files.first()).is_some_and(|(a, b)| a.is(b));
            return Some(Conflict {
                code: "pipeline::claimed_twice",
                message: if is_one {
                    format!("`{path}` is written twice")
                } else {
                    format!("`{path}` and `{other_path}` meet in one file while they are written")
                },
                help: "choose another path for one of them",
                other: Some((other.named_by.clone(), "this is written as well")),
            });
        }
        let nested = |output: &&Output| {
            let pair = output.files.first().zip(files.first());
            pair.is_some_and(|(other, file)| overlap(file, other))
        };
        let other = outputs.iter().find(nested)?;
        Some(Conflict {
            code: "pipeline::nested_outputs",
            message: format!("`{path}` and `{}` can't both be files", other.path.display()),
            help: "choose another path for one of them",
            other: Some((other.named_by.clone(), "this is written as well")),
        })
    }
}

impl Output {
    fn new(paths: &[PathBuf], named_by: KeyPath) -> Self {
        let files = paths.iter().map(|path| Identity::of(&today(path)));
        let path = paths.first().cloned().unwrap_or_default();
        Self { path, named_by, files: files.collect() }
    }
}

impl StateFolder {
    /// Where the folder for state is the working directory, or one above it, only what the pipeline has in it counts.
    fn of(dir: &str, pipeline: &str) -> Self {
        let (whole, here) = (Identity::of(Path::new(dir)), Identity::of(Path::new(".")));
        if here.is(&whole) || here.is_in(&whole) {
            let own = Path::new(dir).join(pipeline);
            return Self { shown: own.display().to_string(), folder: Identity::of(&own) };
        }
        Self { shown: dir.to_owned(), folder: whole }
    }

    fn holds(&self, file: &Identity) -> bool {
        file.is(&self.folder) || overlap(file, &self.folder)
    }
}

fn overlap(left: &Identity, right: &Identity) -> bool {
    left.is_in(right) || right.is_in(left)
}

/// The path that a run which begins today writes to.
fn today(path: &Path) -> PathBuf {
    let date: String = Timestamp::now().to_string().chars().take(10).collect();
    let text = path.to_string_lossy().replace("{date}", &date).replace("{shard}", "all");
    PathBuf::from(text)
}

/// The option, none of those for outputs, whose text is this path, or holds it.
fn naming(tree: &Node, outputs: &[Output], path: &str) -> Option<KeyPath> {
    let is_path = |text: &str| text == path;
    let holds_path = |text: &str| text.contains(path);
    let state = KeyPath::of("state");
    let is_input = |key: &KeyPath| {
        !key.segments().starts_with(state.segments())
            && outputs.iter().all(|output| output.named_by != *key)
    };
    let find_by = |wanted: &dyn Fn(&str) -> bool| find(tree, &KeyPath::root(), wanted, &is_input);
    find_by(&is_path).or_else(|| find_by(&holds_path))
}

fn find(
    node: &Node,
    at: &KeyPath,
    wanted: &dyn Fn(&str) -> bool,
    is_input: &dyn Fn(&KeyPath) -> bool,
) -> Option<KeyPath> {
    match &node.kind {
        Kind::Leaf(value) => {
            value.as_str().filter(|text| wanted(text) && is_input(at)).map(|_| at.clone())
        }
        Kind::List(items) => items
            .iter()
            .enumerate()
            .find_map(|(index, item)| find(item, &at.index(index), wanted, is_input)),
        Kind::Table(fields) => fields
            .iter()
            .find_map(|(key, field)| find(field, &at.key(key.as_str()), wanted, is_input)),
    }
}
