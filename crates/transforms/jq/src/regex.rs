//! Regular expressions with the syntax of jq.
//!
//! jq uses Oniguruma with the syntax of Perl and named groups. The engine here supports nearly the same syntax. Patterns are
//! rewritten where it differs. `docs/jq.md` lists the remaining differences.

use std::cell::RefCell;
use std::sync::Arc;

use fancy_regex::{CompileError, Regex, RegexBuilder};

/// The maximum number of backtracking steps, which take about ten milliseconds.
const BACKTRACK_LIMIT: usize = 500_000;
/// The maximum size of a compiled pattern, in instructions.
const PROGRAM_LIMIT: usize = 200_000;
/// The number of compiled patterns in the cache of each thread.
const CACHE_SIZE: usize = 64;

/// The flags of a pattern: one bit for each of [`LETTERS`].
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Flags(u8);

/// - `g`: all matches, not only the first.
/// - `i`: case-insensitive.
/// - `x`: white space and comments in the pattern are ignored.
/// - `n`: empty matches are ignored.
/// - `p`: `.` also matches a line feed.
/// - `l`: the longest match, not the first alternative.
/// - `s` has no effect: without `(?m)`, `^` and `$` do not match at line feeds inside the text anyway.
const LETTERS: &str = "gixnpls";

impl Flags {
    pub(crate) fn parse(letters: &str) -> Result<Self, String> {
        let bit = |letter| LETTERS.find(letter).map(|position| 1 << position);
        let bits = letters.chars().map(bit).try_fold(0, |bits, bit| Some(bits | bit?));
        bits.map(Self).ok_or_else(|| format!("{letters} is not a valid modifier string"))
    }

    pub(crate) fn has(self, letter: char) -> bool {
        LETTERS.find(letter).is_some_and(|position| self.0 & (1 << position) != 0)
    }
}

struct Compiled {
    pattern: String,
    flags: Flags,
    regex: Arc<Regex>,
}

thread_local! {
    static CACHE: RefCell<Vec<Compiled>> = const { RefCell::new(Vec::new()) };
}

/// A compiled pattern, cached by thread.
pub(crate) fn cached(pattern: &str, flags: Flags) -> Result<Arc<Regex>, String> {
    CACHE.with_borrow_mut(|cache| {
        let known = cache.iter().position(|known| known.flags == flags && known.pattern == pattern);
        if let Some(position) = known {
            cache[..=position].rotate_right(1);
            return Ok(Arc::clone(&cache[0].regex));
        }
        let regex = compile(pattern, flags)
            .map_err(|reason| format!("{pattern} (at offset 0) is not a valid regex: {reason}"))?;
        let regex = Arc::new(regex);
        cache.truncate(CACHE_SIZE - 1);
        cache.insert(0, Compiled { pattern: pattern.to_owned(), flags, regex: Arc::clone(&regex) });
        Ok(regex)
    })
}

/// Compiles a pattern. An error is one line.
pub(crate) fn compile(pattern: &str, flags: Flags) -> Result<Regex, String> {
    let rewritten = Rewriter::new(pattern, flags).rewrite()?;
    RegexBuilder::new(&rewritten)
        .oniguruma_mode(true)
        .case_insensitive(flags.has('i'))
        .ignore_whitespace(flags.has('x'))
        .dot_matches_new_line(flags.has('p'))
        .find_not_empty(flags.has('n'))
        .leftmost_longest(flags.has('l'))
        .backtrack_limit(BACKTRACK_LIMIT)
        .max_prog_size(PROGRAM_LIMIT)
        .build()
        .map_err(reason)
}

/// The error in one line. The position is removed, because it refers to the rewritten pattern.
fn reason(error: fancy_regex::Error) -> String {
    let text = match error {
        fancy_regex::Error::ParseError(_, error) => error.to_string(),
        fancy_regex::Error::CompileError(error) => match &*error {
            CompileError::InnerError(inner) => match inner.syntax_error() {
                Some(error) => error.to_string(),
                None => inner.to_string(),
            },
            other => other.to_string(),
        },
        other => other.to_string(),
    };
    let line = text.lines().next_back().unwrap_or_default();
    let mut letters = line.strip_prefix("error: ").unwrap_or(line).chars();
    letters.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(letters).collect()
}

/// Rewrites a pattern of jq in the syntax of the engine.
struct Rewriter<'p> {
    rest: &'p str,
    flags: Flags,
    /// Whether `(?m)` is in the pattern, so that `$` matches the end of each line.
    by_line: bool,
    out: String,
}

impl<'p> Rewriter<'p> {
    fn new(pattern: &'p str, flags: Flags) -> Self {
        Self { rest: pattern, flags, by_line: has_inline_flag(pattern, 'm'), out: String::new() }
    }

    fn rewrite(mut self) -> Result<String, String> {
        while let Some(letter) = self.rest.chars().next() {
            match letter {
                '\\' => self.escape(),
                '[' => self.class(),
                // Matches at the end of the text, and before a line feed at the end.
                '$' if !self.by_line => self.replace(1, r"(?=\n?\z)"),
                'ß' | 'ẞ' if self.flags.has('i') => {
                    self.replace(letter.len_utf8(), "(?:ß|ẞ|ss)");
                }
                '#' if self.flags.has('x') => {
                    self.copy(self.rest.find('\n').unwrap_or(self.rest.len()));
                }
                '(' if self.rest.starts_with("(?#") => {
                    self.copy(self.rest.find(')').map_or(self.rest.len(), |end| end + 1));
                }
                '(' if self.rest.starts_with("(?P") => {
                    return Err("a named group is written `(?<name>…)`, without a `P`".to_owned());
                }
                _ => self.copy(letter.len_utf8()),
            }
        }
        Ok(self.out)
    }

    fn copy(&mut self, length: usize) {
        let (part, rest) = self.rest.split_at(length);
        self.out.push_str(part);
        self.rest = rest;
    }

    fn replace(&mut self, length: usize, with: &str) {
        self.out.push_str(with);
        self.rest = &self.rest[length..];
    }

    fn escape(&mut self) {
        let escaped = self.rest[1..].chars().next();
        match escaped {
            // jq reads `\h` and `\H` as plain letters.
            Some(letter @ ('h' | 'H')) => self.replace(2, letter.encode_utf8(&mut [0; 4])),
            Some('Q') => {
                let quoted = &self.rest[2..];
                let end = quoted.find(r"\E").unwrap_or(quoted.len());
                let text = fancy_regex::escape(&quoted[..end]);
                self.out.push_str(&text);
                self.rest = quoted[end..].strip_prefix(r"\E").unwrap_or("");
            }
            other => self.copy(1 + other.map_or(0, char::len_utf8)),
        }
    }

    /// Copies a class `[…]`, and escapes the syntax of nested classes and set operations, which jq does not have. POSIX classes
    /// include all of Unicode.
    fn class(&mut self) {
        self.copy(if self.rest.starts_with("[^") { 2 } else { 1 });
        let mut is_first = true;
        while let Some(letter) = self.rest.chars().next() {
            match letter {
                ']' if !is_first => return self.copy(1),
                '[' => match posix_class(self.rest) {
                    Some((length, class)) => self.replace(length, &class),
                    None => self.replace(1, r"\["),
                },
                '\\' => self.escape(),
                '-' if is_first => self.replace(1, r"\-"),
                '-' if self.rest.starts_with("--") => self.replace(2, r"-\-"),
                ']' | '&' | '~' => {
                    self.out.push('\\');
                    self.copy(1);
                }
                _ => self.copy(letter.len_utf8()),
            }
            is_first = false;
        }
    }
}

/// Whether a flag is set within a pattern: `(?m)`, `(?im:…)`.
fn has_inline_flag(pattern: &str, flag: char) -> bool {
    pattern.split("(?").skip(1).any(|group| {
        let letters = group.split(|letter: char| !letter.is_ascii_lowercase()).next();
        letters.is_some_and(|letters| letters.contains(flag))
    })
}

/// The length of `[:name:]` at the start of a text, and its equivalent within a class.
fn posix_class(text: &str) -> Option<(usize, String)> {
    let name = &text.strip_prefix("[:")?;
    let name = &name[..name.find(":]")?];
    let (positive, is_negated) = match name.strip_prefix('^') {
        Some(name) => (name, true),
        None => (name, false),
    };
    let members = match positive {
        "alnum" => r"\p{Alphabetic}\p{M}\p{Nd}",
        "alpha" => r"\p{Alphabetic}\p{M}",
        "ascii" => r"\x00-\x7F",
        "blank" => r"\t\p{Zs}",
        "cntrl" => r"\p{Cc}",
        "digit" => r"\p{Nd}",
        "graph" => r"[^\s\p{Cc}\p{Cn}\p{Cs}]",
        "lower" => r"\p{Lowercase}",
        "print" => r"\p{Zs}[^\s\p{Cc}\p{Cn}\p{Cs}]",
        "punct" => r"\p{P}$+<=>^`|\~",
        "space" => r"\s",
        "upper" => r"\p{Uppercase}",
        "word" => r"\w",
        "xdigit" => "0-9A-Fa-f",
        _ => return None,
    };
    let class = if is_negated { format!("[^{members}]") } else { members.to_owned() };
    Some((name.len() + 4, class))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cache_evicts_the_least_recently_used_pattern() {
        let first = cached("first", Flags::default()).unwrap();
        for number in 1..CACHE_SIZE {
            cached(&format!("p{number}"), Flags::default()).unwrap();
        }
        assert!(Arc::ptr_eq(&first, &cached("first", Flags::default()).unwrap()));
        for number in 0..CACHE_SIZE {
            cached(&format!("q{number}"), Flags::default()).unwrap();
        }
        assert!(!Arc::ptr_eq(&first, &cached("first", Flags::default()).unwrap()));
        CACHE.with_borrow(|cache| assert_eq!(cache.len(), CACHE_SIZE));
    }
}
