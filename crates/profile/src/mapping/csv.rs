//! Reads CSV rows with their line numbers.

/// A row of trimmed cells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cells {
    /// The line on which it begins, from 1.
    pub(super) line: u64,
    pub(super) cells: Vec<String>,
}

/// The line of a quote that is not closed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct OpenQuote(pub(super) u64);

/// Reads rows of RFC 4180. Line breaks are `\n`, `\r\n` or `\r`. Blank lines and rows of empty cells are skipped, but counted
/// as lines. Unlike the `csv` crate, it reports unclosed quotes and counts all line breaks.
#[derive(Debug)]
pub(super) struct Rows<'a> {
    rest: &'a str,
    line: u64,
}

impl<'a> Rows<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { rest: text, line: 1 }
    }

    fn row(&mut self) -> Result<Cells, OpenQuote> {
        let (line, mut cells) = (self.line, Vec::new());
        loop {
            let cell = self.cell()?;
            cells.push(cell.trim().to_owned());
            match self.rest.as_bytes().first() {
                Some(b',') => self.step(1),
                Some(_) => {
                    self.step(if self.rest.starts_with("\r\n") { 2 } else { 1 });
                    self.line += 1;
                    return Ok(Cells { line, cells });
                }
                None => return Ok(Cells { line, cells }),
            }
        }
    }

    /// The next cell, without the delimiter.
    fn cell(&mut self) -> Result<String, OpenQuote> {
        let mut cell = String::new();
        if self.rest.starts_with('"') {
            let opened = self.line;
            self.step(1);
            loop {
                let end = self.rest.find('"').ok_or(OpenQuote(opened))?;
                let quoted = self.take(end);
                self.line += line_breaks(quoted);
                cell.push_str(quoted);
                self.step(1);
                if !self.rest.starts_with('"') {
                    break;
                }
                cell.push('"');
                self.step(1);
            }
        }
        let end = self.rest.find([',', '\r', '\n']).unwrap_or(self.rest.len());
        cell.push_str(self.take(end));
        Ok(cell)
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.rest = rest;
        taken
    }

    fn step(&mut self, length: usize) {
        self.take(length);
    }
}

impl Iterator for Rows<'_> {
    type Item = Result<Cells, OpenQuote>;

    fn next(&mut self) -> Option<Self::Item> {
        while !self.rest.is_empty() {
            match self.row() {
                Ok(row) if row.cells.iter().all(String::is_empty) => {}
                Ok(row) => return Some(Ok(row)),
                Err(open) => {
                    self.rest = "";
                    return Some(Err(open));
                }
            }
        }
        None
    }
}

pub(super) fn line_breaks(text: &str) -> u64 {
    let bytes = text.as_bytes();
    let ends = bytes.iter().enumerate().filter(|(at, byte)| match byte {
        b'\n' => true,
        b'\r' => bytes.get(at + 1) != Some(&b'\n'),
        _ => false,
    });
    ends.count() as u64
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn rows(text: &str) -> Vec<(u64, Vec<String>)> {
        Rows::of(text).map(|row| row.unwrap()).map(|row| (row.line, row.cells)).collect()
    }

    #[test]
    fn each_row_has_its_line_number() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["a,b", "", "\"1\"\"x\",\"two", "lines\"", " ,, ", "", "2,\"\"", "3, x y "]
                .join(end);
            let two = format!("two{end}lines");
            let expected: Vec<(u64, Vec<String>)> = vec![
                (1, vec!["a".into(), "b".into()]),
                (3, vec!["1\"x".into(), two]),
                (7, vec!["2".into(), String::new()]),
                (8, vec!["3".into(), "x y".into()]),
            ];
            assert_eq!(rows(&text), expected, "{end:?}");
            assert_eq!(rows(&format!("{text}{end}")), expected, "{end:?}");
        }
    }

    #[test]
    fn an_unclosed_quote_is_reported_with_its_line() {
        let mut rows = Rows::of("a\r\n\r\n\"b\nc");
        assert!(rows.next().unwrap().is_ok());
        assert_eq!(rows.next(), Some(Err(OpenQuote(3))));
        assert_eq!(rows.next(), None);
    }

    proptest! {
        #[test]
        fn written_rows_are_read_with_their_lines(
            table in prop::collection::vec(prop::collection::vec("[a\",\n\r é]{0,5}", 1..4), 0..8),
            end in "\n|\r\n",
        ) {
            let (mut text, mut line, mut expected) = (String::new(), 1, Vec::new());
            for row in table {
                let quoted: Vec<String> =
                    row.iter().map(|cell| format!("\"{}\"", cell.replace('"', "\"\""))).collect();
                let written = quoted.join(",");
                let cells: Vec<String> = row.iter().map(|cell| cell.trim().to_owned()).collect();
                if cells.iter().any(|cell| !cell.is_empty()) {
                    expected.push((line, cells));
                }
                line += 1 + line_breaks(&written);
                text.push_str(&written);
                text.push_str(&end);
            }
            prop_assert_eq!(rows(&text), expected);
        }

        #[test]
        fn any_text_is_read_to_the_end(text in "[a\",\n\r;]{0,40}") {
            let lines = 1 + line_breaks(&text);
            for row in Rows::of(&text) {
                let line = row.map_or_else(|open| open.0, |row| row.line);
                prop_assert!((1..=lines).contains(&line));
            }
        }
    }
}
