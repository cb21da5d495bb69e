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

/// The flags of a pattern: `"gi"`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
#[expect(clippy::struct_excessive_bools, reason = "each is one flag")]
pub(crate) struct Flags {
    /// `g`: all matches, not only the first.
    pub(crate) global: bool,
    /// `i`: case-insensitive.
    ignore_case: bool,
    /// `x`: white space and comments in the pattern are ignored.
    extended: bool,
    /// `n`: empty matches are ignored.
    not_empty: bool,
    /// `p`: `.` also matches a line feed.
    dot_all: bool,
    /// `l`: the longest match, not the first alternative.
    longest: bool,
}

impl Flags {
    pub(crate) fn parse(letters: &str) -> Result<Self, String> {
        let mut flags = Self::default();
        for letter in letters.chars() {
            match letter {
                'g' => flags.global = true,
                'i' => flags.ignore_case = true,
                'x' => flags.extended = true,
                'n' => flags.not_empty = true,
                'p' => flags.dot_all = true,
                'l' => flags.longest = true,
                // `^` and `$` always match the ends of the text.
                's' => {}
                _ => return Err(format!("{letters} is not a valid modifier string")),
            }
        }
        Ok(flags)
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
    let flags = Flags { global: false, ..flags };
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
        .case_insensitive(flags.ignore_case)
        .ignore_whitespace(flags.extended)
        .dot_matches_new_line(flags.dot_all)
        .find_not_empty(flags.not_empty)
        .leftmost_longest(flags.longest)
        .backtrack_limit(BACKTRACK_LIMIT)
        .max_prog_size(PROGRAM_LIMIT)
        .build()
        .map_err(reason)
}

/// The error in one line, without a position, which would be that in the rewritten pattern.
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
                // The end, or before a line feed at the end.
                '$' if !self.by_line => self.replace(1, r"(?=\n?\z)"),
                'ß' | 'ẞ' if self.flags.ignore_case => {
                    self.replace(letter.len_utf8(), "(?:ß|ẞ|ss)");
                }
                '#' if self.flags.extended => {
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
            // Perl's syntax has no such escapes.
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

    /// `[…]`: without nested classes and set operations. POSIX classes include all of Unicode.
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

    fn found(pattern: &str, flags: &str, text: &str) -> Option<String> {
        let regex = compile(pattern, Flags::parse(flags).unwrap()).unwrap();
        regex.find(text).unwrap().map(|found| found.as_str().to_owned())
    }

    #[test]
    fn patterns_follow_the_syntax_of_oniguruma() {
        for (pattern, flags, text, expected) in [
            (r"b$", "", "ab\n", Some("b")),
            (r"b$", "", "ab\n\n", None),
            (r"(?m)a$", "", "a\nb", Some("a")),
            (r"^b", "", "a\nb", None),
            (r"a.b", "", "a\nb", None),
            (r"a.b", "p", "a\nb", Some("a\nb")),
            (r"a.b", "s", "a\nb", None),
            (r"[[:alpha:]]+", "", "1Übergröße2", Some("Übergröße")),
            (r"[^[:alpha:]\s]+", "", "ä 12", Some("12")),
            (r"[[:^alpha:]]+", "", "ä12", Some("12")),
            (r"[[:punct:]]+", "", "a$–~b", Some("$–~")),
            (r"[[:graph:]]+", "", " ä! ", Some("ä!")),
            (r"[a&&b]+", "", "x&a", Some("&a")),
            (r"[a-c--]+", "", "x-b", Some("-b")),
            (r"[]a]+", "", "x]a", Some("]a")),
            (r"[[a]+", "", "x[a", Some("[a")),
            (r"[-a]+", "", "x-a", Some("-a")),
            (r"\h+", "", "ahh", Some("hh")),
            (r"\Qa.b\E.", "", "a.bc", Some("a.bc")),
            (r"straße", "i", "STRASSE", Some("STRASSE")),
            (r"übergabe", "i", "Übergabe", Some("Übergabe")),
            (r"\w+", "", "Zoë's", Some("Zoë")),
            (r"a\sb", "", "a\u{a0}b", Some("a\u{a0}b")),
            (r"\p{L}+", "", "1é2", Some("é")),
            (r"a  b # c$", "x", "ab", Some("ab")),
            (r"a|ab", "l", "abc", Some("ab")),
            (r"a*", "n", "baa", Some("aa")),
            (r"(?<n>.)\k<n>", "", "abb", Some("bb")),
            (r"(?<=€)\d+(?!\d)", "", "5 €12", Some("12")),
        ] {
            assert_eq!(found(pattern, flags, text).as_deref(), expected, "{pattern} on {text:?}");
        }
    }

    #[test]
    fn invalid_patterns_are_refused() {
        for (pattern, reason) in [
            ("(", "opening parenthesis without closing parenthesis"),
            (r"\X", "invalid escape: \\X"),
            ("(?P<n>a)", "a named group is written `(?<name>…)`, without a `P`"),
            ("[a", "invalid character class"),
            (r"\p{Nonsense}", "unicode property not found"),
            ("*", "target of repeat operator is invalid"),
        ] {
            assert_eq!(compile(pattern, Flags::default()).unwrap_err(), reason, "{pattern}");
        }
        assert_eq!(Flags::parse("gm").unwrap_err(), "gm is not a valid modifier string");
    }

    #[test]
    fn backtracking_is_limited() {
        let regex = compile(r"(a*)*\1b(?=c)", Flags::default()).unwrap();
        assert!(!regex.is_match(&"a".repeat(60)).unwrap_or(false));
    }

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
