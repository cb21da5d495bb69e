//! Turns a pipeline file into a checked [`Pipeline`](taskferry_pipeline::Pipeline), every mistake with its position.
//!
//! The values of a pipeline come in layers, weakest first: defaults, the file, each overlay, environment
//! variables (`TASKFERRY_SOURCE__LIMIT=50`), and `--set source.limit=50`. figment merges them and remembers
//! which layer each value came from; a spanned parse of the same text tells where in it the value stands.
//! Then `${NAME}` is filled in, each stage is built by its plugin, and what the stages need of each other
//! is checked. Nothing is run, opened or created.
//!
//! ```
//! use taskferry_config::Layers;
//! use taskferry_pipeline::Registry;
//!
//! let layers = Layers::from_text("jobs.toml", "[source]\ntype = \"techwulf\"\n");
//! let mistakes = taskferry_config::load(&layers, &Registry::new()).unwrap_err();
//! let last = mistakes.all().last().unwrap();
//! assert_eq!((last.file(), last.line(), last.column()), ("jobs.toml", 2, 8));
//! assert!(last.to_string().contains("there is no source `techwulf`"));
//! ```

mod assemble;
mod built;
mod checked;
mod digest;
mod document;
mod fields;
mod files;
mod identity;
mod interpolate;
mod keys;
mod layers;
mod locate;
mod mask;
mod merge;
mod mistake;
mod outputs;
mod sandbox;
mod schema;
mod secrets;
mod settings;
mod stage;
mod syntax;
mod text;
mod toml_values;
mod tree;
mod variables;

pub use checked::Checked;
pub use files::PipelineFiles;
pub use layers::Layers;
pub use mistake::{Mistake, Mistakes};
pub use outputs::FilesInUse;
pub use sandbox::state_dir as sandbox_state_dir;

use assemble::Assembled;
use locate::Sources;
use secrets::Secrets;
use taskferry_pipeline::{Registry, StateOptions};
use taskferry_sdk::{Segment, Severity};

/// Reads, merges, fills in and checks a pipeline, and builds its stages.
///
/// # Errors
/// All mistakes of all layers in one go, with the warnings; or, when a file is not TOML, where it stops being so.
pub fn load(layers: &Layers, registry: &Registry) -> Result<Checked, Mistakes> {
    let documents = layers.parse(registry)?;
    let (mut tree, misplaced) = merge::merge(layers, &documents);
    let files = layers.files();
    let plan = sandbox::Plan::of(&tree, registry);
    let written = layers.sandbox.then(|| tree.clone());
    let mut problems = Vec::new();
    if layers.sandbox {
        problems.extend(plan.carry_out(&mut tree, registry));
    }
    problems.extend(interpolate::fill_in(&mut tree, layers, &files));
    plan.advise(&mut problems, layers.files.first().map_or("FILE", |file| &file.name));
    let built = match assemble::assemble(&tree, layers, &files, registry) {
        Ok(Assembled { pipeline, files, warnings }) => {
            problems.extend(warnings);
            Some((pipeline, files))
        }
        // What is wrong with a value that could not be filled in is reported already, and what is missing beside
        // it may only seem to be.
        Err(mut found) => {
            found.retain(|problem| !tree.follows_from_filling(problem));
            problems.extend(found);
            None
        }
    };
    let mut secrets = Secrets::find(&tree, registry);
    // What was taken out stands in the files all the same.
    if let Some(written) = written {
        secrets.extend(Secrets::find(&written, registry));
    }
    let sources = Sources { tree: &tree, layers, documents: &documents, secrets: &secrets };
    let mut found = sources.locate(problems, misplaced);
    found.extend(variables::warnings(&layers.environment, registry));
    let is_warning = |mistake: &Mistake| mistake.severity() == Severity::Warning;
    match built {
        Some((pipeline, files)) if found.iter().all(is_warning) => {
            Ok(Checked { pipeline, files, warnings: found })
        }
        _ => Err(Mistakes::new(found)),
    }
}

/// The name of a pipeline and where its state is kept: all that is needed to look at its past runs. Nothing else of the
/// pipeline is looked at, and no variable but those of these values has to be set.
///
/// # Errors
/// The mistakes in these values; or, when a file is not TOML, where it stops being so.
pub fn load_state(
    layers: &Layers,
    registry: &Registry,
) -> Result<(String, StateOptions), Mistakes> {
    let documents = layers.parse(registry)?;
    let (mut tree, misplaced) = merge::merge(layers, &documents);
    let mut problems = interpolate::fill_in(&mut tree, layers, &layers.files());
    let found = settings::name_and_state(&tree, layers.sandbox, &mut problems);
    problems.retain(|problem| {
        let top = problem.path.segments().first();
        ["name", "state"].iter().any(|key| top == Some(&Segment::Key((*key).to_owned())))
    });
    if problems.is_empty() {
        return Ok(found);
    }
    let secrets = Secrets::find(&tree, registry);
    let sources = Sources { tree: &tree, layers, documents: &documents, secrets: &secrets };
    Err(Mistakes::new(sources.locate(problems, misplaced)))
}
