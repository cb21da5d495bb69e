//! What the names of mistakes and warnings mean: the one table for `taskferry explain`, the hint after errors, SARIF rules and
//! `docs/errors.md`.

mod addresses;
mod explanation;
mod expressions;
mod files;
mod options;
mod pipelines;
mod syntax;
mod variables;

use taskferry_sdk::nearest;

pub(crate) use explanation::Explanation;

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
