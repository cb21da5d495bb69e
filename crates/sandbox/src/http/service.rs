//! What the endpoints work with.

use std::collections::HashMap;
use std::sync::Arc;

use super::limiter::Limiter;
use crate::access::{Assertions, Tokens};
use crate::clients::Clients;
use crate::description::Description;
use crate::settings::{SandboxSettings, Vendors};
use crate::store::Store;
use crate::vocabulary::Vocabulary;

/// What all requests share.
#[derive(Debug)]
pub(crate) struct Service {
    pub(crate) store: Store,
    pub(crate) tokens: Arc<Tokens>,
    pub(crate) assertions: Assertions,
    pub(crate) clients: Clients,
    pub(crate) settings: Arc<SandboxSettings>,
    /// The vendors that tenants have activated of whom it was said. For others the setting holds.
    pub(crate) vendors: HashMap<String, Vendors>,
    pub(crate) vocabulary: Arc<Vocabulary>,
    pub(crate) limiter: Limiter,
    pub(crate) description: Description,
}

impl Service {
    /// The vendors that a tenant has activated.
    pub(super) fn vendors_of(&self, tenant: &str) -> &Vendors {
        self.vendors.get(tenant).unwrap_or(&self.settings.vendors)
    }
}
