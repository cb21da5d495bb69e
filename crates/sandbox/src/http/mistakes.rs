//! All that is wrong with a request, and how it is answered.

use axum::http::StatusCode;

use super::error::ApiError;
use crate::settings::{Refusal, SandboxSettings, UnknownField};

/// The mistakes that were found so far.
pub(super) struct Mistakes<'a> {
    pub(super) settings: &'a SandboxSettings,
    found: Vec<(StatusCode, String)>,
}

impl<'a> Mistakes<'a> {
    pub(super) fn new(settings: &'a SandboxSettings) -> Self {
        Self { settings, found: Vec::new() }
    }

    /// Something can't be read at all.
    pub(super) fn malformed(&mut self, description: impl Into<String>) {
        self.add(StatusCode::BAD_REQUEST, description);
    }

    /// A field has a value that it can't have.
    pub(super) fn bad_value(&mut self, description: impl Into<String>) {
        let status = match self.settings.bad_value {
            Refusal::BadRequest => StatusCode::BAD_REQUEST,
            Refusal::Unprocessable => StatusCode::UNPROCESSABLE_ENTITY,
        };
        self.add(status, description);
    }

    /// A field stands where no page names one.
    pub(super) fn unknown_field(&mut self, description: impl Into<String>) {
        match self.settings.unknown_field {
            UnknownField::BadRequest => self.add(StatusCode::BAD_REQUEST, description),
            UnknownField::Unprocessable => {
                self.add(StatusCode::UNPROCESSABLE_ENTITY, description);
            }
            UnknownField::Ignore => {}
        }
    }

    pub(super) fn add(&mut self, status: StatusCode, description: impl Into<String>) {
        self.found.push((status, description.into()));
    }

    /// What was read, unless something is wrong with it. An answer has one status: of several, that of the mistake that
    /// would be noticed first.
    pub(super) fn or<T>(self, read: T) -> Result<T, ApiError> {
        let Some(status) = self.found.iter().map(|(status, _)| *status).min() else {
            return Ok(read);
        };
        let descriptions = self.found.into_iter().map(|(_, description)| description).collect();
        Err(ApiError::with_descriptions(status, descriptions))
    }
}
