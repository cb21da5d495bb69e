//! What someone may have meant who wrote a name that does not exist.

/// The known name that `written` is a likely slip of; case, and whether words are joined by `-` or `_`, do not matter.
pub(crate) fn nearest<'a>(
    written: &str,
    known: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let plain = |name: &str| name.to_lowercase().replace('-', "_");
    let written = plain(written);
    let by_distance =
        known.into_iter().map(|name| (strsim::damerau_levenshtein(&plain(name), &written), name));
    let (distance, name) = by_distance.min()?;
    (distance <= (name.len() / 3).max(1)).then_some(name)
}
