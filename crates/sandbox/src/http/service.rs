//! The state that all endpoints share.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::http::Uri;
use schemars::JsonSchema;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::error::ApiError;
use super::limiter::Limiter;
use super::request_errors::RequestErrors;
use crate::access::{Assertions, Tokens};
use crate::clients::Clients;
use crate::settings::{SandboxSettings, Vendor, Vendors, status_of};
use crate::store::Store;
use crate::vocabulary::Vocabulary;

pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) assertions: Assertions,
    pub(crate) clients: Clients,
    pub(crate) settings: Arc<SandboxSettings>,
    /// The activated vendors of the tenants that have a list of their own. The setting `vendors` applies to other tenants.
    pub(crate) vendors: HashMap<String, Vendors>,
    pub(crate) vocabulary: Arc<Vocabulary>,
    pub(crate) limiter: Limiter,
    /// The JSON Schemas that validate requests and describe the endpoints, by their names.
    pub(crate) schemas: Value,
    pub(crate) description: Description,
}

/// The description that the sandbox serves. `openapi::describe` creates it.
pub(crate) struct Description {
    /// An OpenAPI 3.1 document.
    pub(crate) openapi: Bytes,
    /// An HTML page.
    pub(crate) page: String,
}

impl Service {
    pub(super) fn request_errors(&self) -> RequestErrors<'_> {
        RequestErrors::new(&self.settings, &self.schemas)
    }

    /// Reads the query of a request without a body.
    pub(super) fn read_query<T: DeserializeOwned + JsonSchema>(
        &self,
        uri: &Uri,
    ) -> Result<T, ApiError> {
        let mut errors = self.request_errors();
        let query = errors.read_query(uri);
        errors.into_result(query)
    }

    /// The vendor with this name. If the tenant has not activated it, returns TechWolf, and adds an error as the setting
    /// `inactive_vendor` says.
    pub(super) fn vendor(
        &self,
        tenant: &str,
        name: Option<&str>,
        errors: &mut RequestErrors<'_>,
    ) -> Vendor {
        let vendor = name.and_then(|name| name.parse().ok()).unwrap_or(Vendor::TechWolf);
        let activated = self.vendors.get(tenant).unwrap_or(&self.settings.vendors);
        if activated.0.contains(&vendor) {
            return vendor;
        }
        let description = format!(
            "`external_vendor`: `{vendor}` is not activated on this tenant, only {activated}"
        );
        if let Some(status) = status_of(self.settings.inactive_vendor) {
            errors.add(status, description);
        }
        Vendor::TechWolf
    }
}
