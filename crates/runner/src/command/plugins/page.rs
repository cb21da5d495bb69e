//! Plugins as text and as Markdown.

use std::fmt::Write;

use super::entry::{Entry, Kind};
use super::options::{OptionLine, about, options};
use crate::command::listing;
use crate::console;

/// How many columns a paragraph has at most.
const WIDTH: usize = 96;

/// One line a plugin.
pub(super) fn overview(all: &[Entry]) -> String {
    let mut page = String::new();
    let width = all.iter().map(|entry| entry.name.len()).max().unwrap_or_default();
    for (kind, heading) in Kind::ALL {
        page.push_str(heading);
        page.push('\n');
        for entry in all.iter().filter(|entry| entry.kind == kind) {
            let first = about(entry).into_iter().next().unwrap_or_default();
            let columns = console::page_width().unwrap_or(usize::MAX);
            let about = listing::wrapped(&first, &" ".repeat(width + 4), columns);
            // Writing to a string can't fail.
            _ = write!(page, "  {:width$}  {}", entry.name, about.trim_start());
        }
        page.push('\n');
    }
    page.push_str("`taskferry plugins TYPE` shows every option of one.\n");
    page
}

/// Everything about some plugins.
pub(super) fn details(some: &[Entry]) -> String {
    let mut page = String::new();
    for entry in some {
        line(&mut page, &format!("{} {}", entry.kind.name(), entry.name));
        for paragraph in about(entry) {
            line(&mut page, "");
            wrapped(&mut page, &paragraph, "  ");
        }
        for option in options(entry) {
            line(&mut page, "");
            line(
                &mut page,
                &format!("  {} = {}{}", option.key, option.values, default_of(&option)),
            );
            wrapped(&mut page, &option.description, "      ");
        }
    }
    page
}

fn default_of(option: &OptionLine) -> String {
    match &option.default {
        Some(default) => format!("  (default: {default})"),
        None => "  (required)".to_owned(),
    }
}

/// A reference page of some plugins.
pub(super) fn markdown(some: &[Entry]) -> String {
    let mut page =
        "# What can stand in a pipeline file\n\nMade from the code by `taskferry plugins --markdown`.\n".to_owned();
    for entry in some {
        line(&mut page, &format!("\n## {} `{}`", capitalized(entry.kind.name()), entry.name));
        for paragraph in about(entry) {
            line(&mut page, &format!("\n{paragraph}"));
        }
        page.push_str("\n| key | values | default | |\n|---|---|---|---|\n");
        for option in options(entry) {
            let default = option.default.as_deref().map_or_else(|| "**required**".to_owned(), code);
            let row = format!(
                "| `{}` | {} | {default} | {} |",
                option.key,
                cell(&code(&option.values)),
                cell(&option.description)
            );
            line(&mut page, &row);
        }
    }
    page
}

fn capitalized(word: &str) -> String {
    let mut letters = word.chars();
    letters.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(letters).collect()
}

/// Values as code where they are code.
fn code(values: &str) -> String {
    if values.starts_with(['"', '[', '{'])
        || values.parse::<f64>().is_ok()
        || matches!(values, "true" | "false")
    {
        values.split(" | ").map(|value| format!("`{value}`")).collect::<Vec<_>>().join(" | ")
    } else {
        values.to_owned()
    }
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

/// Text for a terminal, or for a pipe, where somebody may read it all the same.
fn wrapped(page: &mut String, text: &str, indent: &str) {
    let width = console::page_width().unwrap_or(WIDTH).min(WIDTH);
    page.push_str(&listing::wrapped(text, indent, width));
}

fn line(page: &mut String, text: &str) {
    // Writing to a string can't fail.
    _ = writeln!(page, "{text}");
}
