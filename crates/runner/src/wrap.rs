//! Lines that fit a terminal.

use anstream::adapter::strip_str;
use unicode_width::UnicodeWidthStr;

/// Text in lines of at most `width` columns. A longer word is not broken.
pub(crate) fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        let columns = columns(word);
        if used > 0 && used + 1 + columns > width {
            out.push('\n');
            used = 0;
        }
        out.push_str(if used == 0 { indent } else { " " });
        used += columns + if used == 0 { indent.width() } else { 1 };
        out.push_str(word);
    }
    out.push('\n');
    out
}

/// Rows of two columns: a name of at most `name_width` columns, and a text that is wrapped.
pub(crate) fn two_columns<'a, T: AsRef<str>>(
    rows: impl Iterator<Item = (&'a str, T)>,
    name_width: usize,
    width: usize,
) -> String {
    let indent = " ".repeat(name_width + 4);
    let row = |(name, text): (&str, T)| {
        format!("  {name:name_width$}  {}\n", wrapped(text.as_ref(), &indent, width).trim())
    };
    rows.map(row).collect()
}

/// A line in lines of at most `width` columns. Further lines are indented by four more columns.
pub(crate) fn wrapped_line(line: &str, width: Option<usize>) -> String {
    let text = line.trim_start_matches(' ');
    let indent = line.get(..line.len() - text.len()).unwrap_or_default();
    indented(text, indent, width.unwrap_or(usize::MAX))
}

/// A line that is wrapped, with further lines indented by four more columns.
pub(crate) fn indented(line: &str, indent: &str, width: usize) -> String {
    if indent.width() + columns(line) <= width {
        return format!("{indent}{line}\n");
    }
    let body = wrapped(line, &format!("{indent}    "), width);
    format!("{indent}{}", body.trim_start())
}

/// The columns of a text, without its styles.
fn columns(text: &str) -> usize {
    strip_str(text).to_string().width()
}
