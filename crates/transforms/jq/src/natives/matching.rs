//! Functions with regular expressions: `test`, `match`, `capture`, `scan`, `split`, `splits`, `sub` and `gsub`.

use std::borrow::Cow;
use std::sync::Arc;

use fancy_regex::{Captures, Regex};

use super::collections::argument;
use crate::builtins::{FunctionResult, FunctionTable};
use crate::item::{Flow, Next};
use crate::regex::{Flags, cached};
use crate::value::{Map, Text, Value, cannot, described};

/// A pattern and the text that it is applied to.
struct Search<'t> {
    text: &'t str,
    regex: Arc<Regex>,
    is_global: bool,
}

pub(crate) const FUNCTIONS: FunctionTable = &[
    ("test", 2, |value, arguments| {
        with_search(&value, arguments, false, |search| {
            search.regex.is_match(search.text).map(Value::from).map_err(failed)
        })
    }),
    ("_match", 2, |value, arguments| {
        with_search(&value, arguments, false, |search| {
            Ok(search.all()?.iter().map(|found| search.object(found)).collect())
        })
    }),
    ("split", 2, |value, arguments| with_search(&value, arguments, true, parts)),
];

fn with_search<'r>(
    value: &Value<'r>,
    arguments: &[Value<'r>],
    is_global: bool,
    run: impl FnOnce(&Search<'_>) -> FunctionResult<'r>,
) -> FunctionResult<'r> {
    let text = text_to_match(value)?;
    run(&Search::new(&text, argument(arguments, 0), argument(arguments, 1), is_global)?)
}

fn text_to_match<'v>(value: &'v Value<'_>) -> Result<Cow<'v, str>, String> {
    let refused = || format!("{} cannot be matched, as it is not a string", described(value));
    value.as_str().ok_or_else(refused)
}

/// Calls its second argument with each replacement of a match. Its first argument is an object of the named groups of the match.
pub(crate) type Replace<'o, 'r> = &'o mut dyn FnMut(Value<'r>, Next<'_, 'r>) -> Flow<'r>;

/// `sub` and `gsub`: the n-th result contains the n-th replacement of every match.
pub(crate) fn substitute<'r>(
    value: &Value<'r>,
    pattern: &Value<'r>,
    flags: &Value<'r>,
    is_global: bool,
    replace: Replace<'_, 'r>,
) -> Flow<'r, Vec<Value<'r>>> {
    let text = text_to_match(value)?;
    let search = Search::new(&text, pattern, flags, is_global)?;
    let mut results: Vec<String> = Vec::new();
    let mut end = 0;
    for found in search.all()? {
        let Some(whole) = found.get(0) else { continue };
        let gap = search.text.get(end..whole.start()).unwrap_or_default();
        let mut position = 0;
        replace(search.named(&found), &mut |replacement| {
            if position == results.len() {
                results.push(String::new());
            }
            if let Some(result) = results.get_mut(position) {
                result.push_str(gap);
                result.push_str(&added(gap, &replacement)?);
            }
            position += 1;
            Ok(())
        })?;
        end = whole.end();
    }
    if results.is_empty() {
        return Ok(vec![value.clone()]);
    }
    let rest = search.text.get(end..).unwrap_or_default();
    Ok(results.into_iter().map(|result| Value::from(result + rest)).collect())
}

fn added(gap: &str, text: &Value<'_>) -> Result<String, String> {
    match text {
        Value::String(text) => Ok(text.as_str().into_owned()),
        other => Err(cannot(&Value::from(gap.to_owned()), other, "added")),
    }
}

fn failed(error: impl std::fmt::Display) -> String {
    format!("the regular expression can't be evaluated: {error}")
}

impl<'t> Search<'t> {
    fn new(
        text: &'t str,
        pattern: &Value<'_>,
        flags: &Value<'_>,
        is_global: bool,
    ) -> Result<Self, String> {
        let (pattern, flags) = match (pattern, flags) {
            // `match(["pattern", "flags"])`
            (Value::Array(both), Value::Null) if (1..=2).contains(&both.len()) => {
                (both.get(0).unwrap_or_default(), both.get(1).unwrap_or_default())
            }
            (pattern, flags) => (pattern.clone(), flags.clone()),
        };
        let pattern = text_to_match(&pattern)?;
        let flags = match &flags {
            Value::Null => Flags::default(),
            Value::String(letters) => Flags::parse(&letters.as_str())?,
            other => return Err(format!("{} is not a string", described(other))),
        };
        let regex = cached(&pattern, flags)?;
        Ok(Self { text, regex, is_global: is_global || flags.has('g') })
    }

    /// The first match, or all matches. An empty match directly after another match counts.
    fn all(&self) -> Result<Vec<Captures<'t, str>>, String> {
        let mut all = Vec::new();
        let mut start = 0;
        while start <= self.text.len() {
            let found = self.regex.captures_from_pos(self.text, start).map_err(failed)?;
            let Some((found, whole)) =
                found.and_then(|found| found.get(0).map(|whole| (found, whole.range())))
            else {
                break;
            };
            start = whole.end;
            if whole.is_empty() {
                start += self.text[whole.end..].chars().next().map_or(1, char::len_utf8);
            }
            all.push(found);
            if !self.is_global {
                break;
            }
        }
        Ok(all)
    }

    fn object<'r>(&self, found: &Captures<'_, str>) -> Value<'r> {
        let whole = found.get(0).map_or(0..0, |whole| whole.range());
        let groups = self.regex.capture_names().enumerate().skip(1).map(|(index, name)| {
            let name = name.map_or(Value::Null, |name| Value::from(name.to_owned()));
            let range = found.get(index).map(|group| group.range());
            members(self.position(range), ("name", name))
        });
        let groups = groups.collect();
        members(self.position(Some(whole)), ("captures", groups))
    }

    /// The offset and length in code points, and the text.
    fn position<'r>(
        &self,
        range: Option<std::ops::Range<usize>>,
    ) -> [(&'static str, Value<'r>); 3] {
        let Some(range) = range else {
            return [
                ("offset", Value::from(-1_i64)),
                ("length", Value::from(0_usize)),
                ("string", Value::Null),
            ];
        };
        let text = &self.text[range.clone()];
        [
            ("offset", Value::from(self.text[..range.start].chars().count())),
            ("length", Value::from(text.chars().count())),
            ("string", Value::from(text.to_owned())),
        ]
    }

    /// The named groups by their names.
    fn named<'r>(&self, found: &Captures<'_, str>) -> Value<'r> {
        let names = self.regex.capture_names().enumerate();
        let groups = names.filter_map(|(index, name)| {
            let text = found.get(index).map(|group| Value::from(group.as_str().to_owned()));
            Some((Text::from(name?.to_owned()), text.unwrap_or_default()))
        });
        Value::from(groups.collect::<Map<'r>>())
    }
}

/// The texts between the matches.
fn parts<'r>(search: &Search<'_>) -> FunctionResult<'r> {
    let part = |part: Option<&str>| Value::from(part.unwrap_or_default().to_owned());
    let mut parts = Vec::new();
    let mut end = 0;
    for found in search.all()? {
        let Some(whole) = found.get(0) else { continue };
        parts.push(part(search.text.get(end..whole.start())));
        end = whole.end();
    }
    parts.push(part(search.text.get(end..)));
    Ok(Value::from(parts))
}

fn members<'r, const N: usize>(
    first: [(&'static str, Value<'r>); N],
    last: (&'static str, Value<'r>),
) -> Value<'r> {
    let all = first.into_iter().chain(std::iter::once(last));
    Value::from(all.map(|(key, value)| (Text::Borrowed(key), value)).collect::<Map<'r>>())
}
