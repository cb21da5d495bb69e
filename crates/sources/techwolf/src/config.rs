//! The options of `type = "techwolf"`.

use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskferry_http::ConnectionOptions;
use taskferry_retry::RetryOptions;
use taskferry_sdk::{ByteCount, Duration, Secret};

/// Reads the task profiles of all jobs or employees of a TechWolf tenant, page by page.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TechWolfOptions {
    /// The address of the tenant's API without the path of the export, for example
    /// `https://{tenant}.{region}.techwolf.ai`. `sandbox:` starts a sandbox inside this process, and needs no `auth`.
    #[schemars(extend("x-sandbox" = "sandbox:"))]
    pub url: String,
    /// Exports the task profiles of jobs or of employees. Rows contain the id as `job_external_id` or
    /// `employee_external_id`.
    #[serde(default)]
    pub subject: ExportSubject,
    /// The layout of tasks within a record: one `tasks` list, or the tree of domains, subdomains, clusters and canonical
    /// tasks.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true))]
    pub response_format: ResponseFormat,
    /// The vocabulary of skill names. Other vendors than `techwolf` must be activated for the tenant.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true))]
    pub external_vendor: ExternalVendor,
    /// The number of records per page. After a timeout, the source requests half as many records, down to one. After several
    /// pages without a timeout, the number grows again.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 100), extend("x-same-jobs" = true, "x-same-records" = true))]
    pub limit: u32,
    /// Optional fields of tasks, in addition to id, name and state.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true))]
    pub include: Vec<Include>,
    /// Conditions that every exported job or employee meets. If the tenant lists its job families, a warning names unknown
    /// families.
    #[serde(default)]
    pub filters: Vec<FilterOptions>,
    /// The number of pages to request at the same time. More than one page needs `partition`, or the cursors that an earlier run
    /// of the same listing has saved. The records and their order do not change. All requests share one token and one
    /// `rate_limit`. See "Reading in parallel" in `docs/running.md`.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 32), extend("x-same-output" = true))]
    pub concurrency: u32,
    /// Divides the listing of jobs into parts, and reads `concurrency` parts at the same time, one page of each part in turn. A
    /// partition neither needs nor saves cursors. Jobs outside the parts are not exported. A job in two parts is an error.
    pub partition: Option<PartitionOptions>,
    /// Credentials. Required unless `url` is `sandbox:`.
    #[schemars(extend("x-sandbox" = null))]
    pub auth: Option<AuthOptions>,
    /// The maximum number of page requests per second, including retries, for example 2 or 0.5. Requests for tokens do
    /// not count. Unlimited by default. A `Retry-After` of the server always applies.
    #[schemars(range(min = 0.001, max = 1000), extend("x-same-jobs" = true, "x-same-records" = true))]
    pub rate_limit: Option<f64>,
    /// The time limit of one request, from connecting to the last byte of the response.
    #[serde(default = "two_minutes")]
    #[schemars(extend("x-same-jobs" = true, "x-same-records" = true))]
    pub timeout: Duration,
    /// The size limit of one response after decompression.
    #[serde(default = "sixty_four_mebibytes")]
    #[schemars(extend("x-same-jobs" = true, "x-same-records" = true))]
    pub max_page_bytes: ByteCount,
    /// Connections to the API and to the token endpoint.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true, "x-same-records" = true, "x-sandbox" = null))]
    pub connection: ConnectionOptions,
    /// Retries of failed requests.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true, "x-same-records" = true))]
    pub retry: RetryOptions,
}

fn hundred() -> u32 {
    100
}

fn one() -> u32 {
    1
}

fn two_minutes() -> Duration {
    Duration::from_secs(120)
}

fn sixty_four_mebibytes() -> ByteCount {
    ByteCount::new(64 << 20)
}

/// Whose task profiles to export.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExportSubject {
    /// Task profiles of jobs.
    #[default]
    Jobs,
    /// Task profiles of employees.
    Employees,
}

// Both values are *seen*: see the crate documentation.
/// The layout of tasks within a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseFormat {
    /// All tasks in one list.
    #[default]
    List,
    /// A tree of domains, subdomains, clusters and canonical tasks.
    Hierarchy,
}

// All values are *seen*. The default `techwolf` is *inferred*.
/// The vocabulary in which skills are named.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ExternalVendor {
    /// TechWolf's own vocabulary.
    #[default]
    Techwolf,
    /// Workday's skills.
    Workday,
    /// SAP's attribute library.
    SapAttributeLibrary,
}

// All values are *seen*.
/// Fields of tasks beside their id, name and state.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Include {
    /// `ai_impact`: the AI impact level of the task and its rationale.
    AiImpact,
    /// `linked_skills`: the skills behind the task.
    LinkedSkills,
    /// `weekly_hours`: the estimated time spent on the task.
    WeeklyHours,
    /// `source_data`, for jobs: the entries of job data behind the task.
    SourceData,
    /// `source_events`, for employees: the events in the employee's timeline behind the task.
    SourceEvents,
    /// Rejected tasks, which are omitted by default.
    RejectedTasks,
}

/// The division of a listing into parts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartitionOptions {
    /// The kind of part.
    pub by: PartitionBy,
    /// The `external_id` of each part, in reading order. If the tenant lists its job families, a warning names unknown ids.
    #[schemars(extend("minItems" = 1, "uniqueItems" = true))]
    pub values: Vec<String>,
}

/// The kind of part that a listing is divided into.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartitionBy {
    /// The jobs of one job family.
    JobFamily,
}

/// A condition that exported jobs or employees meet.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
#[schemars(extend("oneOf" = [
    {"properties": {"filter": {"const": "job_family_id_is_in_list"}, "value": false, "operator": false, "is_active": false},
        "required": ["job_family_ids"]},
    {"properties": {"filter": {"const": "last_updated"}, "job_family_ids": false, "is_active": false},
        "required": ["value", "operator"]},
    {"properties": {"filter": {"const": "is_active"}, "job_family_ids": false, "value": false, "operator": false},
        "required": ["is_active"]},
]))]
pub struct FilterOptions {
    /// The kind of condition.
    pub filter: FilterKind,
    /// For `job_family_id_is_in_list`: the `external_id` of each job family.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(extend("minItems" = 1))]
    pub job_family_ids: Option<Vec<String>>,
    /// For `last_updated`: a date (`2026-01-31`) or a timestamp (`2026-01-31T08:00:00Z`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// For `last_updated`: how the job's date compares to `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
    /// For `is_active`: true for active employees, false for employees who have left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub is_active: Option<bool>,
}

// `is_active` is seen (EXPORT-EMP). The others are seen in other exports of the API, and inferred for the export of task profiles.
/// The kind of a condition.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    /// For jobs: the job belongs to one of the families in `job_family_ids`.
    JobFamilyIdIsInList,
    /// For jobs: the job was last updated before, at or after `value`.
    LastUpdated,
    /// For employees: the employee is active, or is not.
    IsActive,
}

// `lt` is seen, the others are inferred.
/// The comparison of a job's date with `value`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Operator {
    /// Equal.
    Eq,
    /// Before.
    Lt,
    /// Before, or equal.
    Lte,
    /// After.
    Gt,
    /// After, or equal.
    Gte,
}

/// Credentials: client credentials with a secret or a private key, or a token.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthOptions {
    /// The token endpoint: `https://techwolf.eu.auth0.com/oauth/token` in the EU,
    /// `https://techwolf-us.us.auth0.com/oauth/token` in the US.
    pub token_url: Option<String>,
    /// The client id that TechWolf issued.
    pub client_id: Option<String>,
    /// The client's secret. A client has a secret or a private key.
    pub client_secret: Option<Secret>,
    /// The client's private key, RSA or ECDSA on P-256, in PEM form, for example `"${file:/run/secrets/techwolf.pem}"`. The key
    /// signs an assertion (RFC 7523, `private_key_jwt`), which TechWolf verifies with the public key.
    pub private_key: Option<Secret>,
    /// The path of a file with the private key.
    pub private_key_file: Option<PathBuf>,
    /// The `kid` of the assertion, if TechWolf gave the key an id.
    pub key_id: Option<String>,
    /// The signature algorithm. `RS256` by default for an RSA key, `ES256` for an ECDSA key.
    pub algorithm: Option<SigningAlgorithm>,
    /// The `aud` of the assertion. `token_url` by default.
    pub assertion_audience: Option<String>,
    /// The lifetime of the assertion, from 1 second to 5 minutes. 60 seconds by default.
    pub assertion_lifetime: Option<Duration>,
    /// The API that the token is for: `eu3.techwolf.ai` or `us3.techwolf.ai`.
    pub audience: Option<String>,
    /// The tenant that the token is for.
    pub tenant: Option<String>,
    /// The scopes of the token, for example `read`. All scopes of the client by default.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Saves the token in `token.json` in the state folder of the pipeline, so that later runs use the token until it expires.
    /// Only the owner can read the file. TechWolf limits the number of tokens, so set this option if the pipeline runs often.
    #[serde(default)]
    pub cache: bool,
    /// A token, instead of client credentials. The run fails when the token expires.
    pub token: Option<Secret>,
}

/// A signature algorithm.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SigningAlgorithm {
    /// RSA with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.serialize(formatter)
    }
}
