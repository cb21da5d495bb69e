//! The options of `type = "techwolf"`.

use std::collections::BTreeSet;
use std::fmt;
use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskferry_http::ConnectionOptions;
use taskferry_retry::RetryOptions;
use taskferry_sdk::{ByteCount, Duration, Secret};

/// Pages through the export of all jobs' task profiles of a TechWolf tenant.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct TechWolfOptions {
    /// Where the tenant's API is, `https://{tenant}.{region}.techwolf.ai` for example, without the path of
    /// the export. `sandbox:` stands for an endpoint inside this process, with its own credentials.
    #[schemars(extend("x-sandbox" = "sandbox:"))]
    pub url: String,
    /// How tasks are arranged within a record: all in one `tasks` list, or in the tree of domains,
    /// subdomains, clusters and canonical tasks.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true))]
    pub response_format: ResponseFormat,
    /// In whose words skills are named. Vendors other than `techwolf` have to be activated for the tenant.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true))]
    pub external_vendor: ExternalVendor,
    /// How many jobs one page brings, from 1 to 100. A page that times out is asked for again with half as many, down to
    /// one; after some pages that came in time, larger ones are tried again.
    #[serde(default = "hundred")]
    #[schemars(range(min = 1, max = 100), extend("x-same-jobs" = true))]
    pub limit: u32,
    /// What tasks carry beside their id, name and state. Nothing by default.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true))]
    pub include: BTreeSet<Include>,
    /// Which jobs are exported: those that pass all of these. All by default. A job family that the tenant does not list is
    /// named in a warning when the run begins, where the tenant lists its job families.
    #[serde(default)]
    pub filters: Vec<FilterOptions>,
    /// How many pages are asked for at the same time, from 1 to 32. What comes out is the same records in the
    /// same order; the same bytes where the server fills its pages.
    ///
    /// A run that reads the whole listing remembers cursors in its state folder, one for every hundred jobs, and the next one
    /// reads from so many of them at once; the first run of a pipeline, or of one with another `url`, tenant or other `filters`, reads with one.
    /// All share one token and one `rate_limit`.
    #[serde(default = "one")]
    #[schemars(range(min = 1, max = 32), extend("x-same-output" = true))]
    pub concurrency: u32,
    /// Reads the listing in parts, `concurrency` of them beside each other: also the first run can have several cursors
    /// then, where only these parts are wanted. Pages come from the parts in turn, and no cursors are remembered. A job that is
    /// in two of the parts is an error.
    pub partition: Option<PartitionOptions>,
    /// How to get a token. Needed unless the endpoint runs inside this process.
    #[schemars(extend("x-sandbox" = null))]
    pub auth: Option<AuthOptions>,
    /// How many pages a second are asked for at most, repeated requests included: 2 or 0.5 for example. Requests for
    /// tokens go to another server and do not count. No limit by default; a `Retry-After` is honoured in any case.
    #[schemars(range(min = 0.001, max = 1000), extend("x-same-jobs" = true))]
    pub rate_limit: Option<f64>,
    /// How long one request may take, from connecting to the last byte of the answer.
    #[serde(default = "two_minutes")]
    #[schemars(extend("x-same-jobs" = true))]
    pub timeout: Duration,
    /// How large the answer to one request may be, after decompression.
    #[serde(default = "sixty_four_mebibytes")]
    #[schemars(extend("x-same-jobs" = true))]
    pub max_page_bytes: ByteCount,
    /// How servers are reached, that which issues tokens included.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true, "x-sandbox" = null))]
    pub connection: ConnectionOptions,
    /// How often and how patiently a failed request is repeated.
    #[serde(default)]
    #[schemars(extend("x-same-jobs" = true))]
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

// Both values are seen.
/// How tasks are arranged within a record.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ResponseFormat {
    /// All tasks of a job in one list.
    #[default]
    List,
    /// A tree of domains, subdomains, clusters and canonical tasks.
    Hierarchy,
}

// All values are seen; that `techwolf` is the default is inferred.
/// In whose words skills are named.
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

// All values are seen.
/// What tasks can carry beside their id, name and state.
#[derive(
    Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Deserialize, Serialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Include {
    /// `ai_impact`: how far AI can take the task over, and why.
    AiImpact,
    /// `linked_skills`: the skills behind the task.
    LinkedSkills,
    /// `weekly_hours`: the estimated time spent on the task.
    WeeklyHours,
    /// `source_data`: the entries of job data behind the task.
    SourceData,
    /// Tasks that were rejected, which are left out otherwise.
    RejectedTasks,
}

/// How a listing is divided into parts.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PartitionOptions {
    /// What the parts are.
    pub by: PartitionBy,
    /// The `external_id` of each, in the order in which they are begun. Only jobs that are in one of them are exported. One that
    /// the tenant does not list is named in a warning.
    pub values: Vec<String>,
}

/// What the parts of a listing are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum PartitionBy {
    /// The jobs of one job family each.
    JobFamily,
}

/// One condition that exported jobs meet.
#[derive(Debug, Clone, Deserialize, Serialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct FilterOptions {
    /// What the condition is about.
    pub filter: FilterKind,
    /// For `job_family_id_is_in_list`: the `external_id` of each job family.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub job_family_ids: Option<Vec<String>>,
    /// For `last_updated`: a date (`2026-01-31`) or an instant (`2026-01-31T08:00:00Z`).
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
    /// For `last_updated`: how a job's own date compares to `value`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operator: Option<Operator>,
}

// Seen on the sibling exports, inferred for this one.
/// What a condition is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, Serialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum FilterKind {
    /// The job belongs to one of the families in `job_family_ids`.
    JobFamilyIdIsInList,
    /// The job was last updated before, at or after `value`.
    LastUpdated,
}

// `lt` is seen, the others are inferred.
/// How a job's date compares to the value given.
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

/// How to get a token: client credentials with a secret or a private key, or a token from elsewhere.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct AuthOptions {
    /// Where tokens are issued: `https://techwolf.eu.auth0.com/oauth/token` in the EU,
    /// `https://techwolf-us.us.auth0.com/oauth/token` in the US.
    pub token_url: Option<String>,
    /// The client, as TechWolf handed it out.
    pub client_id: Option<String>,
    /// Its secret. A client has a secret or a private key.
    pub client_secret: Option<Secret>,
    /// Its private key, RSA or ECDSA on P-256, in PEM form: `"${file:/run/secrets/techwolf.pem}"` for example. The client signs
    /// with it who it is (RFC 7523, `private_key_jwt`), and TechWolf has the public key.
    pub private_key: Option<Secret>,
    /// The same, by the name of the file.
    pub private_key_file: Option<PathBuf>,
    /// Which of the client's keys it is, where TechWolf gave it an id: the `kid` of what is signed. None by default.
    pub key_id: Option<String>,
    /// How it is signed. The default goes with the key: `RS256` with an RSA key, `ES256` with an ECDSA key.
    pub algorithm: Option<SigningAlgorithm>,
    /// For whom it is signed: the `aud` of what is signed. `token_url` by default.
    pub assertion_audience: Option<String>,
    /// How long what is signed is good, from 1 second to 5 minutes. 60 seconds by default.
    pub assertion_lifetime: Option<Duration>,
    /// The API that the token is for: `eu3.techwolf.ai` or `us3.techwolf.ai`.
    pub audience: Option<String>,
    /// The tenant that the token is for.
    pub tenant: Option<String>,
    /// What the token may be used for, `read` for example. All that the client may do by default.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Whether a token is kept from run to run, until it expires, in the pipeline's state folder: `token.json`, which only
    /// its owner may read. For pipelines that run often, since tokens are limited in number.
    #[serde(default)]
    pub cache: bool,
    /// A token that was issued elsewhere, instead of client credentials. It can't be renewed: the run ends
    /// when it expires.
    pub token: Option<Secret>,
}

/// How a client signs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, JsonSchema)]
#[serde(rename_all = "UPPERCASE")]
pub enum SigningAlgorithm {
    /// RSA with SHA-256.
    Rs256,
    /// ECDSA on P-256 with SHA-256.
    Es256,
}

impl fmt::Display for SigningAlgorithm {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(match self {
            Self::Rs256 => "RS256",
            Self::Es256 => "ES256",
        })
    }
}

impl ResponseFormat {
    /// As the API wants it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::List => "list",
            Self::Hierarchy => "hierarchy",
        }
    }
}

impl ExternalVendor {
    /// As the API wants it.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::Techwolf => "techwolf",
            Self::Workday => "workday",
            Self::SapAttributeLibrary => "sap_attribute_library",
        }
    }
}
