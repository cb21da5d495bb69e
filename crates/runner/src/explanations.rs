//! What the names of mistakes and warnings mean: the one table for `taskferry explain`, the hint after errors, SARIF rules and
//! `docs/errors.md`.

use std::sync::LazyLock;

use taskferry_sdk::nearest;

/// A section of each file is the explanation of a name: `## NAME: MEANING`, the details, the wrong example, the right example.
const FILES: [&str; 7] = [
    include_str!("explanations/addresses.md"),
    include_str!("explanations/expressions.md"),
    include_str!("explanations/files.md"),
    include_str!("explanations/options.md"),
    include_str!("explanations/pipelines.md"),
    include_str!("explanations/syntax.md"),
    include_str!("explanations/variables.md"),
];

static ALL: LazyLock<Vec<Explanation>> = LazyLock::new(|| {
    let sections = FILES.into_iter().flat_map(|file| file.split("\n## ").skip(1));
    let mut all: Vec<Explanation> = sections.filter_map(Explanation::parse).collect();
    all.sort_by_key(|one| one.name);
    all
});

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
    /// The language of the examples in Markdown.
    pub(crate) language: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) right: &'static str,
}

impl Explanation {
    fn parse(section: &'static str) -> Option<Self> {
        let mut parts = section.split("```");
        let (heading, details) = parts.next()?.split_once('\n')?;
        let (name, meaning) = heading.split_once(": ")?;
        let (language, wrong) = parts.next()?.split_once('\n')?;
        let (_, right) = parts.nth(1)?.split_once('\n')?;
        Some(Self {
            name,
            meaning,
            details: details.trim(),
            language,
            wrong: wrong.trim_end(),
            right: right.trim_end(),
        })
    }
}

/// All names, in alphabetical order.
pub(crate) fn all() -> &'static [Explanation] {
    &ALL
}

/// The explanation of a name. Plugins outside of taskferry may use other names.
pub(crate) fn find(name: &str) -> Option<&'static Explanation> {
    all().iter().find(|one| one.name == name)
}

/// The name that a misspelt one most likely means: one with few other letters, or else one with the same words.
pub(crate) fn similar(wrong: &str) -> Option<&'static str> {
    let wrong = wrong.to_lowercase().replace(['_', ' ', ':'], "-");
    let names = || all().iter().map(|one| one.name);
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
