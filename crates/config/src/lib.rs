//! Turns a pipeline file into a checked [`Pipeline`], every mistake with its position.
//!
//! The values of a pipeline come in layers, weakest first: defaults, the file, each overlay, environment
//! variables (`TASKFERRY_SOURCE__LIMIT=50`), and `--set source.limit=50`. figment merges them and remembers
//! which layer each value came from; a spanned parse of the same text tells where in it the value stands.
//! Then `${NAME}` is filled in, each stage is built by its plugin, and what the stages need of each other
//! is checked. Nothing is run, opened or created.
//!
//! ```
//! use taskferry_config::Layers;
//! use taskferry_core::Registry;
//!
//! let layers = Layers::from_text("jobs.toml", "[source]\ntype = \"techwulf\"\n");
//! let mistakes = taskferry_config::load(&layers, &Registry::new()).unwrap_err();
//! let last = mistakes.all().last().unwrap();
//! assert_eq!((last.file(), last.line(), last.column()), ("jobs.toml", 2, 8));
//! assert!(last.to_string().contains("there is no source `techwulf`"));
//! ```

mod assemble;
mod digest;
mod document;
mod files;
mod interpolate;
mod layers;
mod mask;
mod merge;
mod mistake;
mod secrets;
mod settings;
mod stage;
mod tree;

pub use files::PipelineFiles;
pub use layers::Layers;
pub use mistake::{Mistake, Mistakes};

use mistake::Sources;
use secrets::Secrets;
use taskferry_core::{Pipeline, Registry};

/// Reads, merges, fills in and checks a pipeline, and builds its stages.
///
/// # Errors
/// All mistakes of all layers in one go; or, when a file is not TOML, where it stops being so.
pub fn load(layers: &Layers, registry: &Registry) -> Result<Pipeline, Mistakes> {
    let mut documents = layers.parse()?;
    let (mut tree, misplaced) = merge::merge(layers, &documents);
    let mut problems = interpolate::fill_in(&mut tree, layers);
    match assemble::assemble(&tree, layers, registry) {
        Ok(pipeline) if problems.is_empty() && misplaced.is_empty() => return Ok(pipeline),
        Ok(_) => {}
        // What is wrong with a value that could not be filled in is known already, and what is missing beside
        // it may only seem to be.
        Err(mut found) => {
            found.retain(|problem| !tree.follows_from_filling(problem));
            problems.extend(found);
        }
    }
    let secrets = Secrets::find(&tree, registry);
    for document in &mut documents {
        document.hide(&secrets);
    }
    let sources = Sources { tree: &tree, layers, documents: &documents, secrets: &secrets };
    Err(sources.locate(problems, misplaced))
}
