//! A graph as a Mermaid flowchart.

use std::fmt::Write;

use taskferry_pipeline::Role;

use super::model::{Graph, Node};

/// Writes a flowchart from left to right.
pub(super) fn draw(graph: &Graph) -> String {
    let mut page = "flowchart LR\n".to_owned();
    if let Some(caption) = graph.caption() {
        _ = writeln!(page, "  %% {caption}");
    }
    for (previous, id, node) in graph.links() {
        add(&mut page, &previous, &id, node);
    }
    page
}

fn add(page: &mut String, previous: &str, id: &str, node: &Node) {
    let lines: Vec<String> = node.lines().iter().map(|line| escaped(line)).collect();
    let label = lines.join("<br>");
    let (open, close) = match node.role {
        Role::Source | Role::Sink => ("([", "])"),
        Role::Transform => ("[", "]"),
    };
    _ = writeln!(page, "  {id}{open}\"{label}\"{close}");
    if previous.is_empty() {
        return;
    }
    _ = match node.received() {
        Some(count) => writeln!(page, "  {previous} -->|\"{count}\"| {id}"),
        None => writeln!(page, "  {previous} --> {id}"),
    };
}

/// Replaces the characters with a meaning in Mermaid or HTML by their codes.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for character in text.chars() {
        if character.is_alphanumeric()
            || matches!(character, ' ' | '_' | '-' | '.' | ',' | '(' | ')')
        {
            out.push(character);
        } else {
            _ = write!(out, "#{};", u32::from(character));
        }
    }
    out
}
