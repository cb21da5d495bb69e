//! `taskferry graph`: draws the stages of a pipeline, with the counts of a run if its manifest is given.

mod counts;
mod dot;
pub(crate) mod format;
mod mermaid;
mod model;
mod style;
mod svg;
mod text;

use std::path::Path;

use taskferry_config::Checked;
use taskferry_pipeline::Registry;

use super::arguments::GraphArguments;
use super::mistakes;
use crate::console;
use crate::exit::Exit;
use crate::logging::LogFormat;
use counts::RunCounts;
use format::GraphFormat;
use model::Graph;

/// Prints the graph of a pipeline.
pub(crate) fn graph(registry: &Registry, arguments: &GraphArguments) -> Exit {
    // A graph does not show the values of variables, so they need not be set.
    let layers = arguments.layers.layers(&arguments.file).placeholders(true);
    let checked = match taskferry_config::load(&layers, registry) {
        Ok(checked) => checked,
        Err(found) => {
            mistakes::write_all(&found, LogFormat::Text);
            return Exit::USAGE;
        }
    };
    mistakes::write(&checked.warnings, LogFormat::Text);
    let mut graph = Graph::of(&checked.pipeline);
    if let Some(path) = &arguments.run
        && let Err(reason) = add_counts(&mut graph, path, &checked)
    {
        console::error(&format!("`{}` {reason}", path.display()));
        return Exit::USAGE;
    }
    let page = match arguments.format {
        GraphFormat::Text => return Exit::printed(&console::page(&text::draw(&graph))),
        GraphFormat::Mermaid => mermaid::draw(&graph),
        GraphFormat::Dot => dot::draw(&graph),
        GraphFormat::Svg => svg::draw(&graph),
    };
    Exit::printed(&console::data(&page))
}

/// Adds the counts in a manifest.
///
/// # Errors
/// The reason why the file is not a manifest of this pipeline, as the rest of a sentence about the file.
fn add_counts(graph: &mut Graph, path: &Path, checked: &Checked) -> Result<(), String> {
    let counts = RunCounts::read(path)?;
    // A placeholder for a variable is another value.
    let is_known = checked.unverified.is_empty();
    let digest = counts.digest.as_deref().filter(|_| is_known);
    let is_older = digest.is_some_and(|digest| digest != checked.pipeline.digest);
    graph.add(counts)?;
    if is_older {
        console::warning(
            "the pipeline, a file that it reads, or taskferry has changed since the run",
        );
    }
    Ok(())
}
