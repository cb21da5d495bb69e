//! Settings for behavior of the API that no public page documents, each with a default and the reason for it.
//!
//! `docs/sandbox.md`, `taskferry sandbox --help` and the parser of `--setting` are made from [`SETTINGS`].

mod choices;

use taskferry_sdk::nearest;

use self::choices::Value;
pub(crate) use self::choices::status_of;
pub use self::choices::{
    AssertionAudience, DateValue, DuplicateSkills, FeedbackAnswer, HierarchyLayout, InactiveVendor,
    LastUpdated, ListingOrder, MissingLimit, MissingMember, NoSkills, RateLimit, Refusal,
    RetryAfter, SkillIds, SkillMapping, Switch, UnfilteredEmployees, UnknownCursor, UnknownField,
    UnknownTask, UnmappedSkills, UnplacedTasks, Vendor, Vendors, WeeklyHours,
};
use crate::SyntaxProblem;

/// A setting as it is documented and parsed from `name=value`.
#[derive(Debug)]
pub struct Setting {
    /// The name before the equals sign.
    pub name: &'static str,
    /// The default value.
    pub default: &'static str,
    /// What is unknown about the API.
    pub unknown: &'static str,
    /// The reason for the default.
    pub reason: &'static str,
    allowed: fn() -> String,
    set: fn(&mut SandboxSettings, &str) -> bool,
}

impl Setting {
    /// The values that the setting accepts, for people to read.
    pub fn values(&self) -> String {
        (self.allowed)()
    }
}

impl SandboxSettings {
    /// Changes one setting, written as `name=value`.
    ///
    /// ```
    /// use taskferry_sandbox::{SandboxSettings, UnknownCursor};
    ///
    /// let mut settings = SandboxSettings::default();
    /// settings.set("unknown_cursor=400")?;
    /// assert_eq!(settings.unknown_cursor, UnknownCursor::BadRequest);
    ///
    /// let problem = settings.set("unknown_curser=400").unwrap_err();
    /// assert_eq!(problem.help, "did you mean `unknown_cursor`?");
    /// # Ok::<(), taskferry_sandbox::SyntaxProblem>(())
    /// ```
    ///
    /// # Errors
    /// There is no such setting, or it does not accept the value.
    pub fn set(&mut self, assignment: &str) -> Result<(), SyntaxProblem> {
        let Some((name, value)) = assignment.split_once('=') else {
            let message = format!("`{assignment}` does not assign a value");
            return Err(SyntaxProblem::new(message, "write `name=value`"));
        };
        let (name, value) = (name.trim(), value.trim());
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            let names = || SETTINGS.iter().map(|setting| setting.name);
            let help = match nearest(name, names()) {
                Some(near) => format!("did you mean `{near}`?"),
                None => format!("the settings are {}", names().collect::<Vec<_>>().join(", ")),
            };
            return Err(SyntaxProblem::new(format!("unknown setting `{name}`"), help));
        };
        if (setting.set)(self, value) {
            return Ok(());
        }
        let message = format!("the setting `{name}` does not accept `{value}`");
        Err(SyntaxProblem::new(message, format!("write {}", setting.values())))
    }
}

/// Defines the struct, its defaults and the table from one list.
macro_rules! settings {
    ($($name:ident: $kind:ty = $default:expr, $text:literal, $unknown:literal, $reason:literal;)+) => {
        /// The behavior of the sandbox where no public page documents the real API.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct SandboxSettings {
            $(#[doc = concat!($unknown, " Default: `", $text, "`, because ", $reason, ".")] pub $name: $kind,)+
        }

        impl Default for SandboxSettings {
            fn default() -> Self {
                Self { $($name: $default),+ }
            }
        }

        /// All settings.
        pub const SETTINGS: &[Setting] = &[$(Setting {
            name: stringify!($name),
            default: $text,
            unknown: $unknown,
            reason: $reason,
            allowed: <$kind as Value>::allowed,
            set: |settings, text| text.parse().map(|value| settings.$name = value).is_ok(),
        }),+];
    };
}

settings! {
    vendors: Vendors = Vendors(Vendor::ALL.to_vec()), "techwolf,workday,sap_attribute_library",
        "The vendors that a tenant has activated.",
        "new users can try all three vocabularies";
    inactive_vendor: InactiveVendor = InactiveVendor::BadRequest, "400",
        "The response to a vendor that is not activated. TechWolf documents only that the request does not work.",
        "400 is the documented status of a request that can't be served as it is";
    unmapped_skills: UnmappedSkills = UnmappedSkills::Drop, "drop",
        "The result for a skill that is not in the vendor's vocabulary.",
        "the vocabulary of a vendor contains only the vendor's skills";
    duplicate_skills: DuplicateSkills = DuplicateSkills::Merge, "merge",
        "Whether a task lists two skills with the same counterpart once or twice.",
        "a repeated skill adds no information";
    skill_ids: SkillIds = SkillIds::Vendor, "vendor",
        "Whether `skill_id` changes with the vocabulary, or only `skill` does.",
        "another export is documented to use the ids of the vocabulary that is enabled";
    skill_mapping: SkillMapping = SkillMapping::Primary, "primary",
        "Whether a skill gets a lower-ranked counterpart that is the best counterpart of another skill of the profile, as in skill profiles.",
        "only skill profiles are documented to be harmonized";
    unknown_cursor: UnknownCursor = UnknownCursor::NotFound, "404",
        "The response to a `starting_after` that does not exist or was deleted.",
        "a lost cursor must not look like the end of the export";
    missing_limit: MissingLimit = MissingLimit::BadRequest, "400",
        "Whether `limit` is required, and the response to a request without it.",
        "it is required in all related exports but one, and 400 is the documented status of a malformed body";
    bad_value: Refusal = Refusal::BadRequest, "400",
        "The response to a value out of range, an unknown enum value or an unknown filter.",
        "400 is the documented status of a malformed body";
    unknown_field: UnknownField = UnknownField::BadRequest, "400",
        "The response to an undocumented field of the body or parameter of the query.",
        "it is most likely a typing error";
    last_updated_filter: Switch = Switch::On, "on",
        "Whether the export of task profiles has the filter `last_updated`, as related exports do.",
        "all related exports of jobs have it";
    last_updated: LastUpdated = LastUpdated::Profile, "profile",
        "Whether `last_updated` of a job changes with feedback on its task profile, or with the job alone.",
        "a client that asks for changes since its last export must not miss decisions";
    date_value: DateValue = DateValue::Day, "day",
        "Whether a date in the filter `last_updated` means the whole day or its first instant, for `eq`, `lte` and `gt`.",
        "`eq` with a date, the documented form, would otherwise match almost nothing";
    unfiltered_employees: UnfilteredEmployees = UnfilteredEmployees::All, "all",
        "Whether an export of employees without the filter `is_active` contains employees who have left.",
        "an absent filter excludes nothing";
    missing_member: MissingMember = MissingMember::Absent, "absent",
        "Whether a field without a value is absent or null. The documentation shows `weekly_hours` absent.",
        "TechWolf's page shows a task without `weekly_hours`";
    no_skills: NoSkills = NoSkills::Empty, "empty",
        "Whether a task without linked skills has an empty array or no array.",
        "jobs without tasks have an empty array as well";
    weekly_hours: WeeklyHours = WeeklyHours::Exact, "exact",
        "Whether hours can be fractions. The documentation shows only whole hours.",
        "a client that can read fractions reads whole hours too";
    hierarchy_layout: HierarchyLayout = HierarchyLayout::Levels, "levels",
        "The keys of a hierarchy record.",
        "they follow the names of the four levels, as keys of other exports do";
    unplaced_tasks: UnplacedTasks = UnplacedTasks::Beside, "beside",
        "The position of a task in a hierarchy record if the task has no position in the taxonomy.",
        "both formats should hold the same tasks";
    single_job_extensions: Switch = Switch::On, "on",
        "Whether the task profile of a single job accepts `linked_skills` and `external_vendor`. TechWolf documents them only \
         for the export, on a newer page.",
        "the page of the export is newer";
    feedback_answer: FeedbackAnswer = FeedbackAnswer::NoContent, "204",
        "The response to feedback on a task profile.",
        "decisions about suggestions are documented to be answered with 204";
    unknown_task: UnknownTask = UnknownTask::Unprocessable, "422",
        "The response to feedback on a task that the job does not have.",
        "the body is well-formed but can't be processed";
    listing_order: ListingOrder = ListingOrder::LastUpdated, "last_updated",
        "The order of jobs and job families in listings.",
        "the listing of employees is documented to be ordered by the last update, then by id";
    rate_limit: RateLimit = RateLimit(None), "off",
        "The maximum requests per second of all clients of a tenant. TechWolf documents only that a limit exists.",
        "the real limit is unknown, and any limit slows tests down";
    retry_after: RetryAfter = RetryAfter::Seconds, "seconds",
        "The format of `Retry-After` in the response to a request beyond the rate limit.",
        "seconds are the most common format";
    assertion_audience: AssertionAudience = AssertionAudience::TokenUrl, "token_url",
        "The `aud` of a private key JWT. TechWolf documents the URL of the token endpoint. Auth0, which operates the endpoint, documents the URL of the server with a final slash.",
        "TechWolf's page names the URL of the token endpoint";
    fault_header: Switch = Switch::On, "on",
        "Not part of the API: whether a request can ask for a fault with the header `X-Sandbox-Fault`.",
        "tests of other clients need it, and a request without the header is not affected";
}
