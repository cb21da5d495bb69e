//! The values that settings have.

use std::str::FromStr;

/// An enum whose values have a text, by which they are read and shown.
macro_rules! choice {
    ($(#[$about:meta])* $name:ident { $($(#[$value_about:meta])* $value:ident = $text:literal),+ $(,)? }) => {
        $(#[$about])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub enum $name { $($(#[$value_about])* $value),+ }

        impl $name {
            /// All values.
            pub const ALL: &'static [Self] = &[$(Self::$value),+];

            /// The value as it is written.
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$value => $text),+ }
            }
        }

        impl FromStr for $name {
            type Err = ();

            fn from_str(text: &str) -> Result<Self, ()> {
                Self::ALL.iter().copied().find(|value| value.as_str() == text).ok_or(())
            }
        }

        impl std::fmt::Display for $name {
            fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                formatter.write_str(self.as_str())
            }
        }
    };
}

choice! {
    /// A vocabulary in which skills can be shown.
    Vendor {
        /// TechWolf's own.
        TechWolf = "techwolf",
        /// Workday's.
        Workday = "workday",
        /// That of the SAP `SuccessFactors` attribute library.
        SapAttributeLibrary = "sap_attribute_library",
    }
}

choice! {
    /// How a mistake in a request is answered.
    Refusal {
        /// 400.
        BadRequest = "400",
        /// 422.
        Unprocessable = "422",
    }
}

choice! {
    /// What a missing `limit` means.
    MissingLimit {
        /// 400.
        BadRequest = "400",
        /// 422.
        Unprocessable = "422",
        /// Ten jobs.
        Ten = "10",
    }
}

choice! {
    /// What a field or parameter that no page names does.
    UnknownField {
        /// 400.
        BadRequest = "400",
        /// 422.
        Unprocessable = "422",
        /// Nothing.
        Ignore = "ignore",
    }
}

choice! {
    /// How a cursor that names nothing is answered.
    UnknownCursor {
        /// 404.
        NotFound = "404",
        /// 400.
        BadRequest = "400",
        /// With the first page.
        Start = "start",
    }
}

choice! {
    /// How a vendor that the tenant has not activated is answered.
    InactiveVendor {
        /// 400.
        BadRequest = "400",
        /// 403.
        Forbidden = "403",
        /// With skills in TechWolf's own words.
        Ignore = "ignore",
    }
}

choice! {
    /// What becomes of a skill that has no counterpart in the vendor's vocabulary.
    UnmappedSkills {
        /// It is left out.
        Drop = "drop",
        /// It keeps TechWolf's id and name.
        Keep = "keep",
        /// It keeps its id, and its name is null.
        Null = "null",
    }
}

choice! {
    /// What becomes of skills of one task that have the same counterpart.
    DuplicateSkills {
        /// They become one.
        Merge = "merge",
        /// Each is shown.
        Repeat = "repeat",
    }
}

choice! {
    /// Whose id a skill in a vendor's words has.
    SkillIds {
        /// The vendor's.
        Vendor = "vendor",
        /// TechWolf's.
        TechWolf = "techwolf",
    }
}

choice! {
    /// Which of several ranked counterparts a skill gets.
    SkillMapping {
        /// The first.
        Primary = "primary",
        /// The first, or one of lower rank that another skill of the profile has.
        Harmonized = "harmonized",
    }
}

choice! {
    /// Whom an export of employees without the filter `is_active` holds.
    UnfilteredEmployees {
        /// Those who left as well.
        All = "all",
        /// Those who are here.
        Active = "active",
    }
}

choice! {
    /// What `last_updated` of a job measures.
    LastUpdated {
        /// The job alone: feedback on its profile is no update of it.
        Job = "job",
        /// Feedback on its profile as well.
        Profile = "profile",
    }
}

choice! {
    /// What a date stands for in the filter `last_updated`.
    DateValue {
        /// The whole day.
        Day = "day",
        /// The moment at which it begins.
        Midnight = "midnight",
    }
}

choice! {
    /// How a member that was asked for and that a task does not have is shown.
    MissingMember {
        /// It is absent.
        Absent = "absent",
        /// It is null.
        Null = "null",
    }
}

choice! {
    /// How a task without any linked skill is shown.
    NoSkills {
        /// With an empty array.
        Empty = "empty",
        /// Without `linked_skills`.
        Absent = "absent",
    }
}

choice! {
    /// How hours are shown.
    WeeklyHours {
        /// As the data has them, fractions and all.
        Exact = "exact",
        /// Rounded to whole hours. A part of an hour is at least 1.
        Whole = "whole",
    }
}

choice! {
    /// How a hierarchy record is laid out.
    HierarchyLayout {
        /// An array under the name of its level: `domains`, `subdomains`, `clusters`, `canonical_tasks`, `tasks`.
        Levels = "levels",
        /// `hierarchy`, an array of nodes with `name`, `level` and `children`.
        Nodes = "nodes",
    }
}

choice! {
    /// Where tasks without a place in the work taxonomy stand in a hierarchy record.
    UnplacedTasks {
        /// In `tasks` beside the tree.
        Beside = "beside",
        /// Nowhere.
        Omit = "omit",
    }
}

choice! {
    /// Whether something works.
    Switch {
        /// It does.
        On = "on",
        /// It does not.
        Off = "off",
    }
}

choice! {
    /// How feedback on a task profile is answered.
    FeedbackAnswer {
        /// 204 without a body.
        NoContent = "204",
        /// 200 with the profile.
        Profile = "200",
    }
}

choice! {
    /// How feedback on a task that the job does not have is answered.
    UnknownTask {
        /// 422.
        Unprocessable = "422",
        /// 404.
        NotFound = "404",
        /// 400.
        BadRequest = "400",
    }
}

choice! {
    /// In which order jobs and job families are listed.
    ListingOrder {
        /// Longest untouched first, then by id.
        LastUpdated = "last_updated",
        /// Oldest first.
        Created = "created",
    }
}

choice! {
    /// What the answer to a request beyond the rate limit says in `Retry-After`.
    RetryAfter {
        /// Seconds.
        Seconds = "seconds",
        /// A date.
        Date = "date",
        /// Nothing: the header is missing.
        None = "none",
    }
}

choice! {
    /// What `aud` has to be in an assertion that a client signs to get a token.
    AssertionAudience {
        /// The token endpoint's URL.
        TokenUrl = "token_url",
        /// The token endpoint's URL with a slash at its end.
        TokenUrlSlash = "token_url_slash",
        /// The sandbox's URL with a slash at its end.
        Issuer = "issuer",
        /// Any of these.
        Any = "any",
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

impl std::fmt::Display for RateLimit {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0 {
            None => formatter.write_str("off"),
            Some(limit) => limit.fmt(formatter),
        }
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

impl std::fmt::Display for Vendors {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let names: Vec<_> = self.0.iter().map(|vendor| vendor.as_str()).collect();
        formatter.write_str(&names.join(","))
    }
}
