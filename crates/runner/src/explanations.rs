//! Explanations of errors, warnings and exit codes, for `taskferry explain`, the hint after errors, SARIF rules, the help of
//! `run` and `docs/errors.md`.

use std::cmp::Reverse;
use std::sync::LazyLock;

use taskferry_sdk::nearest;

/// Each section of a file explains one name: `## NAME: MEANING`, the details, the wrong example, the right example. The
/// explanations of exit codes have no examples.
const FILES: [&str; 7] = [
    include_str!("explanations/addresses.md"),
    include_str!("explanations/expressions.md"),
    include_str!("explanations/files.md"),
    include_str!("explanations/options.md"),
    include_str!("explanations/pipelines.md"),
    include_str!("explanations/syntax.md"),
    include_str!("explanations/variables.md"),
];
const EXIT_CODES: &str = include_str!("explanations/exit_codes.md");

static ERRORS: LazyLock<Vec<Explanation>> = LazyLock::new(|| {
    let mut all: Vec<Explanation> = FILES.into_iter().flat_map(sections).collect();
    all.sort_by_key(|one| one.name);
    all
});
static CODES: LazyLock<Vec<Explanation>> = LazyLock::new(|| sections(EXIT_CODES).collect());

/// The meaning of an error or an exit code.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// The stable name of an error, which is words with hyphens, or an exit code.
    pub(crate) name: &'static str,
    /// The meaning in one line.
    pub(crate) meaning: &'static str,
    /// When it occurs, and what to do.
    pub(crate) details: &'static str,
    /// The examples of an error.
    pub(crate) examples: Option<Examples>,
}

/// An error, and how it is corrected.
///
/// An example is a fragment of a pipeline file, a command that begins with `$ `, or both. A comment that consists of a file
/// name starts a new file. A test checks each example.
#[derive(Debug)]
pub(crate) struct Examples {
    /// The language in Markdown.
    pub(crate) language: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) right: &'static str,
}

fn sections(file: &'static str) -> impl Iterator<Item = Explanation> {
    file.split("\n## ").skip(1).filter_map(|section| {
        let mut parts = section.split("```");
        let (heading, details) = parts.next()?.split_once('\n')?;
        let (name, meaning) = heading.split_once(": ")?;
        let examples = parts.next().zip(parts.nth(1)).and_then(|(wrong, right)| {
            let (language, wrong) = wrong.split_once('\n')?;
            let (_, right) = right.split_once('\n')?;
            Some(Examples { language, wrong: wrong.trim_end(), right: right.trim_end() })
        });
        Some(Explanation { name, meaning, details: details.trim(), examples })
    })
}

/// All errors and warnings, in alphabetical order of their names.
pub(crate) fn all() -> &'static [Explanation] {
    &ERRORS
}

/// All exit codes.
pub(crate) fn exit_codes() -> &'static [Explanation] {
    &CODES
}

/// The list of exit codes for `--help`.
pub(crate) fn help_of_exit_codes() -> String {
    let line = |code: &Explanation| format!("\n  {:<4} {}", code.name, code.meaning);
    format!("Exit codes:{}", CODES.iter().map(line).collect::<String>())
}

/// The explanation of a name. Plugins outside of taskferry may use other names.
pub(crate) fn find(name: &str) -> Option<&'static Explanation> {
    all().iter().find(|one| one.name == name)
}

/// The name that is most similar to a misspelled name: the name with the fewest different letters. If no name is near enough, the
/// shortest of the names that share the most words with it.
pub(crate) fn similar(wrong: &str) -> Option<&'static str> {
    let wrong = wrong.to_lowercase().replace(['_', ' ', ':'], "-");
    let names = || all().iter().map(|one| one.name);
    let common_words = |name: &&str| {
        let has = |word: &&str| name.split('-').any(|other| other == *word);
        wrong.split('-').filter(has).count()
    };
    let same_words = || {
        let names = names().filter(|name| common_words(name) > 0);
        names.min_by_key(|name| (Reverse(common_words(name)), name.split('-').count()))
    };
    nearest(&wrong, names()).or_else(same_words)
}
