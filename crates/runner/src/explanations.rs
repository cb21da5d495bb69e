//! What the names of mistakes and warnings mean: the one table for `taskferry explain`, the hint after errors, SARIF rules and
//! `docs/errors.md`.

mod addresses;
mod expressions;
mod files;
mod options;
mod pipelines;
mod syntax;
mod variables;

use taskferry_sdk::nearest;

/// The meaning of one name, with examples.
///
/// An example is a fragment of a pipeline file, a command that begins with `$ `, or both. A comment that is only the name of a
/// file begins that file. A test checks each example.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// The stable name: words with hyphens.
    pub(crate) name: &'static str,
    /// The meaning in one line.
    pub(crate) meaning: &'static str,
    /// Why it is a mistake, and what to do.
    pub(crate) details: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) right: &'static str,
}

/// All names, in alphabetical order.
pub(crate) fn all() -> Vec<&'static Explanation> {
    let areas: [&[Explanation]; 7] = [
        syntax::ALL,
        options::ALL,
        variables::ALL,
        files::ALL,
        addresses::ALL,
        expressions::ALL,
        pipelines::ALL,
    ];
    let mut all: Vec<&Explanation> = areas.into_iter().flatten().collect();
    all.sort_by_key(|one| one.name);
    all
}

/// The explanation of a name. Plugins outside of taskferry may use other names.
pub(crate) fn find(name: &str) -> Option<&'static Explanation> {
    all().into_iter().find(|one| one.name == name)
}

/// The name that a misspelt one most likely means: one with few other letters, or else one with the same words.
pub(crate) fn similar(wrong: &str) -> Option<&'static str> {
    let wrong = wrong.to_lowercase().replace(['_', ' ', ':'], "-");
    let names = || all().into_iter().map(|one| one.name);
    let words = |name: &str| name.split('-').filter(|word| !word.is_empty()).count();
    let shared = |name: &str| {
        let has = |word: &&str| name.split('-').any(|other| other == *word);
        wrong.split('-').filter(|word| !word.is_empty()).filter(has).count()
    };
    let same_words = || {
        let all_shared = names().filter(|name| shared(name) > 0 && shared(name) == words(&wrong));
        all_shared.min_by_key(|name| words(name))
    };
    let partly_shared = || names().filter(|name| shared(name) > 0).max_by_key(|name| shared(name));
    nearest(&wrong, names()).or_else(same_words).or_else(partly_shared)
}
