//! The table of all endpoints, from which the router and the OpenAPI document are made.

use std::sync::Arc;

use axum::routing::{MethodRouter, get, patch, post};

use super::service::Service;
use super::{export, listing, pages, profile, token, webhook};
use crate::access::Scope;

pub(crate) const TOKEN_PATH: &str = "/oauth/token";
pub(crate) const JOBS_EXPORT_PATH: &str = "/job_architecture/export/jobs/task_profiles";
pub(crate) const EMPLOYEES_EXPORT_PATH: &str = "/export/employees/task_profiles";
pub(crate) const WEBHOOK_PATH: &str = "/webhook";
const PROFILE_PATH: &str = "/job_architecture/jobs/{external_id}/task_profile";

/// One method of one path.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Endpoint {
    pub(crate) method: &'static str,
    pub(crate) path: &'static str,
    pub(super) handler: fn() -> MethodRouter<Arc<Service>>,
    pub(crate) tag: &'static str,
    /// The `operationId` of OpenAPI.
    pub(crate) id: &'static str,
    pub(crate) summary: &'static str,
    pub(crate) description: &'static str,
    pub(crate) access: Access,
    /// The schema of the query.
    pub(crate) query: Option<&'static str>,
    pub(crate) body: Content,
    pub(crate) response: Content,
    /// Whether the request can name something that does not exist.
    pub(crate) not_found: bool,
}

/// The token that an endpoint requires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Public,
    AnyToken,
    Token(Scope),
}

/// The body of a request or of a successful response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Content {
    None,
    Html,
    AnyJson,
    /// The schema with this name.
    Json(&'static str),
}

/// A request to read jobs, from which the entries of the table start.
const READ: Endpoint = Endpoint {
    method: "GET",
    path: "",
    handler: || get(listing::jobs),
    tag: "Jobs",
    id: "",
    summary: "",
    description: "Requires the scope `read`. No public page describes it.",
    access: Access::Token(Scope::Read),
    query: None,
    body: Content::None,
    response: Content::None,
    not_found: false,
};
const EXPORT: Endpoint = Endpoint {
    method: "POST",
    tag: "Exports",
    description: "Oldest first. A profile without tasks has an empty array. Requires the scope `read`.",
    query: Some("ExportQuery"),
    not_found: true,
    ..READ
};
const LISTING: &str = "Requires the scope `read`. The shape is that of other listings; no public page describes this one.";

pub(crate) static ENDPOINTS: [Endpoint; 13] = [
    Endpoint {
        method: "POST",
        path: TOKEN_PATH,
        handler: || post(token::issue),
        tag: "Access",
        id: "getToken",
        summary: "Get an access token",
        description: "The client credentials grant, with a secret or with a JWT that the client signs (RFC 7523). \
                      A token is valid until it expires: reuse it.",
        access: Access::Public,
        body: Content::Json("TokenRequest"),
        response: Content::Json("Token"),
        ..READ
    },
    Endpoint {
        path: JOBS_EXPORT_PATH,
        handler: || post(export::jobs),
        id: "exportJobTaskProfiles",
        summary: "Export the task profiles of all jobs",
        body: Content::Json("JobExport"),
        response: Content::Json("JobPage"),
        ..EXPORT
    },
    Endpoint {
        path: EMPLOYEES_EXPORT_PATH,
        handler: || post(export::employees),
        id: "exportEmployeeTaskProfiles",
        summary: "Export the task profiles of all employees",
        body: Content::Json("EmployeeExport"),
        response: Content::Json("EmployeePage"),
        ..EXPORT
    },
    Endpoint {
        path: PROFILE_PATH,
        handler: || get(profile::read),
        id: "getJobTaskProfile",
        summary: "Get the task profile of a job",
        description: "Requires the scope `read`.",
        query: Some("ProfileQuery"),
        response: Content::Json("JobRecord"),
        not_found: true,
        ..READ
    },
    Endpoint {
        method: "PATCH",
        path: PROFILE_PATH,
        handler: || patch(profile::decide),
        id: "giveFeedback",
        summary: "Validate or reject tasks of a job",
        description: "Either all decisions are applied or none. Requires the scope `write`. TechWolf documents that feedback by PATCH exists, but not the shape of the request.",
        access: Access::Token(Scope::Write),
        body: Content::Json("Feedback"),
        response: Content::Json("JobRecord"),
        not_found: true,
        ..READ
    },
    Endpoint {
        path: "/job_architecture/jobs",
        handler: || get(listing::jobs),
        id: "listJobs",
        summary: "List jobs",
        description: LISTING,
        query: Some("ListingQuery"),
        response: Content::Json("JobListing"),
        ..READ
    },
    Endpoint {
        path: "/job_architecture/jobs/{external_id}",
        handler: || get(listing::job),
        id: "getJob",
        summary: "Get a job",
        response: Content::Json("Job"),
        not_found: true,
        ..READ
    },
    Endpoint {
        path: "/job_architecture/job_families",
        handler: || get(listing::families),
        id: "listJobFamilies",
        summary: "List job families",
        description: LISTING,
        query: Some("ListingQuery"),
        response: Content::Json("JobFamilyListing"),
        ..READ
    },
    Endpoint {
        path: "/job_architecture/job_families/{external_id}",
        handler: || get(listing::family),
        id: "getJobFamily",
        summary: "Get a job family",
        response: Content::Json("JobFamily"),
        not_found: true,
        ..READ
    },
    Endpoint {
        path: "/version",
        handler: || get(pages::version),
        tag: "Access",
        id: "getVersion",
        summary: "Check a token",
        description: "Accepts any access token. The shape of the response is not public.",
        access: Access::AnyToken,
        response: Content::Json("Version"),
        ..READ
    },
    Endpoint {
        method: "POST",
        path: WEBHOOK_PATH,
        handler: || post(webhook::receive),
        id: "receiveWebhook",
        summary: "Receive what a pipeline delivers",
        description: "Accepts any JSON, also compressed with gzip. Signatures are not checked.",
        body: Content::AnyJson,
        ..PUBLIC
    },
    Endpoint {
        path: "/openapi.json",
        handler: || get(pages::openapi),
        id: "getDescription",
        summary: "Get this description",
        description: "An OpenAPI document.",
        response: Content::AnyJson,
        ..PUBLIC
    },
    Endpoint {
        path: "/",
        handler: || get(pages::html),
        id: "getPage",
        summary: "Get this description as a page for a browser",
        description: "An HTML page.",
        response: Content::Html,
        ..PUBLIC
    },
];

const PUBLIC: Endpoint = Endpoint { tag: "Sandbox", access: Access::Public, ..READ };

/// The methods of a path, such as `GET or PATCH`.
pub(super) fn methods_of(path: &str) -> String {
    let methods = ENDPOINTS.iter().filter(|endpoint| endpoint.path == path);
    methods.map(|endpoint| endpoint.method).collect::<Vec<_>>().join(" or ")
}
