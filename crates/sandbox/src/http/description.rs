//! What the sandbox serves about itself. `openapi` makes it.

use axum::body::Bytes;

/// The description of a running sandbox.
#[derive(Debug)]
pub(crate) struct Description {
    /// An OpenAPI 3.1 document.
    pub(crate) openapi: Bytes,
    /// An HTML page.
    pub(crate) page: String,
}
