//! A graph as a picture: SVG without scripts, fonts or references.
//!
//! Each stage has a column. The chain is in the middle, and each branch has a row.

use std::fmt::Write;

use taskferry_pipeline::Role;
use unicode_width::UnicodeWidthStr;

use super::model::{Graph, Node};

/// The colors follow the reader's choice of light or dark. All rules apply only below the class of the picture, so
/// they do not change the surrounding page.
const STYLE: &str = include_str!("style.css");

/// The space around the picture.
const MARGIN: usize = 16;
const LINE_HEIGHT: usize = 17;
const BOX_HEIGHT: usize = 44;

/// A stage with its place.
struct Placed<'a> {
    node: &'a Node,
    column: usize,
    /// The vertical center.
    y: usize,
}

/// The left side and the width of each column.
type Columns = Vec<(usize, usize)>;

/// Draws the picture.
pub(super) fn draw(graph: &Graph) -> String {
    let mut placed = Vec::new();
    let all = || graph.chain.iter().chain(graph.branches.iter().flatten());
    let notes = all().map(|node| notes(node).len()).max().unwrap_or_default();
    let row = BOX_HEIGHT + notes * LINE_HEIGHT + 24;
    let rows = graph.branches.len().max(1);
    let top = MARGIN + BOX_HEIGHT / 2;
    let middle = top + (rows - 1) * row / 2;
    let chain = graph.chain.iter().enumerate();
    placed.extend(chain.map(|(column, node)| Placed { node, column, y: middle }));
    for (branch, stages) in graph.branches.iter().enumerate() {
        let stages = stages.iter().enumerate();
        placed.extend(stages.map(|(position, node)| Placed {
            node,
            column: graph.chain.len() + position,
            y: top + branch * row,
        }));
    }
    let columns = columns(&placed);
    let (left, width) = columns.last().copied().unwrap_or_default();
    let caption = caption(graph);
    let below = if caption.is_some() { LINE_HEIGHT + 8 } else { 0 };
    let height = top + (rows - 1) * row + BOX_HEIGHT / 2 + notes * LINE_HEIGHT + MARGIN + below;
    let width = (left + width).max(caption.as_deref().map_or(0, text_width) + MARGIN) + MARGIN;

    let about = escaped(graph.description.as_deref().unwrap_or(&graph.name));
    let mut page = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"taskferry-graph\" viewBox=\"0 0 {width} {height}\" \
         width=\"{width}\" height=\"{height}\" role=\"img\" aria-label=\"{about}\">\n<style>\n{STYLE}</style>\n\
         <rect class=\"page\" width=\"{width}\" height=\"{height}\" rx=\"8\"/>\n"
    );
    for stage in &placed {
        if let Some(previous) = previous(&placed, stage, graph.chain.len()) {
            edge(&mut page, previous, stage, &columns);
        }
    }
    for stage in &placed {
        stage_box(&mut page, stage, &columns);
    }
    if let Some(caption) = caption {
        let y = height - MARGIN;
        _ = writeln!(
            page,
            "<text class=\"note\" x=\"{MARGIN}\" y=\"{y}\">{}</text>",
            escaped(&caption)
        );
    }
    page.push_str("</svg>\n");
    page
}

/// The stage before `stage`: on its row, or the last one of the chain.
fn previous<'a, 'b>(
    placed: &'b [Placed<'a>],
    stage: &Placed<'a>,
    chain: usize,
) -> Option<&'b Placed<'a>> {
    let column = stage.column.checked_sub(1)?;
    let mut before = placed.iter().filter(|other| other.column == column);
    before.find(|other| stage.column <= chain || other.y == stage.y)
}

/// The minimum length of an edge.
const EDGE: usize = 40;
/// The distance from a box to the point where the edges of several branches part.
const FORK: usize = 18;
const ARROW: usize = 8;

/// Each column is as wide as its widest stage, plus the space for the counts in front of its stages.
fn columns(placed: &[Placed<'_>]) -> Columns {
    let count = placed.iter().map(|stage| stage.column + 1).max().unwrap_or_default();
    let mut columns: Columns = Vec::new();
    for column in 0..count {
        let nodes = || placed.iter().filter(|stage| stage.column == column).map(|it| it.node);
        let width = nodes().map(node_width).max().unwrap_or_default();
        let label = nodes().filter_map(Node::received).map(|text| text_width(&text)).max();
        let left = match columns.last() {
            Some((left, width)) => {
                left + width + FORK + ARROW + label.map_or(EDGE, |it| it + 16).max(EDGE - FORK)
            }
            None => MARGIN,
        };
        columns.push((left, width));
    }
    columns
}

/// The space between the text and the sides of a box.
const PADDING: usize = 14;

fn node_width(node: &Node) -> usize {
    let notes = notes(node).iter().map(|(_, note)| text_width(note)).max().unwrap_or_default();
    let type_name = node.other_type().map(type_line).map_or(0, |line| text_width(&line));
    (text_width(&node.name).max(type_name) + 2 * PADDING).max(notes)
}

/// The width of a text in the monospaced font of the picture, rounded up.
fn text_width(text: &str) -> usize {
    (text.width() * 79).div_ceil(10)
}

fn type_line(type_name: &'static str) -> String {
    format!("({type_name})")
}

/// The lines below a stage, each with its class.
fn notes(node: &Node) -> Vec<(&'static str, String)> {
    let delivered = node.delivered().into_iter().map(|text| ("note", text));
    let losses = node.losses().into_iter().map(|text| ("loss", format!("−{text}")));
    delivered.chain(losses).collect()
}

const RADIUS: usize = 6;

fn edge(page: &mut String, from: &Placed<'_>, to: &Placed<'_>, columns: &Columns) {
    let (from_left, from_width) = columns.get(from.column).copied().unwrap_or_default();
    let (end, _) = columns.get(to.column).copied().unwrap_or_default();
    // A box is at the left of its column.
    let start = from_left + node_width(from.node).min(from_width);
    let fork = from_left + from_width + FORK;
    let (y, tip) = (to.y, end - ARROW);
    let path = if from.y == to.y {
        format!("M{start} {y}H{tip}")
    } else {
        let (before, after) = if from.y < to.y {
            (from.y + RADIUS, to.y - RADIUS)
        } else {
            (from.y - RADIUS, to.y + RADIUS)
        };
        let (left, right) = (fork - RADIUS, fork + RADIUS);
        format!(
            "M{start} {}H{left}Q{fork} {} {fork} {before}V{after}Q{fork} {y} {right} {y}H{tip}",
            from.y, from.y
        )
    };
    _ = writeln!(page, "<path class=\"edge\" d=\"{path}\"/>");
    let (above, below) = (y - 4, y + 4);
    _ = writeln!(page, "<path class=\"arrow\" d=\"M{tip} {above}L{end} {y}L{tip} {below}Z\"/>");
    if let Some(count) = to.node.received() {
        let (x, y) = (usize::midpoint(fork, tip), y - 7);
        _ = writeln!(
            page,
            "<text class=\"note\" x=\"{x}\" y=\"{y}\" text-anchor=\"middle\">{count}</text>"
        );
    }
}

fn stage_box(page: &mut String, stage: &Placed<'_>, columns: &Columns) {
    let Placed { node, y, .. } = stage;
    let (left, _) = columns.get(stage.column).copied().unwrap_or_default();
    let (width, top) = (node_width(node), y - BOX_HEIGHT / 2);
    let center = left + width / 2;
    let class = if node.role == Role::Transform { "box" } else { "end" };
    _ = writeln!(page, "<g><title>{}</title>", escaped(&node.sentence()));
    _ = writeln!(
        page,
        "<rect class=\"{class}\" x=\"{left}\" y=\"{top}\" width=\"{width}\" height=\"{BOX_HEIGHT}\" rx=\"6\"/>"
    );
    let mut line = |class: &str, y: usize, text: &str| {
        let text = escaped(text);
        _ = writeln!(
            page,
            "<text{class} x=\"{center}\" y=\"{y}\" text-anchor=\"middle\">{text}</text>"
        );
    };
    match node.other_type() {
        Some(type_name) => {
            line("", y - 3, &node.name);
            line(" class=\"note\"", y + 13, &type_line(type_name));
        }
        None => line("", y + 4, &node.name),
    }
    for (number, (class, note)) in notes(node).iter().enumerate() {
        let y = y + BOX_HEIGHT / 2 + (number + 1) * LINE_HEIGHT;
        line(&format!(" class=\"{class}\""), y, note);
    }
    page.push_str("</g>\n");
}

/// The caption: the status of the run, and whether the data is generated. It does not contain the id of the run, so that equal
/// runs make equal pictures.
fn caption(graph: &Graph) -> Option<String> {
    let run = graph.run.as_ref()?;
    let generated = if run.sandbox { " with generated data" } else { "" };
    Some(format!("Counts of a {} run{generated}", run.status))
}

/// Text of an element or an attribute.
fn escaped(text: &str) -> String {
    let text = text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;");
    text.replace('"', "&quot;").replace('\'', "&#39;")
}
