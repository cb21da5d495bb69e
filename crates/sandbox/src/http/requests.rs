//! Queries and bodies of requests. Their JSON Schemas describe the endpoints and validate requests.

use std::collections::BTreeSet;
use std::ops::Range;

use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{Deserializer, Error};
use serde_json::Number;

use super::request_errors::whole_number;
use crate::record::{Expansion, ResponseFormat};
use crate::settings::{DateValue, SandboxSettings, UnfilteredEmployees};
use crate::store::{Conditions, Decision};
use crate::timestamp;

/// The query of an export.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct ExportQuery {
    /// The format of the profiles.
    pub(super) response_format: ResponseFormat,
    /// The vocabulary of the skills. Only vendors that are activated on the tenant are accepted; this list shows
    /// the vendors of the tenant in the example token request.
    #[schemars(with = "String", extend("default" = "techwolf"))]
    pub(super) external_vendor: Option<String>,
}

/// The query of a single profile.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct ProfileQuery {
    /// Attributes to add to the tasks. Repeat the parameter for each attribute.
    pub(super) include: Vec<Expansion>,
    /// The format of the profile.
    pub(super) response_format: ResponseFormat,
    /// The vocabulary of the skills. Only vendors that are activated on the tenant are accepted; this list shows
    /// the vendors of the tenant in the example token request.
    #[schemars(with = "String", extend("default" = "techwolf"))]
    pub(super) external_vendor: Option<String>,
}

/// The query of a listing.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(default)]
pub(crate) struct ListingQuery {
    /// Entries per page.
    #[schemars(range(min = 1, max = 200))]
    pub(super) limit: u64,
    /// Entries before the page.
    #[schemars(range(max = i64::MAX))]
    pub(super) offset: u64,
}

impl Default for ListingQuery {
    fn default() -> Self {
        Self { limit: 100, offset: 0 }
    }
}

/// The query of an endpoint that takes no parameters.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct EmptyQuery {}

/// The body of an export.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct ExportBody {
    /// Profiles per page.
    #[schemars(with = "u32", range(min = 1, max = 100), extend("examples" = [10]))]
    #[serde(deserialize_with = "whole")]
    pub(super) limit: usize,
    /// The `external_id` of the last profile of the preceding page. Omit it in the first request.
    #[schemars(with = "String", length(min = 1, max = 100), extend("examples" = ["job-id-9"]))]
    #[serde(default)]
    pub(super) starting_after: Option<String>,
    /// Attributes to add to the tasks; `rejected_tasks` adds tasks.
    #[serde(default)]
    pub(super) include: Vec<Expansion>,
    /// Conditions that every exported profile meets.
    #[schemars(length(max = 20))]
    #[serde(default)]
    pub(super) filters: Vec<Filter>,
}

/// A condition on exported profiles.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(tag = "filter", rename_all = "snake_case")]
#[schemars(inline)]
pub(super) enum Filter {
    /// The job belongs to one of these families.
    JobFamilyIdIsInList {
        #[schemars(with = "Vec<String>", length(max = 1000))]
        job_family_ids: BTreeSet<String>,
    },
    /// The job was last updated before, at or after a date or a timestamp.
    LastUpdated {
        #[schemars(with = "String", extend(
            "anyOf" = [{"format": "date"}, {"format": "date-time"}],
            "examples" = ["2022-01-01", "2021-01-21T17:32:28Z"],
        ))]
        #[serde(deserialize_with = "time_range")]
        value: Range<i64>,
        operator: Operator,
    },
    /// The employee is active, or has left.
    IsActive { is_active: bool },
}

/// A comparison. `lt` is documented for `last_updated`, the others for filters of other endpoints.
#[derive(Debug, Clone, Copy, Deserialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
#[schemars(inline)]
pub(super) enum Operator {
    Eq,
    Lt,
    Lte,
    Gt,
    Gte,
}

/// Feedback on the tasks of a job. The shape of the body is not public, so its keys are the keys of profiles.
#[derive(Debug, Deserialize, JsonSchema)]
pub(crate) struct Feedback {
    /// The decisions, one per task.
    #[schemars(length(min = 1, max = 100))]
    pub(super) tasks: Vec<TaskDecision>,
}

/// The decision about a task.
#[derive(Debug, Deserialize, JsonSchema)]
#[schemars(inline)]
pub(super) struct TaskDecision {
    /// The task.
    #[schemars(length(min = 1, max = 100))]
    pub(super) task_id: String,
    /// The decision.
    pub(super) validation_state: Decision,
}

/// Accepts `10.0` as well as `10`: both are integers in JSON Schema.
fn whole<'de, D: Deserializer<'de>>(deserializer: D) -> Result<usize, D::Error> {
    let number = Number::deserialize(deserializer)?;
    let whole = whole_number(&number).and_then(|number| usize::try_from(number).ok());
    whole.ok_or_else(|| D::Error::custom("not a whole number"))
}

fn time_range<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Range<i64>, D::Error> {
    let text = String::deserialize(deserializer)?;
    timestamp::parse(&text).ok_or_else(|| D::Error::custom("neither a date nor a timestamp"))
}

impl Filter {
    /// Combines the filters: a profile must meet all of them.
    pub(super) fn conditions(filters: Vec<Self>, settings: &SandboxSettings) -> Conditions {
        let mut conditions = Conditions::default();
        let names_activity = filters.iter().any(|filter| matches!(filter, Self::IsActive { .. }));
        if settings.unfiltered_employees == UnfilteredEmployees::Active && !names_activity {
            conditions.inactive = false;
        }
        for filter in filters {
            match filter {
                Self::JobFamilyIdIsInList { job_family_ids: families } => {
                    conditions.families = Some(match conditions.families.take() {
                        None => families,
                        Some(before) => before.intersection(&families).cloned().collect(),
                    });
                }
                Self::LastUpdated { value: Range { start, end }, operator } => {
                    let end = match settings.date_value {
                        DateValue::Day => end,
                        DateValue::Midnight => start.saturating_add(1),
                    };
                    let (from, until) = match operator {
                        Operator::Eq => (start, end),
                        Operator::Lt => (i64::MIN, start),
                        Operator::Lte => (i64::MIN, end),
                        Operator::Gt => (end, i64::MAX),
                        Operator::Gte => (start, i64::MAX),
                    };
                    conditions.updated_from = conditions.updated_from.max(from);
                    conditions.updated_until = conditions.updated_until.min(until);
                }
                Self::IsActive { is_active: true } => conditions.inactive = false,
                Self::IsActive { is_active: false } => conditions.active = false,
            }
        }
        conditions
    }
}
