//! The values of settings.

use std::fmt;
use std::str::FromStr;

use axum::http::StatusCode;

/// What a setting can be set to.
pub(super) trait Value: FromStr {
    /// The values as the documentation lists them.
    fn allowed() -> String;
}

/// The status that a value names; `None` for a value like `ignore`.
pub(crate) fn status_of(value: impl fmt::Display) -> Option<StatusCode> {
    value.to_string().parse().ok()
}

/// Enums whose variants have a text, by which they are parsed and displayed.
macro_rules! choices {
    ($($(#[$about:meta])* $name:ident { $($variant:ident = $text:literal),+ })+) => {$(
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $(#[doc = concat!("Written `", $text, "`.")] $variant),+ }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$variant),+];

            /// The value as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or(())
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str(self.as_str())
            }
        }

        impl Value for $name {
            fn allowed() -> String {
                list(&[$($text),+], "or")
            }
        }
    )+};
}

/// `a`, `b` and `c`, each in backticks.
fn list(texts: &[&str], conjunction: &str) -> String {
    let quoted: Vec<_> = texts.iter().map(|text| format!("`{text}`")).collect();
    match quoted.split_last() {
        Some((last, others)) if !others.is_empty() => {
            format!("{} {conjunction} {last}", others.join(", "))
        }
        _ => quoted.concat(),
    }
}

choices! {
    /// A vocabulary in which skills can be shown. `SapAttributeLibrary` is the vocabulary of SAP `SuccessFactors`.
    Vendor {
        TechWolf = "techwolf", Workday = "workday", SapAttributeLibrary = "sap_attribute_library"
    }

    /// The status of the response to a request with an error.
    Refusal { BadRequest = "400", Unprocessable = "422" }

    /// What happens if `limit` is missing: an error, or a page of ten jobs.
    MissingLimit { BadRequest = "400", Unprocessable = "422", Ten = "10" }

    /// What happens to an unknown field or parameter.
    UnknownField { BadRequest = "400", Unprocessable = "422", Ignore = "ignore" }

    /// The response to a cursor that names nothing: an error, or the first page.
    UnknownCursor { NotFound = "404", BadRequest = "400", Start = "start" }

    /// The response to a vendor that the tenant has not activated: an error, or skills in TechWolf's vocabulary.
    InactiveVendor { BadRequest = "400", Forbidden = "403", Ignore = "ignore" }

    /// What happens to a skill without a counterpart: it is omitted, keeps TechWolf's id and name, or keeps its id and has
    /// the name `null`.
    UnmappedSkills { Drop = "drop", Keep = "keep", Null = "null" }

    /// What happens to skills of one task with the same counterpart.
    DuplicateSkills { Merge = "merge", Repeat = "repeat" }

    /// Whose id a skill has in a vendor's vocabulary.
    SkillIds { Vendor = "vendor", TechWolf = "techwolf" }

    /// Which of several ranked counterparts a skill gets: always the first, or a lower-ranked one that is the first
    /// counterpart of another skill of the profile.
    SkillMapping { Primary = "primary", Harmonized = "harmonized" }

    /// Which employees an export without the filter `is_active` contains.
    UnfilteredEmployees { All = "all", Active = "active" }

    /// What changes `last_updated` of a job: `Profile` if feedback on its profile does, or `Job` if only the job does.
    LastUpdated { Job = "job", Profile = "profile" }

    /// What a date means in the filter `last_updated`: the whole day, or the instant at which it begins.
    DateValue { Day = "day", Midnight = "midnight" }

    /// How a requested field that the task does not have is shown.
    MissingMember { Absent = "absent", Null = "null" }

    /// How a task without linked skills is shown: with an empty array, or without `linked_skills`.
    NoSkills { Empty = "empty", Absent = "absent" }

    /// How hours are shown: as in the data, or rounded to whole hours, at least 1 for a part of an hour.
    WeeklyHours { Exact = "exact", Whole = "whole" }

    /// The layout of a hierarchy record: arrays named after their level (`domains`, `subdomains`, `clusters`,
    /// `canonical_tasks`, `tasks`), or `hierarchy`, an array of nodes with `name`, `level` and `children`.
    HierarchyLayout { Levels = "levels", Nodes = "nodes" }

    /// Where a hierarchy record holds tasks without a position in the taxonomy: in `tasks` beside the tree, or nowhere.
    UnplacedTasks { Beside = "beside", Omit = "omit" }

    /// Whether a feature is enabled.
    Switch { On = "on", Off = "off" }

    /// The response to feedback on a task profile: 204 without a body, or 200 with the profile.
    FeedbackAnswer { NoContent = "204", Profile = "200" }

    /// The response to feedback on a task that the job does not have.
    UnknownTask { Unprocessable = "422", NotFound = "404", BadRequest = "400" }

    /// The order of jobs and job families in listings: by last update and then by id, or by creation.
    ListingOrder { LastUpdated = "last_updated", Created = "created" }

    /// The format of `Retry-After` in the response to a request beyond the rate limit. `None` omits the header.
    RetryAfter { Seconds = "seconds", Date = "date", None = "none" }

    /// The `aud` that an assertion must have: the URL of the token endpoint, without or with a slash at its end, the URL of
    /// the sandbox with a slash at its end, or any of these.
    AssertionAudience {
        TokenUrl = "token_url", TokenUrlSlash = "token_url_slash", Issuer = "issuer", Any = "any"
    }
}

/// A number of requests a second, or no limit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RateLimit(pub Option<u32>);

impl FromStr for RateLimit {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        if text == "off" {
            return Ok(Self(None));
        }
        let limit = text.parse().ok().filter(|limit| (1..=100_000).contains(limit));
        limit.map(|limit| Self(Some(limit))).ok_or(())
    }
}

impl Value for RateLimit {
    fn allowed() -> String {
        "`off` or a number of requests a second from 1 to 100000".to_owned()
    }
}

/// The vendors that a tenant has activated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vendors(pub Vec<Vendor>);

impl FromStr for Vendors {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let mut vendors: Vec<Vendor> =
            text.split(',').map(|name| name.trim().parse()).collect::<Result<_, _>>()?;
        vendors.sort_unstable();
        vendors.dedup();
        Ok(Self(vendors))
    }
}

impl fmt::Display for Vendors {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let names: Vec<_> = self.0.iter().map(|vendor| vendor.as_str()).collect();
        formatter.write_str(&names.join(","))
    }
}

impl Value for Vendors {
    fn allowed() -> String {
        let names: Vec<_> = Vendor::ALL.iter().map(|vendor| vendor.as_str()).collect();
        format!("a list of {}", list(&names, "and"))
    }
}
