//! What keeps a text from being TOML.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::Arc;

use taskferry_sdk::MAX_PER_KIND;
use toml::de::Error;

use crate::mask::mask_broken_line;
use crate::mistake::Mistake;
use crate::text::{Place, Text, first_line, lines_at};

/// Quotation marks that word processors put in the place of straight ones.
const CURLY: [char; 7] = ['“', '”', '„', '‟', '‘', '’', '‚'];
/// Tables of which a pipeline can have several.
const SEVERAL: [&str; 3] = ["transform", "sink", "sink.transform"];

/// One mistake a line. What such a line holds behind its key is not shown: it may be a secret, and where it ends is not
/// known. `keys` are the keys that a pipeline file can have.
pub(crate) fn mistakes(
    name: &str,
    text: &str,
    errors: Vec<Error>,
    keys: &BTreeSet<String>,
) -> Vec<Mistake> {
    let mut found: Vec<(Range<usize>, String)> = errors
        .into_iter()
        .map(|error| {
            let message = error.message().lines().collect::<Vec<_>>().join(", ");
            (error.span().unwrap_or(0..0), message)
        })
        .collect();
    found.sort_by_key(|(span, _)| span.start);
    let lines = lines_at(text, found.iter().map(|(span, _)| span.start));
    let mut found = found.into_iter().peekable();
    let firsts: Vec<(Range<usize>, Range<usize>, String)> = lines
        .into_iter()
        .filter_map(|line| {
            let (span, message) = found.next_if(|(span, _)| span.start <= line.end)?;
            while found.next_if(|(span, _)| span.start <= line.end).is_some() {}
            Some((line, span, message))
        })
        .collect();
    let (shown, hidden) = firsts.split_at(firsts.len().min(MAX_PER_KIND));
    let mut masked = text.to_owned();
    for (line, ..) in shown.iter().rev() {
        let without = mask_broken_line(text.get(line.clone()).unwrap_or_default(), keys);
        masked.replace_range(line.clone(), &without);
    }
    let masked = Arc::new(Text::new(name, &masked));
    let place = |span: Range<usize>| Place::new(Arc::clone(&masked), first_line(text, &span));
    let mut mistakes = Vec::new();
    for (line, span, message) in shown {
        let written = text.get(line.clone()).unwrap_or_default();
        let curly = written.char_indices().find(|(_, character)| CURLY.contains(character));
        let mistake = if let Some((table, at)) = single_bracket(message, line, text) {
            Mistake::nowhere(
                "toml::brackets",
                format!("`[{table}]` stands for one table, and there are several"),
            )
            .help(format!("write `[[{table}]]` with two brackets"))
            .at(place(at))
        } else if let Some((at, mark)) = curly {
            let at = line.start + at;
            Mistake::nowhere(
                "toml::syntax",
                format!("this is not TOML: `{mark}` is a curly quotation mark"),
            )
            .help("write straight ones, `\"…\"` or `'…'`")
            .at(place(at..at + mark.len_utf8()))
        } else {
            Mistake::nowhere("toml::syntax", format!("this is not TOML: {message}"))
                .at(place(span.clone()))
        };
        mistakes.push(mistake);
    }
    // These are counted, and not shown.
    mistakes.extend(hidden.iter().map(|(.., message)| Mistake::nowhere("toml::syntax", message)));
    let is_bracket = |mistake: &Mistake| mistake.code() == "toml::brackets";
    if mistakes.iter().any(is_bracket) {
        // The keys of a table that was taken for the one before it.
        mistakes.retain(|mistake| {
            is_bracket(mistake) || !mistake.to_string().contains("duplicate key")
        });
    }
    mistakes
}

/// The table of a header with too few brackets, in this line or before it, and where that header is.
fn single_bracket<'t>(
    message: &str,
    line: &Range<usize>,
    text: &'t str,
) -> Option<(&'t str, Range<usize>)> {
    let written = text.get(line.clone())?;
    let header = written.trim_start();
    let name = header.trim_start_matches('[').split(']').next().unwrap_or_default().trim();
    if !header.starts_with('[') || !message.contains("duplicate key") || !SEVERAL.contains(&name) {
        return None;
    }
    let mut start = 0;
    let mut headers = text.split_inclusive('\n').filter_map(|one| {
        let at = start + (one.len() - one.trim_start().len());
        start += one.len();
        let table = one.trim_start().strip_prefix('[')?.split_once(']')?.0;
        (table.trim() == name).then(|| (table.trim(), at..at + table.len() + 2))
    });
    headers.next()
}
