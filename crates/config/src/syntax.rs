//! Syntax errors of a TOML text.

use std::ops::Range;
use std::sync::Arc;

use taskferry_sdk::MAX_PER_KIND;
use toml::de::Error;

use crate::diagnostic::Diagnostic;
use crate::keys::KnownKeys;
use crate::mask::{asterisks, is_key, mask_broken_line};
use crate::text::{SourceText, Text, TextSpan, first_line, lines_at};

/// Quotation marks that word processors write instead of straight ones.
const CURLY: [char; 7] = ['“', '”', '„', '‟', '‘', '’', '‚'];
/// Tables that can occur several times.
const ARRAYS: [&str; 3] = ["transform", "sink", "sink.transform"];

/// After one of these errors, the parser reads the next lines as part of the same value, or as keys of the same table, and
/// reports errors that the file does not contain.
const MISLEADING: [&str; 4] = ["unclosed", "missing comma", "multi-line ", "inline table"];

/// The start of the message about a table that is in the file twice.
const DUPLICATE_TABLE: &str = "the table `";

/// The first error of a line.
struct LineError {
    line: Range<usize>,
    span: Range<usize>,
    message: String,
}

/// What is wrong with a line: a message, and how to correct it.
struct Finding {
    message: String,
    help: Option<String>,
    /// An earlier place that contradicts this one, with its label.
    related: Option<(Range<usize>, &'static str)>,
}

impl Finding {
    fn new(message: impl Into<String>, help: &str) -> Self {
        Self { message: message.into(), help: Some(help.to_owned()), related: None }
    }
}

/// Reports one error per line, and none after a misleading one. Masks the text after the key of an invalid line, which may contain
/// a secret, except for keys that never hold secrets.
pub(crate) fn diagnostics(
    source: &SourceText,
    errors: Vec<Error>,
    keys: &KnownKeys,
) -> Vec<Diagnostic> {
    let text = source.text.as_str();
    if let Some(diagnostic) = other_format(source) {
        return vec![diagnostic];
    }
    let errors = line_errors(text, errors);
    let (shown, more) = errors.split_at(errors.len().min(MAX_PER_KIND));
    let findings: Vec<Finding> = shown.iter().map(|error| finding(text, error, keys)).collect();
    let related = findings.iter().filter_map(|it| it.related.as_ref()).map(|it| it.0.start);
    let starts = shown.iter().map(|error| error.span.start);
    let mut masked = text.to_owned();
    for line in lines_at(text, starts.chain(related)).into_iter().rev() {
        let written = text.get(line.clone()).unwrap_or_default();
        masked.replace_range(line, &mask_broken_line(written, keys));
    }
    let masked = Arc::new(Text::new(&source.name, &masked));
    let span = |span: Range<usize>| TextSpan::new(Arc::clone(&masked), first_line(text, &span));
    let mut diagnostics = Vec::new();
    for (error, finding) in shown.iter().zip(findings) {
        if let Some(diagnostic) = bracket_or_quote(text, error, span) {
            diagnostics.push(diagnostic);
            continue;
        }
        let message = format!("invalid TOML: {}", finding.message);
        let mut diagnostic =
            Diagnostic::new("invalid-toml", message).at(span(visible(text, error)));
        diagnostic.help = finding.help;
        diagnostic.related.extend(finding.related.map(|(at, label)| (span(at), label.to_owned())));
        diagnostics.push(diagnostic);
    }
    // The caller counts these and does not show them.
    diagnostics.extend(more.iter().map(|error| Diagnostic::new("invalid-toml", &error.message)));
    let is_table = |diagnostic: &Diagnostic| {
        diagnostic.code() == "missing-brackets" || diagnostic.message.contains(DUPLICATE_TABLE)
    };
    if diagnostics.iter().any(is_table) {
        // The keys of the second table look like duplicates of the keys of the first one.
        diagnostics.retain(|diagnostic| {
            is_table(diagnostic) || !diagnostic.message.contains("set before")
        });
    }
    diagnostics
}

/// The error of a file that is JSON.
fn other_format(source: &SourceText) -> Option<Diagnostic> {
    let start = source.text.find(|character: char| !character.is_whitespace())?;
    source.text.get(start..)?.starts_with('{').then(|| {
        let mut shown = asterisks(&source.text);
        shown.replace_range(start..=start, "{");
        let text = Arc::new(Text::new(&source.name, &shown));
        Diagnostic::new("invalid-toml", "this file is JSON, but a pipeline file is TOML")
            .help("`taskferry new pipeline NAME` writes a pipeline file to start from")
            .at(TextSpan::new(text, start..start + 1))
    })
}

fn line_errors(text: &str, errors: Vec<Error>) -> Vec<LineError> {
    let spanned = |error: Error| {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        (error.span().unwrap_or(0..0), message)
    };
    let mut errors: Vec<_> = errors.into_iter().map(spanned).collect();
    errors.sort_by_key(|(span, _)| span.start);
    let lines = lines_at(text, errors.iter().map(|(span, _)| span.start));
    let mut errors = errors.into_iter().peekable();
    let first = |line: Range<usize>| {
        let (span, message) = errors.next_if(|(span, _)| span.start <= line.end)?;
        while errors.next_if(|(span, _)| span.start <= line.end).is_some() {}
        Some(LineError { line, span, message })
    };
    let mut errors: Vec<LineError> = lines.into_iter().filter_map(first).collect();
    let misleading = |error: &LineError| {
        let line = text.get(error.line.clone()).unwrap_or_default();
        // A list or table whose last text is not closed is not closed either.
        let open = error.message.contains(" string, expected") && line.contains(['[', '{']);
        open || MISLEADING.iter().any(|it| error.message.contains(it))
    };
    if let Some(first) = errors.iter().position(misleading) {
        errors.truncate(first + 1);
    }
    errors
}

/// The position of an error, or the last character of the line if the error is after the line.
fn visible(text: &str, error: &LineError) -> Range<usize> {
    let line = text.get(error.line.clone()).unwrap_or_default().trim_end();
    let end = error.line.start + line.len();
    match line.char_indices().last() {
        Some((last, _)) if error.span.start >= end => error.line.start + last..end,
        _ => error.span.clone(),
    }
}

/// Describes the parser's errors in terms of the file.
fn finding(text: &str, error: &LineError, keys: &KnownKeys) -> Finding {
    let line = text.get(error.line.clone()).unwrap_or_default();
    let key = line.trim_start();
    let key = key.get(..key.find(|it: char| !is_key(it)).unwrap_or(key.len())).unwrap_or_default();
    let colon = line.trim_start().strip_prefix(key).is_some_and(|rest| rest.starts_with(':'));
    let has = |part: &str| error.message.contains(part);
    if colon && !key.is_empty() {
        // An unknown key may be part of a secret.
        let name = if keys.all.contains(key) { key } else { "key" };
        let help = format!("write `{name} = …`");
        Finding::new("a key is followed by `=`, not by `:`", &help)
    } else if has("must be quoted") {
        Finding::new("a string needs quotation marks", "write the value in double quotes")
    } else if has("invalid boolean") {
        Finding::new("true and false are written in lower case", "write `true` or `false`")
    } else if has("missing escaped value") {
        let help = "write the string in single quotes, `'…'`, where a backslash is an ordinary character; in paths, \
                    `/` works as well";
        Finding::new("in double quotes, a backslash begins an escape sequence", help)
    } else if has("invalid basic string") || has("invalid literal string") {
        Finding::new("the string has no closing quotation mark", "add the quotation mark")
    } else if has("unclosed table") || has("unclosed array table") {
        Finding::new("the header of the table has no closing bracket", "add the bracket")
    } else if has("comma between") {
        Finding::new("a comma is missing between two values", "add the comma")
    } else if has("unclosed array") {
        Finding::new("the list has no closing bracket", "add the `]`")
    } else if has("duplicate key") && key.is_empty() {
        let earlier = earlier(text, error, |before| before.trim() == line.trim(), false);
        let mut finding = Finding::new(
            format!("{DUPLICATE_TABLE}{}` is in the file twice", line.trim()),
            "write all keys of the table under one header, or use `[[…]]` if the table is an entry of a list",
        );
        finding.related = earlier.map(|at| (at, "first defined here"));
        finding
    } else if has("duplicate key") {
        let sets = |before: &str| {
            before
                .trim_start()
                .strip_prefix(key)
                .is_some_and(|rest| rest.trim_start().starts_with('='))
        };
        let mut finding =
            Finding::new(format!("the key `{key}` was set before"), "remove one of the two lines");
        finding.related = earlier(text, error, sets, true).map(|at| (at, "set here first"));
        finding
    } else {
        Finding { message: error.message.clone(), help: None, related: None }
    }
}

/// The nearest line before the error for which `is_it` is true. With `in_table`, only lines of the same table count.
fn earlier(
    text: &str,
    error: &LineError,
    is_it: impl Fn(&str) -> bool,
    in_table: bool,
) -> Option<Range<usize>> {
    let mut end = error.line.start;
    for line in text.get(..end)?.split_inclusive('\n').rev() {
        let start = end - line.len();
        if is_it(line) {
            let indent = line.len() - line.trim_start().len();
            return Some(start + indent..start + line.trim_end().len());
        }
        if in_table && line.trim_start().starts_with('[') {
            return None;
        }
        end = start;
    }
    None
}

/// A table with too few brackets, or a text in curly quotation marks.
fn bracket_or_quote(
    text: &str,
    error: &LineError,
    span: impl Fn(Range<usize>) -> TextSpan,
) -> Option<Diagnostic> {
    if let Some((table, at)) = single_bracket(error, text) {
        let message =
            format!("`[{table}]` must be `[[{table}]]`, because this table is an entry of a list");
        let diagnostic = Diagnostic::new("missing-brackets", message)
            .help(format!("write `[[{table}]]` with two brackets"));
        return Some(diagnostic.at(span(at)));
    }
    let line = text.get(error.line.clone()).unwrap_or_default();
    let (at, mark) = line.char_indices().find(|(_, character)| CURLY.contains(character))?;
    let at = error.line.start + at;
    let message = format!("invalid TOML: `{mark}` is a curly quotation mark");
    let diagnostic = Diagnostic::new("invalid-toml", message)
        .help("write straight quotation marks: `\"…\"` or `'…'`");
    Some(diagnostic.at(span(at..at + mark.len_utf8())))
}

/// If the error is a header that needs two brackets: the name of the table, and the position of its first header.
fn single_bracket<'t>(error: &LineError, text: &'t str) -> Option<(&'t str, Range<usize>)> {
    let header = text.get(error.line.clone())?.trim_start();
    let name = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
    if !header.starts_with('[')
        || !error.message.contains("duplicate key")
        || !ARRAYS.contains(&name)
    {
        return None;
    }
    let mut start = 0;
    let mut headers = text.split_inclusive('\n').filter_map(|line| {
        let at = start + (line.len() - line.trim_start().len());
        start += line.len();
        let table = line.trim_start().strip_prefix('[')?.split_once(']')?.0;
        (table.trim() == name).then(|| (table.trim(), at..at + table.len() + 2))
    });
    headers.next()
}
