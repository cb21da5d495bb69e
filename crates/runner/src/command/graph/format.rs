//! The formats of a graph.

use clap::ValueEnum;

/// The format of a graph.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphFormat {
    /// Lines for a terminal
    Text,
    /// Mermaid, which many Markdown viewers draw
    Mermaid,
    /// DOT, the language of Graphviz
    Dot,
    /// A picture for light and dark pages
    Svg,
}
