//! The shapes of bodies.

mod records;
mod requests;

use serde_json::{Value, json};

use self::records::{listing, page, record, task};
use self::requests::{employee_filter, export, feedback, job_filter, token_request};
use super::parts::external_id;
use crate::record::Subject;
use crate::settings::SandboxSettings;

pub(super) fn schemas(settings: &SandboxSettings) -> Value {
    json!({
        "Errors": {
            "type": "array",
            "minItems": 1,
            "items": {
                "type": "object",
                "required": ["title", "description"],
                "properties": {
                    "title": {"type": "string", "examples": ["400 Bad Request"]},
                    "description": {"type": "string"},
                },
            },
        },
        "TokenRequest": token_request(),
        "Token": {
            "type": "object",
            "required": ["access_token", "expires_in", "scope", "token_type"],
            "properties": {
                "access_token": {"type": "string"},
                "expires_in": {"type": "integer", "minimum": 0, "description": "In seconds."},
                "scope": {"type": "string", "examples": ["read write"]},
                "token_type": {"const": "Bearer"},
            },
        },
        "TokenError": {
            "type": "object",
            "required": ["error", "error_description"],
            "properties": {
                "error": {"type": "string"},
                "error_description": {"type": "string"},
            },
        },
        "JobExport": export(Subject::Job, settings),
        "EmployeeExport": export(Subject::Employee, settings),
        "JobFilter": job_filter(settings),
        "EmployeeFilter": employee_filter(settings),
        "JobPage": page("JobRecord"),
        "EmployeePage": page("EmployeeRecord"),
        "JobRecord": record("JobTask", settings),
        "EmployeeRecord": record("EmployeeTask", settings),
        "JobTask": task(Subject::Job, settings),
        "EmployeeTask": task(Subject::Employee, settings),
        "Feedback": feedback(settings),
        "Job": {
            "type": "object",
            "required": ["external_id", "job_name", "job_family_id", "last_updated"],
            "properties": {
                "external_id": external_id(),
                "job_name": {"type": ["string", "null"]},
                "job_family_id": {"type": ["string", "null"]},
                "last_updated": {"type": "string", "format": "date-time"},
            },
        },
        "JobFamily": {
            "type": "object",
            "required": ["external_id", "job_family_name", "last_updated"],
            "properties": {
                "external_id": external_id(),
                "job_family_name": {"type": "string"},
                "last_updated": {"type": "string", "format": "date-time"},
            },
        },
        "Jobs": listing("Job"),
        "JobFamilies": listing("JobFamily"),
        "Version": {
            "type": "object",
            "required": ["version"],
            "properties": {"version": {"type": "string"}},
        },
    })
}
