//! Finds the part of an expression that drops a field.

use std::ops::Range;

use taskferry_sdk::{FieldSet, RecordFields};

use crate::known_fields::FieldAnalysis;
use crate::syntax::without_surrogates;

/// The part of an expression that drops a field from records with the fields `input`: the last deletion of the field, or else the
/// object that replaces the records or their tasks.
pub(crate) fn find_drop(text: &str, input: &RecordFields, field: &str) -> Option<Range<usize>> {
    let text = without_surrogates(text);
    let mut reader = FieldAnalysis::new(&text);
    let fields = reader.fields(input);
    let deleted = reader.deleted.iter().rfind(|(name, _)| *name == field);
    let is_result = |names: &[&str], set: &FieldSet| {
        !names.is_empty() && names.iter().all(|name| *name != field && set.has(name))
    };
    let replaces = |(names, _): &&(Vec<&str>, _)| {
        is_result(names, &fields.own) || is_result(names, &fields.tasks)
    };
    let objects = || reader.objects.iter().filter(replaces).max_by_key(|(names, _)| names.len());
    deleted
        .map(|(_, range)| range.clone())
        .or_else(|| Some(object_around(&text, objects()?.1.start)))
}

/// The range of the object whose first key is at this offset.
fn object_around(text: &str, key: usize) -> Range<usize> {
    let start = text.get(..key).and_then(|before| before.rfind('{')).unwrap_or(key);
    let (mut depth, mut in_string, mut is_escaped) = (0_usize, false, false);
    for (offset, letter) in text.get(start..).unwrap_or_default().char_indices() {
        match letter {
            _ if is_escaped => is_escaped = false,
            '\\' => is_escaped = in_string,
            '"' => in_string = !in_string,
            '{' if !in_string => depth += 1,
            '}' if !in_string && depth == 1 => return start..start + offset + 1,
            '}' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
    }
    start..text.len()
}
