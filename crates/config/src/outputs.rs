//! The files that a pipeline reads and writes, and conflicts between them.

use std::path::{Path, PathBuf};

use jiff::Timestamp;
use taskferry_sdk::{KeyPath, Part, Problem};

use crate::built::CheckedSink;
use crate::files::{PipelineFiles, tilde};
use crate::identity::Identity;
use crate::layers::Layers;
use crate::settings::Settings;
use crate::tree::Node;

/// The files of a pipeline.
#[derive(Debug)]
pub struct FilesInUse {
    inputs: Vec<Input>,
    outputs: Vec<Output>,
    /// The state folder, with its path in messages.
    state: (String, Identity),
}

#[derive(Debug)]
struct Input {
    path: PathBuf,
    description: String,
    identity: Identity,
    /// The option that names the file; `None` for the files of the pipeline itself.
    option: Option<KeyPath>,
}

#[derive(Debug)]
struct Output {
    path: PathBuf,
    option: KeyPath,
    /// The file, then the temporary files beside it.
    files: Vec<Identity>,
}

/// The reason why a file cannot be written, and the option that it conflicts with.
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
        let of_sinks = sinks.iter().filter(|sink| !sink.stage.built.files.is_empty());
        let mut outputs: Vec<Output> = of_sinks
            .map(|sink| Output::new(&sink.stage.built.files, sink.stage.path.key("path")))
            .collect();
        if let Some(dead_letter) = &settings.dead_letter {
            let path = dead_letter.path.for_pipeline(pipeline);
            outputs.push(Output::new(&[path], KeyPath::of("dead_letter").key("path")));
        }
        let own = layers.paths.iter().enumerate().map(|(index, path)| Input {
            path: path.clone(),
            description: if index == 0 { "the pipeline file" } else { "an overlay" }.to_owned(),
            identity: Identity::of(path),
            option: None,
        });
        let named = files.named().into_iter().map(|(path, option)| {
            let option = option.or_else(|| input_option(tree, &outputs, &path.to_string_lossy()));
            let key = option.as_ref().map(|option| format!(", which `{option}` reads"));
            let path = files.path_of(&path);
            Input {
                description: format!("an input of this pipeline{}", key.unwrap_or_default()),
                identity: Identity::of(&path),
                option,
                path,
            }
        });
        let inputs = own.chain(named).collect();
        Self { inputs, outputs, state: state_folder(&settings.state.dir, pipeline) }
    }

    /// The paths of the files that the pipeline reads: its own files first.
    pub fn inputs(&self) -> impl Iterator<Item = &Path> {
        self.inputs.iter().map(|input| input.path.as_path())
    }

    /// The conflicts of the pipeline's outputs.
    pub(crate) fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        for (index, output) in self.outputs.iter().enumerate() {
            problems.extend(tilde(&output.path, &output.option));
            let earlier = self.outputs.get(..index).unwrap_or_default();
            let Some(conflict) = self.conflict(&output.path, &output.files, earlier) else {
                continue;
            };
            let problem = Problem::at(output.option.clone(), conflict.code, conflict.message)
                .label("this output")
                .help(conflict.help);
            problems.push(match conflict.other {
                Some((path, label)) => problem.related(path, Part::Value, label),
                None => problem,
            });
        }
        problems
    }

    /// Why a run of the pipeline cannot write a report to this path.
    pub fn conflict_with(&self, path: &Path) -> Option<String> {
        let conflict = self.conflict(path, &[Identity::of(path)], &self.outputs)?;
        Some(format!("{}; {}", conflict.message, conflict.help))
    }

    fn conflict(&self, path: &Path, files: &[Identity], outputs: &[Output]) -> Option<Conflict> {
        let path = path.display();
        let any = |conflicts: &dyn Fn(&Identity) -> bool| files.iter().any(conflicts);
        let input = self
            .inputs
            .iter()
            .find(|input| any(&|file| file.is(&input.identity) || overlap(file, &input.identity)));
        if let Some(input) = input {
            return Some(Conflict {
                code: "overwritten-input",
                message: format!("`{path}` would overwrite {}", input.description),
                help: "choose another path for the output",
                other: input.option.clone().map(|option| (option, "the input is read here")),
            });
        }
        let (state, folder) = &self.state;
        if any(&|file| file.is(folder) || overlap(file, folder)) {
            return Some(Conflict {
                code: "output-in-state",
                message: format!("`{path}` is in the state folder `{state}`"),
                help: "choose another folder for the output",
                other: Some((KeyPath::of("state").key("dir"), "the state folder")),
            });
        }
        let help = "choose another path for one of them";
        let same = |output: &&Output| output.files.iter().any(|other| any(&|file| file.is(other)));
        if let Some(output) = outputs.iter().find(same) {
            let message =
                if output.target().zip(files.first()).is_some_and(|(one, other)| one.is(other)) {
                    format!("two outputs write to `{path}`")
                } else {
                    let other = output.path.display();
                    format!("`{path}` and `{other}` use the same temporary file")
                };
            let other = Some((output.option.clone(), "the other output"));
            return Some(Conflict { code: "duplicate-output", message, help, other });
        }
        let nested = |output: &&Output| {
            let targets = output.target().zip(files.first());
            targets.is_some_and(|(other, file)| overlap(file, other))
        };
        let output = outputs.iter().find(nested)?;
        Some(Conflict {
            code: "nested-outputs",
            message: format!(
                "`{path}` and `{}` can't both be files: one is a parent folder of the other",
                output.path.display()
            ),
            help,
            other: Some((output.option.clone(), "the other output")),
        })
    }
}

impl Output {
    fn new(paths: &[PathBuf], option: KeyPath) -> Self {
        let files = paths.iter().map(|path| Identity::of(&path_today(path))).collect();
        Self { path: paths.first().cloned().unwrap_or_default(), option, files }
    }

    fn target(&self) -> Option<&Identity> {
        self.files.first()
    }
}

/// The folder that must not contain outputs: the whole state folder. If the working directory is inside the state folder, only
/// the folder of the pipeline.
fn state_folder(dir: &str, pipeline: &str) -> (String, Identity) {
    let (whole, here) = (Identity::of(Path::new(dir)), Identity::of(Path::new(".")));
    if here.is(&whole) || here.is_in(&whole) {
        let own = Path::new(dir).join(pipeline);
        return (own.display().to_string(), Identity::of(&own));
    }
    (dir.to_owned(), whole)
}

fn overlap(left: &Identity, right: &Identity) -> bool {
    left.is_in(right) || right.is_in(left)
}

/// The path of an output in a run that starts today.
fn path_today(path: &Path) -> PathBuf {
    let date: String = Timestamp::now().to_string().chars().take(10).collect();
    path.to_string_lossy().replace("{date}", &date).replace("{shard}", "all").into()
}

/// The option that names the input at this path: its value is the path, or contains the path.
fn input_option(tree: &Node, outputs: &[Output], path: &str) -> Option<KeyPath> {
    let state = KeyPath::of("state");
    let is_input = |key: &KeyPath| {
        !key.segments().starts_with(state.segments())
            && outputs.iter().all(|output| output.option != *key)
    };
    let values = tree.scalars(&KeyPath::root()).into_iter();
    let values = values.filter_map(|(key, node)| Some((key, node.as_str()?)));
    let values: Vec<_> = values.filter(|(key, _)| is_input(key)).collect();
    let exact = values.iter().find(|(_, text)| *text == path);
    let option = exact.or_else(|| values.iter().find(|(_, text)| text.contains(path)));
    option.map(|(key, _)| key.clone())
}
