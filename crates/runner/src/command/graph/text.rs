//! A graph as lines of text.

use std::fmt::Write;

use taskferry_pipeline::Role;
use unicode_width::UnicodeWidthStr;

use super::model::{Graph, Node};

/// The minimum number of columns between a name and its notes.
const GAP: usize = 3;

/// A line: what is drawn, and the notes beside it.
type Line = (String, String);

/// Draws the chain of stages downwards, and one branch per sink.
pub(super) fn draw(graph: &Graph) -> String {
    let mut lines = Vec::new();
    for (position, node) in graph.chain.iter().enumerate() {
        // The edge before a stage shows the number of records that enter the stage.
        if position > 0 {
            lines.push((edge("", node), String::new()));
        }
        lines.push((name(node), notes(node)));
    }
    let last = graph.branches.len().saturating_sub(1);
    for (position, branch) in graph.branches.iter().enumerate() {
        lines.push(("│".to_owned(), String::new()));
        add_branch(branch, position == last, &mut lines);
    }
    let width = lines.iter().filter(|(_, notes)| !notes.is_empty());
    let width = width.map(|(drawn, _)| drawn.width()).max().unwrap_or_default() + GAP;
    let mut page = graph.name.clone();
    if let Some(description) = &graph.description {
        _ = write!(page, ": {description}");
    }
    page.push('\n');
    if let Some(caption) = graph.caption() {
        _ = writeln!(page, "{caption}");
    }
    page.push('\n');
    for (drawn, notes) in lines {
        let space = if notes.is_empty() { 0 } else { width.saturating_sub(drawn.width()) };
        _ = writeln!(page, "{drawn}{:space$}{notes}", "");
    }
    page
}

fn add_branch(branch: &[Node], is_last: bool, lines: &mut Vec<Line>) {
    let (corner, side) = if is_last { ("└─", "  ") } else { ("├─", "│ ") };
    let mut indent = String::new();
    for (position, node) in branch.iter().enumerate() {
        if position == 0 {
            let count = node.received().map(|count| format!(" {count} ─")).unwrap_or_default();
            let arrow = format!("{corner}{count}▶ ");
            indent = format!("{side}{:space$}", "", space = arrow.width().saturating_sub(2));
            lines.push((format!("{arrow}{}", name(node)), notes(node)));
        } else {
            lines.push((edge(&indent, node), String::new()));
            lines.push((format!("{indent}{}", name(node)), notes(node)));
        }
    }
}

fn edge(indent: &str, node: &Node) -> String {
    let count = node.received().map(|count| format!(" {count}")).unwrap_or_default();
    format!("{indent}│{count}")
}

fn name(node: &Node) -> String {
    match node.other_type() {
        Some(type_name) => format!("{} ({type_name})", node.name),
        None => node.name.clone(),
    }
}

fn notes(node: &Node) -> String {
    let role = match node.role {
        Role::Source => Some("source".to_owned()),
        Role::Transform => None,
        Role::Sink => Some("sink".to_owned()),
    };
    role.into_iter().chain(node.delivered()).chain(node.losses()).collect::<Vec<_>>().join(", ")
}
