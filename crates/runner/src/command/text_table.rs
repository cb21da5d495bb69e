//! Text tables that fit the width of the terminal.

use comfy_table::{CellAlignment, ContentArrangement, Table, presets};
use taskferry_sdk::printable;
use unicode_width::UnicodeWidthStr;

use crate::wrap::wrapped;

/// The indentation of lines that belong to the row above.
const INDENT: &str = "    ";

/// Rows under a header. A row consists of short cells, some of them numbers, and a remark of any length at the end.
#[derive(Debug)]
pub(crate) struct TextTable {
    header: Vec<&'static str>,
    numbers: std::ops::RangeInclusive<usize>,
    rows: Vec<Vec<String>>,
}

impl TextTable {
    /// A table without rows. The columns `numbers` are aligned to the right.
    pub(crate) fn new(header: &[&'static str], numbers: std::ops::RangeInclusive<usize>) -> Self {
        Self { header: header.to_vec(), numbers, rows: Vec::new() }
    }

    /// Adds a row. Its cells may hold untrusted text.
    pub(crate) fn row(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().map(|cell| printable(&cell).into_owned()).collect());
    }

    /// The table as text. If the table is wider than `width`, each remark is below its row. If it is still too wide, all cells
    /// but the first are below the first cell. No word is broken.
    pub(crate) fn draw(&self, width: Option<usize>) -> String {
        let fits =
            |text: &str| text.lines().all(|line| line.width() <= width.unwrap_or(usize::MAX));
        let columns = self.header.len();
        let whole = self.table(columns);
        if fits(&whole) {
            return whole;
        }
        let width = width.unwrap_or(usize::MAX);
        let short = self.table(columns.saturating_sub(1));
        let lines: Vec<String> = if fits(&short) {
            let rows = std::iter::once(None).chain(self.rows.iter().map(Some));
            let with_remark = |(line, row): (&str, Option<&Vec<String>>)| {
                let remark = row.and_then(|row| row.last()).map(|remark| below(remark, width));
                format!("{line}\n{}", remark.unwrap_or_default())
            };
            short.lines().zip(rows).map(with_remark).collect()
        } else {
            self.rows.iter().map(|row| self.list(row, width)).collect()
        };
        lines.concat()
    }

    /// The first columns, with one line per row.
    fn table(&self, columns: usize) -> String {
        let mut table = Table::new();
        table.load_style(presets::NOTHING).set_content_arrangement(ContentArrangement::Disabled);
        table.set_header(self.header.iter().take(columns));
        for row in &self.rows {
            table.add_row(row.iter().take(columns));
        }
        for column in self.numbers.clone() {
            if let Some(column) = table.column_mut(column) {
                column.set_cell_alignment(CellAlignment::Right);
            }
        }
        format!("{}\n", table.trim_fmt())
    }

    /// One row as text: its first cell, and the other cells below it.
    fn list(&self, row: &[String], width: usize) -> String {
        let first = row.first().map(String::as_str).unwrap_or_default();
        let others = self.header.iter().zip(row).skip(1).filter(|(_, cell)| !cell.is_empty());
        let others = others.map(|(name, cell)| format!("{name} {cell}").trim_start().to_owned());
        let others = others.collect::<Vec<_>>().join(", ");
        let indent = first.len() - first.trim_start().len();
        let first = wrapped(first.trim_start(), &" ".repeat(indent + 1), width);
        format!("{first}{}", below(&others, width))
    }
}

/// Indented lines below a row.
fn below(text: &str, width: usize) -> String {
    if text.is_empty() { String::new() } else { wrapped(text, INDENT, width) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn text_table(words: &[String]) -> TextTable {
        let mut table = TextTable::new(&["stage", "in", "bytes", ""], 1..=2);
        for word in words {
            let remark = format!("{word} (728 records), {word} {word}");
            table.row([format!("sink {word}"), "728".into(), "447.2 kB".into(), remark]);
        }
        table
    }

    #[test]
    fn a_narrow_table_shows_the_remaining_cells_below_its_rows() {
        let table = text_table(&["漢字".to_owned(), "out/jobs-2026.ndjson".to_owned()]);
        insta::assert_snapshot!(table.draw(Some(50)), @r"
        stage                       in     bytes
        sink 漢字                  728  447.2 kB
           漢字 (728 records), 漢字 漢字
        sink out/jobs-2026.ndjson  728  447.2 kB
           out/jobs-2026.ndjson (728 records),
           out/jobs-2026.ndjson out/jobs-2026.ndjson
        ");
    }

    proptest! {
        #[test]
        fn words_are_never_broken(
            words in prop::collection::vec("[a-z/漢字é-]{1,30}", 1..5), width in prop::option::of(0..160_usize),
        ) {
            let drawn = text_table(&words).draw(width);
            for word in &words {
                prop_assert!(drawn.contains(word.as_str()), "{drawn}");
            }
            for line in drawn.lines() {
                let too_wide = line.width() > width.unwrap_or(usize::MAX);
                prop_assert!(!too_wide || line.trim_start().split(' ').count() == 1, "{line}");
            }
        }
    }
}
