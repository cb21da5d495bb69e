//! Lines that fit a terminal.

use unicode_width::UnicodeWidthStr;

/// Text in lines of at most `width` columns. A longer word is not broken.
pub(crate) fn wrapped(text: &str, indent: &str, width: usize) -> String {
    let mut out = String::new();
    let mut used = 0;
    for word in text.split(' ').filter(|word| !word.is_empty()) {
        if used > 0 && used + 1 + word.width() > width {
            out.push('\n');
            used = 0;
        }
        out.push_str(if used == 0 { indent } else { " " });
        used += word.width() + if used == 0 { indent.width() } else { 1 };
        out.push_str(word);
    }
    out.push('\n');
    out
}

/// A line that is wrapped, with further lines indented by four more columns.
pub(crate) fn indented(line: &str, indent: &str, width: usize) -> String {
    if indent.width() + line.width() <= width {
        return format!("{indent}{line}\n");
    }
    let body = wrapped(line, &format!("{indent}    "), width);
    format!("{indent}{}", body.trim_start())
}
