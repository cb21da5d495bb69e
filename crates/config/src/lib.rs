//! Builds a checked [`Pipeline`](taskferry_pipeline::Pipeline) from a pipeline file, or reports every error with its
//! position.
//!
//! Values come from layers. Each layer overrides the layers before it: defaults, the file, each overlay, environment
//! variables (`TASKFERRY_SOURCE__LIMIT=50`), `--set source.limit=50`. figment merges the layers, and records the layer of
//! each value. Then references such as `${NAME}` are replaced, each plugin builds its stage, and the stages are checked
//! against each other. Nothing is run, opened or created. The position of an error is a position in the text of its layer.
//!
//! ```
//! use taskferry_config::Layers;
//! use taskferry_pipeline::Registry;
//!
//! let layers = Layers::from_text("jobs.toml", "[source]\ntype = \"techwulf\"\n");
//! let errors = taskferry_config::load(&layers, &Registry::new()).unwrap_err();
//! let last = errors.all().last().unwrap();
//! assert_eq!((last.file(), last.line(), last.column()), ("jobs.toml", 2, 8));
//! assert!(last.to_string().contains("there is no source `techwulf`"));
//! ```

mod assemble;
mod built;
mod checked;
mod constant_jq;
mod diagnostic;
mod digest;
mod document;
mod fields;
mod file_schema;
mod files;
mod identity;
mod interpolate;
mod keys;
mod layers;
mod locate;
mod mask;
mod merge;
mod other_names;
mod outputs;
mod placeholder;
mod positions;
mod sandbox;
mod schema;
mod secrets;
mod settings;
mod shown;
mod stage;
mod stage_names;
mod string_token;
mod suggestion;
mod syntax;
mod test_case;
mod test_records;
mod test_suite;
mod text;
mod toml_text;
mod toml_values;
mod tree;
mod values;
mod variables;

pub use checked::{Checked, Unverified};
pub use diagnostic::{Diagnostic, Diagnostics};
pub use file_schema::file_schema;
pub use files::PipelineFiles;
pub use identity::is_same_file;
pub use layers::Layers;
pub use outputs::FilesInUse;
pub use positions::{StageInfo, TextPosition};
pub use sandbox::state_dir as sandbox_state_dir;
pub use shown::{ShownFiles, shown_files};
pub use suggestion::did_you_mean;
pub use test_case::{ExpectedRefusals, TestCase, TestClock};
pub use test_records::{RefusedRecord, RefusingStage, TestInput};
pub use test_suite::{pipeline_files, test_file};
pub use toml_text::{key as toml_key, value as toml_value};
pub use values::print_values;

use std::path::Path;

use assemble::Assembled;
use interpolate::Interpolated;
use locate::Sources;
use secrets::Secrets;
use taskferry_pipeline::{Registry, StateOptions};
use taskferry_sdk::{KeyPath, Problem, Segment, Severity};

/// Reads, merges, interpolates and checks a pipeline, and builds its stages.
///
/// # Errors
/// All errors of all layers, with the warnings; or the syntax errors, if a file is not valid TOML.
pub fn load(layers: &Layers, registry: &Registry) -> Result<Checked, Diagnostics> {
    let documents = layers.parse(registry)?;
    let layers = &stage_names::to_positions(layers, &documents);
    let (mut tree, failed) = merge::merge(layers, &documents);
    tree.remove(&KeyPath::of(keys::TESTS));
    let files = layers.files();
    let plan = sandbox::Plan::of(&tree, registry);
    let written = layers.sandbox.then(|| tree.clone());
    let mut problems = stage_names::replaced(&documents);
    if layers.sandbox {
        problems.extend(plan.apply(&mut tree, layers, &files, registry));
    }
    let Interpolated { problems: failures, placeholders } =
        interpolate::interpolate(&mut tree, layers, &files);
    problems.extend(failures);
    let (assembled, placeholders) =
        placeholder::assemble(&mut tree, placeholders, registry, &mut problems, |tree| {
            assemble::assemble(tree, layers, &files, registry)
        });
    plan.suggest(&mut problems, layers.files.first().map_or("FILE", |file| &file.name));
    let built = match assembled {
        Ok(mut assembled) => {
            let is_known = |it: &Problem| !placeholders.iter().any(|one| one.concerns(it));
            problems.extend(assembled.warnings.drain(..).filter(is_known));
            Some(assembled)
        }
        Err(mut found) => {
            found.retain(|problem| !tree.follows_from_interpolation(problem));
            problems.extend(found);
            None
        }
    };
    other_names::suggest(&mut problems, &tree, registry);
    other_names::remove_consequences(&mut problems);
    let mut secrets = Secrets::find(&tree, registry);
    // The files still hold the values that `--sandbox` replaced.
    if let Some(written) = written {
        secrets.extend(Secrets::find(&written, registry));
    }
    let sources = Sources { tree: &tree, layers, documents: &documents, secrets: &secrets };
    let mut found = sources.locate(problems, failed);
    found.extend(variables::warnings(&layers.environment, registry));
    let is_warning = |diagnostic: &Diagnostic| diagnostic.severity() == Severity::Warning;
    match built {
        Some(assembled) if found.iter().all(is_warning) => {
            let Assembled { pipeline, files, stages, pages_digest, .. } = assembled;
            let stages = sources.locate_stages(stages);
            let unverified = sources.locate_placeholders(&placeholders);
            Ok(Checked { pipeline, files, stages, pages_digest, warnings: found, unverified })
        }
        _ => Err(Diagnostics::new(found)),
    }
}

/// Reads and checks the tests of a pipeline: `[[test]]` in the pipeline file, and in the test file beside it. `layers` define the
/// pipeline, and begin with the pipeline file. Each test adds its environment variables.
///
/// # Errors
/// All errors of the tests, or the errors of the pipeline with the variables of a test.
pub fn load_tests(
    pipeline: &Path,
    layers: &Layers,
    registry: &Registry,
) -> Result<Vec<TestCase>, Diagnostics> {
    let load_stages = |layers: &Layers| Ok(load(layers, registry)?.stages);
    test_suite::load(pipeline, layers, registry, &load_stages)
}

/// Builds the pipeline for a test.
///
/// # Errors
/// The errors in the pipeline.
pub fn load_for_test(case: &TestCase, registry: &Registry) -> Result<Checked, Diagnostics> {
    load(&case.layers, registry)
}

/// Reads the name of a pipeline and its state options, which is all that its past runs need. Other values are not checked, and
/// only the variables in these values need to be set.
///
/// # Errors
/// The errors in these values; or the syntax errors, if a file is not valid TOML.
pub fn load_state(
    layers: &Layers,
    registry: &Registry,
) -> Result<(String, StateOptions), Diagnostics> {
    let documents = layers.parse(registry)?;
    let layers = &stage_names::to_positions(layers, &documents);
    let (mut tree, failed) = merge::merge(layers, &documents);
    let mut problems = interpolate::interpolate(&mut tree, layers, &layers.files()).problems;
    let found = settings::name_and_state(&tree, layers.sandbox, &mut problems);
    problems.retain(|problem| {
        matches!(problem.path.segments().first(), Some(Segment::Key(top)) if top == "name" || top == "state")
    });
    if problems.is_empty() {
        return Ok(found);
    }
    let secrets = Secrets::find(&tree, registry);
    let sources = Sources { tree: &tree, layers, documents: &documents, secrets: &secrets };
    Err(Diagnostics::new(sources.locate(problems, failed)))
}
