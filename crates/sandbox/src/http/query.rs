//! Reading the query of a request.

use std::collections::BTreeSet;

use axum::extract::Query;
use axum::http::{StatusCode, Uri};

use super::mistakes::Mistakes;
use crate::quote::shortened;
use crate::record::{Expansion, ResponseFormat};
use crate::settings::{InactiveVendor, Vendor, Vendors};

/// The parameters that nobody has asked for yet.
pub(super) struct Parameters(Vec<(String, String)>);

impl Parameters {
    pub(super) fn of(uri: &Uri, mistakes: &mut Mistakes<'_>) -> Self {
        let Ok(Query(pairs)) = Query::try_from_uri(uri) else {
            mistakes.malformed("the query can't be read: send `name=value` pairs");
            return Self(Vec::new());
        };
        Self(pairs)
    }

    /// All values of a parameter that may stand there several times.
    pub(super) fn all(&mut self, name: &str) -> Vec<String> {
        self.0.extract_if(.., |(key, _)| key == name).map(|(_, value)| value).collect()
    }

    /// The value of a parameter that may stand there once.
    pub(super) fn one(&mut self, name: &str, mistakes: &mut Mistakes<'_>) -> Option<String> {
        let mut values = self.all(name);
        if values.len() > 1 {
            mistakes.bad_value(format!("`{name}` stands in the query more than once"));
        }
        values.pop()
    }

    /// Says of all that is left that it is not known.
    pub(super) fn finish(self, mistakes: &mut Mistakes<'_>) {
        let names: BTreeSet<String> = self.0.into_iter().map(|(name, _)| name).collect();
        // Any number of them may stand in the query; a few make the point.
        for name in names.iter().take(5) {
            let name = shortened(name);
            mistakes.unknown_field(format!("`{name}`: there is no such parameter in the query"));
        }
    }

    pub(super) fn response_format(&mut self, mistakes: &mut Mistakes<'_>) -> ResponseFormat {
        const NAME: &str = "response_format";
        let Some(text) = self.one(NAME, mistakes) else { return ResponseFormat::default() };
        let known = ResponseFormat::ALL.into_iter().find(|format| format.as_str() == text);
        known.unwrap_or_else(|| {
            let shown = shortened(&text);
            mistakes.bad_value(format!("`{NAME}`: `{shown}` is not one of list, hierarchy"));
            ResponseFormat::default()
        })
    }

    /// The vendor whose words are asked for, one of those that are active.
    pub(super) fn external_vendor(
        &mut self,
        active: &Vendors,
        mistakes: &mut Mistakes<'_>,
    ) -> Vendor {
        const NAME: &str = "external_vendor";
        // Left out, it is TechWolf, who may not be active either.
        let text = self.one(NAME, mistakes);
        let text = text.unwrap_or_else(|| Vendor::TechWolf.as_str().to_owned());
        let Ok(vendor) = text.parse::<Vendor>() else {
            let known: Vec<_> = Vendor::ALL.iter().map(|vendor| vendor.as_str()).collect();
            let (shown, known) = (shortened(&text), known.join(", "));
            mistakes.bad_value(format!("`{NAME}`: `{shown}` is not one of {known}"));
            return Vendor::TechWolf;
        };
        if active.0.contains(&vendor) {
            return vendor;
        }
        let description = format!(
            "`{NAME}`: `{vendor}` is not activated on this tenant, only {active} can be asked for"
        );
        match mistakes.settings.inactive_vendor {
            InactiveVendor::BadRequest => mistakes.add(StatusCode::BAD_REQUEST, description),
            InactiveVendor::Forbidden => mistakes.add(StatusCode::FORBIDDEN, description),
            InactiveVendor::Ignore => {}
        }
        Vendor::TechWolf
    }

    /// `include`, which stands in the query once for each value.
    pub(super) fn include(
        &mut self,
        allowed: &[Expansion],
        mistakes: &mut Mistakes<'_>,
    ) -> Vec<Expansion> {
        let names = self.all("include");
        read_include(&names.iter().map(String::as_str), allowed, mistakes)
    }

    /// A whole number from `least` to `most`.
    pub(super) fn number(
        &mut self,
        name: &str,
        (least, most): (u64, u64),
        default: u64,
        mistakes: &mut Mistakes<'_>,
    ) -> u64 {
        let Some(text) = self.one(name, mistakes) else { return default };
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        let number = digits.then(|| text.parse().ok()).flatten();
        number.filter(|number| (least..=most).contains(number)).unwrap_or_else(|| {
            let shown = shortened(&text);
            mistakes.bad_value(format!(
                "`{name}` must be a whole number from {least} to {most}; it is `{shown}`"
            ));
            default
        })
    }
}

/// The expansions of these names, in the order of the API's page.
pub(super) fn read_include<'a>(
    names: &(impl Iterator<Item = &'a str> + Clone),
    allowed: &[Expansion],
    mistakes: &mut Mistakes<'_>,
) -> Vec<Expansion> {
    let unknown: BTreeSet<&str> =
        names.clone().filter(|name| allowed.iter().all(|known| known.as_str() != *name)).collect();
    let known: Vec<_> = allowed.iter().map(|known| known.as_str()).collect();
    // Any number of them may be there; a few make the point.
    for name in unknown.iter().take(5) {
        let (name, known) = (shortened(name), known.join(", "));
        mistakes.bad_value(format!("`include`: `{name}` is not one of {known}"));
    }
    allowed
        .iter()
        .copied()
        .filter(|known| names.clone().any(|name| name == known.as_str()))
        .collect()
}
