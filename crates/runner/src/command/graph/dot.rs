//! A graph in DOT, the language of Graphviz.

use std::fmt::Write;

use taskferry_pipeline::Role;

use super::model::{Graph, Node};

/// Writes a graph from left to right.
pub(super) fn draw(graph: &Graph) -> String {
    let mut page = format!("digraph {} {{\n  rankdir=LR;\n", quoted(&graph.name));
    page.push_str("  node [shape=box, style=rounded, fontname=\"sans-serif\"];\n");
    page.push_str("  edge [fontname=\"sans-serif\"];\n");
    if let Some(caption) = graph.caption() {
        _ = writeln!(page, "  label={};", quoted(&caption));
    }
    for (previous, id, node) in graph.links() {
        add(&mut page, &previous, &id, node);
    }
    page.push_str("}\n");
    page
}

fn add(page: &mut String, previous: &str, id: &str, node: &Node) {
    let lines = node.lines();
    let style = if node.role == Role::Transform { "" } else { ", style=\"rounded,bold\"" };
    _ = writeln!(page, "  {id} [label={}{style}];", quoted(&lines.join("\n")));
    if previous.is_empty() {
        return;
    }
    _ = match node.received() {
        Some(count) => writeln!(page, "  {previous} -> {id} [label={}];", quoted(&count)),
        None => writeln!(page, "  {previous} -> {id};"),
    };
}

/// A string of DOT.
fn quoted(text: &str) -> String {
    let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
    format!("\"{text}\"")
}
