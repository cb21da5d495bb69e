//! The functions that take regular expressions: `test`, `match`, `capture`, `scan`, `split`, `splits`, `sub` and `gsub`.

use std::sync::Arc;

use fancy_regex::{Captures, Regex};
use jaq_core::box_iter::box_once;
use jaq_core::native::{Filter, bome};
use jaq_core::{Bind, Cv, Error, Exn, RunPtr, ValR, ValXs};
use jaq_json::{Map, Val};

use crate::natives::Data;
use crate::regex::{Flags, compiled};
use crate::value::described;

/// A pattern over a text.
struct Search<'t> {
    text: &'t str,
    regex: Arc<Regex>,
    is_global: bool,
}

/// The functions by name.
pub(crate) fn functions() -> [Filter<RunPtr<Data>>; 8] {
    let two = || [Bind::Var(()), Bind::Var(())].into();
    let three = || [Bind::Var(()), Bind::Fun(()), Bind::Var(())].into();
    [
        ("test", two(), |cv| {
            one(cv, false, |search| {
                search.regex.is_match(search.text).map(Val::from).map_err(failed)
            })
        }),
        ("match", two(), |cv| many(cv, false, |search, found| Ok(search.object(found)))),
        ("capture", two(), |cv| many(cv, false, |search, found| Ok(search.named(found)))),
        ("scan", two(), |cv| many(cv, true, |search, found| Ok(search.texts(found)))),
        ("split", two(), |cv| one(cv, true, |search| Ok(search.parts()?.into_iter().collect()))),
        ("splits", two(), |cv| {
            #[expect(
                clippy::redundant_closure_for_method_calls,
                reason = "the method alone is not general enough"
            )]
            results(with_search(cv, true, |search| search.parts()))
        }),
        ("sub", three(), |cv| substitute(cv, false)),
        ("gsub", three(), |cv| substitute(cv, true)),
    ]
}

fn one(
    cv: Cv<'_, Data>,
    is_global: bool,
    value: impl FnOnce(&Search<'_>) -> ValR<Val>,
) -> ValXs<'_, Val> {
    bome(with_search(cv, is_global, value))
}

fn many(
    cv: Cv<'_, Data>,
    is_global: bool,
    value: impl Fn(&Search<'_>, &Captures<'_, str>) -> ValR<Val>,
) -> ValXs<'_, Val> {
    results(with_search(cv, is_global, |search| {
        search.all()?.iter().map(|found| value(search, found)).collect()
    }))
}

fn results<'a>(values: Result<Vec<Val>, Error<Val>>) -> ValXs<'a, Val> {
    match values {
        Ok(values) => Box::new(values.into_iter().map(Ok)),
        Err(error) => box_once(Err(Exn::from(error))),
    }
}

/// Takes the pattern and its flags from the arguments, and the text from the input.
fn with_search<T>(
    (mut context, input): Cv<'_, Data>,
    is_global: bool,
    run: impl FnOnce(&Search<'_>) -> Result<T, Error<Val>>,
) -> Result<T, Error<Val>> {
    let flags = context.pop_var();
    let pattern = context.pop_var();
    run(&Search::new(&input, pattern, flags, is_global)?)
}

/// `sub` and `gsub`: the n-th result has the n-th replacement of every match.
fn substitute((mut context, input): Cv<'_, Data>, is_global: bool) -> ValXs<'_, Val> {
    let flags = context.pop_var();
    let (replacement, outside) = context.pop_fun();
    let pattern = context.pop_var();
    let replaced = || -> Result<Vec<String>, Exn<'_, Val>> {
        let search = Search::new(&input, pattern, flags, is_global)?;
        let mut results: Vec<String> = Vec::new();
        let mut end = 0;
        for found in search.all()? {
            let Some(whole) = found.get(0) else { continue };
            let gap = search.text.get(end..whole.start()).unwrap_or_default();
            let texts = replacement.run((outside.clone(), search.named(&found)));
            for (place, text) in texts.enumerate() {
                if place == results.len() {
                    results.push(String::new());
                }
                results[place].push_str(gap);
                results[place].push_str(added(gap, &text?)?.as_str());
            }
            end = whole.end();
        }
        let rest = search.text.get(end..).unwrap_or_default();
        for result in &mut results {
            result.push_str(rest);
        }
        Ok(results)
    };
    match replaced() {
        Ok(results) if results.is_empty() => box_once(Ok(input)),
        Ok(results) => Box::new(results.into_iter().map(|text| Ok(Val::utf8_str(text)))),
        Err(error) => box_once(Err(error)),
    }
}

fn added(gap: &str, text: &Val) -> ValR<String, Val> {
    match text {
        Val::TStr(bytes) => Ok(String::from_utf8_lossy(bytes).into_owned()),
        other => {
            let gap = described(&Val::utf8_str(gap.to_owned()));
            Err(Error::str(format!("{gap} and {} cannot be added", described(other))))
        }
    }
}

fn failed(error: impl std::fmt::Display) -> Error<Val> {
    Error::str(format!("the regular expression gave up: {error}"))
}

impl<'t> Search<'t> {
    fn new(input: &'t Val, pattern: Val, flags: Val, is_global: bool) -> Result<Self, Error<Val>> {
        let (pattern, flags) = match (pattern, flags) {
            // `match(["pattern", "flags"])`
            (Val::Arr(both), Val::Null) if (1..=2).contains(&both.len()) => {
                (both[0].clone(), both.get(1).cloned().unwrap_or_default())
            }
            other => other,
        };
        let no_match = || format!("{} cannot be matched, as it is not a string", described(input));
        let text = text_of(input).ok_or_else(|| Error::str(no_match()))?;
        let no_pattern =
            || format!("{} cannot be matched, as it is not a string", described(&pattern));
        let pattern = text_of(&pattern).ok_or_else(|| Error::str(no_pattern()))?;
        let flags = match &flags {
            Val::Null => Flags::default(),
            flags => {
                let letters = text_of(flags)
                    .ok_or_else(|| Error::str(format!("{} is not a string", described(flags))))?;
                Flags::parse(letters).map_err(Error::str)?
            }
        };
        let regex = compiled(pattern, flags).map_err(Error::str)?;
        Ok(Self { text, regex, is_global: is_global || flags.global })
    }

    /// The match, or all of them. What begins where the one before ended counts too, also if it is empty.
    fn all(&self) -> Result<Vec<Captures<'t, str>>, Error<Val>> {
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

    fn object(&self, found: &Captures<'t, str>) -> Val {
        let whole = found.get(0).map_or(0..0, |whole| whole.range());
        let groups = self.regex.capture_names().enumerate().skip(1).map(|(index, name)| {
            let name = name.map_or(Val::Null, |name| Val::utf8_str(name.to_owned()));
            let range = found.get(index).map(|group| group.range());
            members(self.place(range), ("name", name))
        });
        let groups = groups.collect();
        members(self.place(Some(whole)), ("captures", groups))
    }

    /// Offset and length in code points, and the text.
    fn place(&self, range: Option<std::ops::Range<usize>>) -> [(&'static str, Val); 3] {
        let Some(range) = range else {
            return [
                ("offset", Val::from(-1_isize)),
                ("length", Val::from(0_usize)),
                ("string", Val::Null),
            ];
        };
        let text = &self.text[range.clone()];
        [
            ("offset", Val::from(self.text[..range.start].chars().count())),
            ("length", Val::from(text.chars().count())),
            ("string", Val::utf8_str(text.to_owned())),
        ]
    }

    /// The named groups by their names.
    fn named(&self, found: &Captures<'t, str>) -> Val {
        let names = self.regex.capture_names().enumerate();
        let groups = names.filter_map(|(index, name)| Some((name?, group(found, index))));
        Val::obj(groups.map(|(name, text)| (Val::utf8_str(name.to_owned()), text)).collect())
    }

    /// The texts of the groups, or of the whole if there are none.
    fn texts(&self, found: &Captures<'t, str>) -> Val {
        match self.regex.captures_len() {
            0 | 1 => group(found, 0),
            groups => (1..groups).map(|index| group(found, index)).collect(),
        }
    }

    /// What stands between the matches.
    fn parts(&self) -> Result<Vec<Val>, Error<Val>> {
        let mut parts = Vec::new();
        let mut end = 0;
        for found in self.all()? {
            let Some(whole) = found.get(0) else { continue };
            parts.push(Val::utf8_str(
                self.text.get(end..whole.start()).unwrap_or_default().to_owned(),
            ));
            end = whole.end();
        }
        parts.push(Val::utf8_str(self.text.get(end..).unwrap_or_default().to_owned()));
        Ok(parts)
    }
}

fn text_of(value: &Val) -> Option<&str> {
    match value {
        Val::TStr(bytes) => std::str::from_utf8(bytes).ok(),
        _ => None,
    }
}

fn group(found: &Captures<'_, str>, index: usize) -> Val {
    found.get(index).map_or(Val::Null, |group| Val::utf8_str(group.as_str().to_owned()))
}

fn members<const N: usize>(first: [(&'static str, Val); N], last: (&'static str, Val)) -> Val {
    let all = first.into_iter().chain(std::iter::once(last));
    Val::obj(all.map(|(key, value)| (Val::utf8_str(key), value)).collect::<Map>())
}
