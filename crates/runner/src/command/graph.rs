//! `taskferry graph`: draws the stages of a pipeline, with the counts of a run if its manifest is given.

mod counts;
mod dot;
pub(crate) mod format;
mod mermaid;
mod model;
mod svg;
mod text;

use std::path::Path;

use taskferry_config::Checked;
use taskferry_pipeline::Registry;

use super::arguments::GraphArguments;
use super::diagnostics::load;
use crate::command_error::{Ended, printed};
use crate::console;
use crate::logging::LogFormat;
use counts::RunCounts;
use format::GraphFormat;
use model::Graph;

/// Prints the graph of a pipeline.
pub(crate) fn graph(registry: &Registry, arguments: &GraphArguments) -> Ended {
    // A graph does not show the values of variables, so they need not be set.
    let layers = arguments.layers.layers(&arguments.file).placeholders(true);
    let checked = load(&layers, registry, LogFormat::Text)?;
    let mut graph = Graph::of(&checked.pipeline);
    if let Some(path) = &arguments.run {
        add_counts(&mut graph, path, &checked)
            .map_err(|reason| format!("`{}` {reason}", path.display()))?;
    }
    printed(match arguments.format {
        GraphFormat::Text => console::page(&text::draw(&graph)),
        GraphFormat::Mermaid => console::data(&mermaid::draw(&graph)),
        GraphFormat::Dot => console::data(&dot::draw(&graph)),
        GraphFormat::Svg => console::data(&svg::draw(&graph)),
    })
}

/// Adds the counts in a manifest.
///
/// # Errors
/// The reason why the file is not a manifest of this pipeline, as the rest of a sentence about the file.
fn add_counts(graph: &mut Graph, path: &Path, checked: &Checked) -> Result<(), String> {
    let counts = RunCounts::read(path)?;
    // A placeholder for a variable changes the digest, so the digests are not compared.
    let is_known = checked.unverified.is_empty();
    let digest = counts.digest.as_deref().filter(|_| is_known);
    let is_older = digest.is_some_and(|digest| digest != checked.pipeline.digest);
    graph.add(counts)?;
    if is_older {
        console::warning(
            "the pipeline file, an input file or the version of taskferry has changed since the run",
        );
    }
    Ok(())
}
