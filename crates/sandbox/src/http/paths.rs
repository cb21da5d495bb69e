//! What is where.

pub(crate) const TOKEN_PATH: &str = "/oauth/token";
pub(crate) const EXPORT_PATH: &str = "/job_architecture/export/jobs/task_profiles";
pub(crate) const EMPLOYEES_PATH: &str = "/export/employees/task_profiles";
pub(crate) const PROFILE_PATH: &str = "/job_architecture/jobs/{external_id}/task_profile";
pub(crate) const JOBS_PATH: &str = "/job_architecture/jobs";
pub(crate) const JOB_PATH: &str = "/job_architecture/jobs/{external_id}";
pub(crate) const FAMILIES_PATH: &str = "/job_architecture/job_families";
pub(crate) const FAMILY_PATH: &str = "/job_architecture/job_families/{external_id}";
pub(crate) const VERSION_PATH: &str = "/version";

/// Where webhooks are taken. No part of TechWolf's API, as those that follow.
pub(crate) const WEBHOOK_PATH: &str = "/webhook";
/// The description of the API.
pub(crate) const OPENAPI_PATH: &str = "/openapi.json";
/// The same as a page.
pub(super) const PAGE_PATH: &str = "/";
