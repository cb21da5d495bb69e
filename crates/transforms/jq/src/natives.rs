//! Functions that jaq lacks or that must behave otherwise here.

use std::cell::Cell;

use jaq_core::data::HasLut;
use jaq_core::native::{Filter, Fun, bome, run, v};
use jaq_core::{Bind, DataT, Lut, RunPtr, ValXs};
use jaq_json::Val;

use crate::bounds::{Guard, guard};
use crate::entries::{from_entries, join};
use crate::removal::{OR_REMOVED, WITHOUT_REMOVED, delete_paths, or_removed, without_removed};
use crate::spine::{WITH, WITHOUT, with, without_field};
use crate::{convert, matching};

/// Functions of jaq that are not offered: they reach out of the expression, or are replaced here.
const NOT_OFFERED: [&str; 17] = [
    "env",
    "halt",
    "debug_empty",
    "stderr_empty",
    "matches",
    "split_matches",
    "split_",
    "fromjson",
    "decode_base64",
    "decode_uri",
    "implode",
    "utf8bytelength",
    "trim",
    "ltrim",
    "rtrim",
    "ltrimstr",
    "rtrimstr",
];
/// Functions of jaq whose arguments the prelude checks, by the name that they have there.
const UNCHECKED: [(&str, &str); 2] = [("limit", "limit_unchecked"), ("skip", "skip_unchecked")];

/// What functions see beside their input.
#[derive(Debug)]
pub(crate) enum Data {}

/// What functions see beside their input, during the work on one record.
#[derive(Clone)]
pub(crate) struct Globals<'a> {
    pub(crate) lut: &'a Lut<Data>,
    /// Whether a mark was put in: if none was, none has to be looked for.
    pub(crate) marked: &'a Cell<bool>,
    pub(crate) guard: &'a Guard,
}

impl DataT for Data {
    type V<'a> = Val;
    type Data<'a> = Globals<'a>;
}

impl<'a> HasLut<'a, Data> for Globals<'a> {
    fn lut(&self) -> &'a Lut<Data> {
        self.lut
    }
}

/// All functions that are not written in jq.
pub(crate) fn functions() -> impl Iterator<Item = Fun<Data>> {
    let all = jaq_core::funs().chain(jaq_std::funs()).chain(jaq_json::funs());
    let offered = all.filter(|(name, ..): &Fun<Data>| !NOT_OFFERED.contains(name));
    let unchecked = jaq_core::funs().filter_map(|(name, arity, native)| {
        let (_, name) = UNCHECKED.iter().find(|(known, _)| *known == name)?;
        Some((*name, arity, native))
    });
    let own = own().into_iter().chain(matching::functions()).chain(convert::functions());
    offered.chain(unchecked).chain(own.map(run::<Data>)).chain([guard()])
}

fn own() -> [Filter<RunPtr<Data>>; 9] {
    [
        (OR_REMOVED, [Bind::Fun(())].into(), or_removed),
        (WITHOUT_REMOVED, v(0), without_removed),
        (WITH, [Bind::Fun(()), Bind::Fun(())].into(), with),
        (WITHOUT, [Bind::Fun(())].into(), without_field),
        ("delpaths", v(1), |mut cv| {
            let paths = cv.0.pop_var();
            bome(delete_paths(cv.1, paths))
        }),
        ("from_entries", v(0), |cv| bome(from_entries(cv.1))),
        ("join", v(1), |mut cv| {
            let separator = cv.0.pop_var();
            bome(join(cv.1, &separator))
        }),
        ("debug_empty", v(0), |cv| log("debug", &cv.1)),
        ("stderr_empty", v(0), |cv| log("stderr", &cv.1)),
    ]
}

fn log<'a>(function: &str, value: &Val) -> ValXs<'a, Val> {
    tracing::debug!(function, %value, "jq");
    Box::new(std::iter::empty())
}
