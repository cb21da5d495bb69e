//! What no public page says about the API, as settings: each with the choice the sandbox makes unless told otherwise,
//! and why.
//!
//! The documentation, `taskferry sandbox --help` and the reading of `--setting` are all made from [`SETTINGS`].

mod choices;

pub use choices::*;

use taskferry_sdk::nearest;

/// A setting as it is documented and read from `name=value`.
#[derive(Debug)]
pub struct Setting {
    /// What stands before the equals sign.
    pub name: &'static str,
    /// What may stand behind it, for people to read.
    pub values: &'static str,
    /// What holds when nothing is said.
    pub default: &'static str,
    /// What is unknown about the API.
    pub unknown: &'static str,
    /// Why the default is what it is.
    pub reason: &'static str,
    set: fn(&mut SandboxSettings, &str) -> bool,
    get: fn(&SandboxSettings) -> String,
}

impl Setting {
    /// The setting's value in `settings`, as it is written.
    pub fn value(&self, settings: &SandboxSettings) -> String {
        (self.get)(settings)
    }
}

/// A mistake in `name=value`.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}; {help}")]
pub struct SettingProblem {
    /// What is wrong, in lower case, without a full stop.
    pub message: String,
    /// What to write instead.
    pub help: String,
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
    /// # Ok::<(), taskferry_sandbox::SettingProblem>(())
    /// ```
    ///
    /// # Errors
    /// There is no such setting, or it has no such value.
    pub fn set(&mut self, assignment: &str) -> Result<(), SettingProblem> {
        let problem = |message, help| Err(SettingProblem { message, help });
        let Some((name, value)) = assignment.split_once('=') else {
            let message = format!("`{assignment}` is no setting");
            return problem(message, "write `name=value`".to_owned());
        };
        let (name, value) = (name.trim(), value.trim());
        let Some(setting) = SETTINGS.iter().find(|setting| setting.name == name) else {
            return problem(format!("unknown setting `{name}`"), nearest_setting(name));
        };
        if (setting.set)(self, value) {
            return Ok(());
        }
        let message = format!("`{value}` is no value of the setting `{name}`");
        problem(message, format!("write {}", setting.values))
    }
}

fn nearest_setting(name: &str) -> String {
    let names = || SETTINGS.iter().map(|setting| setting.name);
    match nearest(name, names()) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the settings are {}", names().collect::<Vec<_>>().join(", ")),
    }
}

/// The struct, its defaults, and the table, from one list.
macro_rules! settings {
    ($($name:ident: $kind:ty = $default:expr, $text:literal, $values:literal, $unknown:literal, $reason:literal;)+) => {
        /// How the sandbox behaves where the real API's behaviour is not public.
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
            values: $values,
            default: $text,
            unknown: $unknown,
            reason: $reason,
            set: |settings, text| {
                text.parse().map(|value| settings.$name = value).is_ok()
            },
            get: |settings| settings.$name.to_string(),
        }),+];
    };
}

settings! {
    vendors: Vendors = Vendors(Vendor::ALL.to_vec()), "techwolf,workday,sap_attribute_library",
        "a list of `techwolf`, `workday` and `sap_attribute_library`",
        "Which vendors a tenant has activated differs from tenant to tenant.",
        "a newcomer wants to see all three";
    inactive_vendor: InactiveVendor = InactiveVendor::BadRequest, "400", "`400`, `403` or `ignore`",
        "How a vendor that is not activated is answered: the page says only that it does not work.",
        "400 is the documented code for a request that can't be served as it is";
    unmapped_skills: UnmappedSkills = UnmappedSkills::Drop, "drop", "`drop`, `keep` or `null`",
        "What becomes of a skill that the vendor's vocabulary does not have.",
        "a vendor's view can show only what the vendor has";
    duplicate_skills: DuplicateSkills = DuplicateSkills::Merge, "merge", "`merge` or `repeat`",
        "Whether two skills of a task that are one for the vendor are shown once or twice.",
        "a list of skills that names one twice is of use to nobody";
    skill_ids: SkillIds = SkillIds::Vendor, "vendor", "`vendor` or `techwolf`",
        "Whether `skill_id` changes with the vocabulary, or only `skill` does.",
        "another export is documented to use the ids of the vocabulary that is enabled";
    skill_mapping: SkillMapping = SkillMapping::Primary, "primary", "`primary` or `harmonized`",
        "Whether task profiles are harmonized as skill profiles are, so that a second-best counterpart is taken where \
         another skill of the profile has it already.",
        "the first counterpart is what everyone expects, and only skill profiles are documented to differ";
    unknown_cursor: UnknownCursor = UnknownCursor::NotFound, "404", "`404`, `400` or `start`",
        "How a `starting_after` that names nothing, or something deleted, is answered.",
        "a cursor that got lost must not look like the end of the export";
    missing_limit: MissingLimit = MissingLimit::BadRequest, "400", "`400`, `422` or `10`",
        "Whether `limit` is required, and how a request without it is answered.",
        "it is required in all sibling exports but one, and 400 is the documented code for a badly structured body";
    bad_value: Refusal = Refusal::BadRequest, "400", "`400` or `422`",
        "How a value out of range, an unknown enum value or an unknown filter is answered.",
        "400 is the documented code for a badly structured body";
    unknown_field: UnknownField = UnknownField::BadRequest, "400", "`400`, `422` or `ignore`",
        "How a field of the body or a parameter of the query that no page names is answered.",
        "it is most likely a typing error";
    last_updated_filter: Switch = Switch::On, "on", "`on` or `off`",
        "Whether the export of task profiles has the filter `last_updated`, which is documented for its siblings.",
        "all sibling exports of jobs have it";
    last_updated: LastUpdated = LastUpdated::Profile, "profile", "`job` or `profile`",
        "What `last_updated` of a job measures: changes of the job alone, or feedback on its task profile as well.",
        "a client that asks for what has changed since last time must not miss decisions";
    date_value: DateValue = DateValue::Day, "day", "`day` or `midnight`",
        "Whether a date in the filter `last_updated` stands for its whole day, which makes a difference for `eq`, `lte` \
         and `gt`.",
        "nothing else would make `eq` with a date, which is the form that is seen, of any use";
    unfiltered_employees: UnfilteredEmployees = UnfilteredEmployees::All, "all", "`all` or `active`",
        "Whom an export of employees without the filter `is_active` holds: all, or those who have not left.",
        "a filter that is not there narrows nothing";
    missing_member: MissingMember = MissingMember::Absent, "absent", "`absent` or `null`",
        "Whether a member that a task does not have is absent or null; absent is seen for `weekly_hours`.",
        "it is what the page shows";
    no_skills: NoSkills = NoSkills::Empty, "empty", "`empty` or `absent`",
        "Whether a task without linked skills has an empty array or none.",
        "jobs without tasks have an empty array as well";
    weekly_hours: WeeklyHours = WeeklyHours::Exact, "exact", "`exact` or `whole`",
        "Whether hours can be fractions; whole ones are seen.",
        "a client that can read fractions reads whole hours too";
    hierarchy_layout: HierarchyLayout = HierarchyLayout::Levels, "levels", "`levels` or `nodes`",
        "The keys of a hierarchy record.",
        "they follow the names of the four levels, as keys of other exports do";
    unplaced_tasks: UnplacedTasks = UnplacedTasks::Beside, "beside", "`beside` or `omit`",
        "Where a task that is not placed in the taxonomy stands in a hierarchy record.",
        "both formats should hold the same tasks";
    single_job_extensions: Switch = Switch::On, "on", "`on` or `off`",
        "Whether a single job's task profile takes `linked_skills` and `external_vendor`; a stored page, older than the \
         export's, does not name them.",
        "the export got both after that page was stored";
    feedback_answer: FeedbackAnswer = FeedbackAnswer::NoContent, "204", "`204` or `200`",
        "How feedback on a task profile is answered.",
        "decisions about suggestions are documented to be answered with 204";
    unknown_task: UnknownTask = UnknownTask::Unprocessable, "422", "`422`, `404` or `400`",
        "How feedback on a task that the job does not have is answered.",
        "the body is structured correctly but can't be acted on";
    listing_order: ListingOrder = ListingOrder::LastUpdated, "last_updated", "`last_updated` or `created`",
        "The order of jobs and job families in listings.",
        "the listing of employees is documented to be ordered by the last update, then by id";
    rate_limit: RateLimit = RateLimit(None), "off", "`off` or a number of requests a second from 1 to 100000",
        "How many requests a second a tenant's clients may send together; that there is a limit is seen.",
        "a limit that is not the real one would only slow tests down";
    retry_after: RetryAfter = RetryAfter::Seconds, "seconds", "`seconds`, `date` or `none`",
        "What the answer to a request beyond the rate limit says about when to try again.",
        "seconds are the most usual form";
    assertion_audience: AssertionAudience = AssertionAudience::TokenUrl, "token_url",
        "`token_url`, `token_url_slash`, `issuer` or `any`",
        "What `aud` is in a private key JWT: TechWolf's page names the token endpoint's URL, that of Auth0, who run the \
         endpoint, the server's URL with a slash at its end.",
        "it is what TechWolf's own page says";
    fault_header: Switch = Switch::On, "on", "`on` or `off`",
        "No part of the API: whether a request can ask for a fault by the header `X-Sandbox-Fault`.",
        "tests of other clients need it, and a request without the header is not touched";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_are_those_of_the_table() {
        for setting in SETTINGS {
            assert_eq!(setting.value(&SandboxSettings::default()), setting.default);
            let mut settings = SandboxSettings::default();
            settings.set(&format!("{}={}", setting.name, setting.default)).unwrap();
            assert_eq!(settings, SandboxSettings::default(), "{}", setting.name);
        }
    }

    #[test]
    fn every_value_that_is_named_is_taken() {
        for setting in SETTINGS {
            let named = setting.values.split('`').skip(1).step_by(2);
            for value in named {
                let mut settings = SandboxSettings::default();
                settings.set(&format!("{}={value}", setting.name)).unwrap();
                assert_eq!(setting.value(&settings), value);
            }
        }
    }

    #[test]
    fn a_mistake_is_told_with_what_to_write() {
        let told = |text: &str| SandboxSettings::default().set(text).unwrap_err().to_string();
        assert_eq!(
            told("unkown_cursor=404"),
            "unknown setting `unkown_cursor`; did you mean `unknown_cursor`?"
        );
        assert_eq!(
            told("Missing-Limit=400"),
            "unknown setting `Missing-Limit`; did you mean `missing_limit`?"
        );
        assert_eq!(
            told("unknown_cursor=405"),
            "`405` is no value of the setting `unknown_cursor`; write `404`, `400` or `start`"
        );
        assert_eq!(told("unknown_cursor"), "`unknown_cursor` is no setting; write `name=value`");
        assert!(told("colour=red").contains("the settings are vendors, inactive_vendor"));
        assert!(told("vendors=workday,oracle").contains("a list of `techwolf`"));
        assert!(told("rate_limit=0").contains("a number of requests a second"));
    }
}
