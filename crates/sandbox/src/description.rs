//! What the sandbox says about itself: an OpenAPI document, and a page to read it in a browser.
//!
//! Both are made from the settings and from the names that the endpoints themselves use.

mod operations;
mod page;
mod parts;
mod schemas;

use std::collections::HashMap;

use axum::body::Bytes;
use serde_json::{Value, json};

use crate::Credentials;
use crate::clients::default_secret;
use crate::settings::{SandboxSettings, Vendors};

/// The description of one running sandbox.
#[derive(Debug)]
pub(crate) struct Description {
    /// An OpenAPI 3.1 document.
    pub(crate) openapi: Bytes,
    /// An HTML page.
    pub(crate) page: Bytes,
}

impl Description {
    pub(crate) fn new(
        url: &str,
        settings: &SandboxSettings,
        vendors: &HashMap<String, Vendors>,
        credentials: &Credentials,
    ) -> Self {
        let mut shown = credentials.clone();
        // Whoever opens the page may read the secret that every sandbox has, but none that was chosen.
        if shown.client_secret != default_secret(&shown.tenant) {
            "CLIENT_SECRET".clone_into(&mut shown.client_secret);
        }
        let document = document(url, settings, vendors, &shown);
        let page = page::write(&document, url, &shown);
        Self { openapi: document.to_string().into(), page: page.into() }
    }
}

impl Credentials {
    /// The shell commands that fetch a token and a first page from the sandbox at `url`.
    pub fn first_page(&self, url: &str) -> String {
        page::first_page(url, self)
    }
}

fn document(
    url: &str,
    settings: &SandboxSettings,
    vendors: &HashMap<String, Vendors>,
    credentials: &Credentials,
) -> Value {
    // One document describes the sandbox: as it is for those whose credentials it shows.
    let active = vendors.get(&credentials.tenant).unwrap_or(&settings.vendors);
    json!({
        "openapi": "3.1.0",
        "info": {
            "title": "TechWolf Skill Engine API: the task profile endpoints, as the taskferry sandbox serves them",
            "version": env!("CARGO_PKG_VERSION"),
            "description": "Not TechWolf's own description. What its public pages say is served as they say it; where \
                            they say nothing, the sandbox's settings decide, and this document follows them. New fields \
                            may appear in answers: a client passes over those it does not know.",
        },
        "servers": [{"url": url}],
        "security": [{"token": []}],
        "tags": [
            {"name": "Access"},
            {"name": "Exports"},
            {"name": "Jobs"},
            {"name": "Sandbox", "description": "No part of TechWolf's API."},
        ],
        "paths": operations::paths(settings, active, credentials),
        "components": {
            "securitySchemes": {"token": {
                "type": "http",
                "scheme": "bearer",
                "bearerFormat": "JWT",
                "description": "The access token from `POST /oauth/token`.",
            }},
            "parameters": operations::parameters(settings),
            "schemas": schemas::schemas(settings),
        },
    })
}
