//! Syntax errors of a TOML text.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use taskferry_sdk::MAX_PER_KIND;
use toml::de::Error;

use crate::mask::mask_broken_line;
use crate::mistake::Mistake;
use crate::text::{SourceText, Text, TextSpan, first_line, lines_at};

/// Quotation marks that word processors write instead of straight ones.
const CURLY: [char; 7] = ['“', '”', '„', '‟', '‘', '’', '‚'];
/// Tables that a pipeline can have several of.
const ARRAYS: [&str; 3] = ["transform", "sink", "sink.transform"];

/// The first error of a line.
struct LineError {
    line: Range<usize>,
    span: Range<usize>,
    message: String,
}

/// Reports one mistake per line. The text after the key of such a line is masked, because it may contain a secret.
/// `keys` are the keys of pipeline files.
pub(crate) fn mistakes(
    source: &SourceText,
    errors: Vec<Error>,
    keys: &BTreeSet<String>,
) -> Vec<Mistake> {
    let text = source.text.as_str();
    let errors = line_errors(text, errors);
    let (shown, more) = errors.split_at(errors.len().min(MAX_PER_KIND));
    let mut masked = text.to_owned();
    for error in shown.iter().rev() {
        let line = text.get(error.line.clone()).unwrap_or_default();
        masked.replace_range(error.line.clone(), &mask_broken_line(line, keys));
    }
    let masked = Arc::new(Text::new(&source.name, &masked));
    let span = |span: Range<usize>| TextSpan::new(Arc::clone(&masked), first_line(text, &span));
    let mut mistakes: Vec<Mistake> = shown.iter().map(|error| mistake(text, error, span)).collect();
    // The caller counts these and does not show them.
    mistakes.extend(more.iter().map(|error| Mistake::new("invalid-toml", &error.message)));
    let is_bracket = |mistake: &Mistake| mistake.code() == "missing-brackets";
    if mistakes.iter().any(is_bracket) {
        // The keys of the second table look like duplicates of the keys of the first one.
        mistakes.retain(|mistake| {
            is_bracket(mistake) || !mistake.to_string().contains("duplicate key")
        });
    }
    mistakes
}

fn line_errors(text: &str, errors: Vec<Error>) -> Vec<LineError> {
    let error = |error: Error| {
        let message = error.message().lines().collect::<Vec<_>>().join(", ");
        (error.span().unwrap_or(0..0), message)
    };
    let mut errors: Vec<_> = errors.into_iter().map(error).collect();
    errors.sort_by_key(|(span, _)| span.start);
    let lines = lines_at(text, errors.iter().map(|(span, _)| span.start));
    let mut errors = errors.into_iter().peekable();
    let first = |line: Range<usize>| {
        let (span, message) = errors.next_if(|(span, _)| span.start <= line.end)?;
        while errors.next_if(|(span, _)| span.start <= line.end).is_some() {}
        Some(LineError { line, span, message })
    };
    lines.into_iter().filter_map(first).collect()
}

fn mistake(text: &str, error: &LineError, span: impl Fn(Range<usize>) -> TextSpan) -> Mistake {
    let line = text.get(error.line.clone()).unwrap_or_default();
    if let Some((table, at)) = single_bracket(error, text) {
        let message =
            format!("`[{table}]` must be `[[{table}]]`, because this table is an entry of a list");
        return Mistake::new("missing-brackets", message)
            .help(format!("write `[[{table}]]` with two brackets"))
            .at(span(at));
    }
    if let Some((at, mark)) = line.char_indices().find(|(_, character)| CURLY.contains(character)) {
        let at = error.line.start + at;
        let message = format!("invalid TOML: `{mark}` is a curly quotation mark");
        return Mistake::new("invalid-toml", message)
            .help("write straight quotation marks: `\"…\"` or `'…'`")
            .at(span(at..at + mark.len_utf8()));
    }
    let message = format!("invalid TOML: {}", error.message);
    Mistake::new("invalid-toml", message).at(span(error.span.clone()))
}

/// The table whose header needs two brackets, and the position of its first header, if that is the error.
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
