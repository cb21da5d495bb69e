//! Endpoints that run inside the process, as the sandbox does for `url = "sandbox:"`.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use crate::{ErrorKind, Secret, StageError};

/// A server that is ready to be started inside this process, for one run.
#[async_trait]
pub trait LocalEndpoint: fmt::Debug + Send {
    /// Starts listening on a free port of the loopback address.
    ///
    /// # Errors
    /// What kept it from starting.
    async fn start(self: Box<Self>) -> Result<RunningEndpoint, StageError>;
}

/// A started endpoint. It stops when this is dropped.
pub struct RunningEndpoint {
    /// Where it listens, without a slash at the end.
    pub url: String,
    /// Where it takes webhooks.
    pub webhook_url: String,
    /// What stands in the options of a stage that talks to it, in place of what the pipeline file says, by the options'
    /// names: addresses and credentials.
    pub settings: BTreeMap<&'static str, Secret>,
    /// Whatever keeps it alive.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl RunningEndpoint {
    /// One of the settings.
    ///
    /// # Errors
    /// [`ErrorKind::Defect`] if the endpoint has no setting of this name.
    pub fn setting(&self, name: &str) -> Result<&Secret, StageError> {
        self.settings.get(name).ok_or_else(|| {
            StageError::new(ErrorKind::Defect, format!("the endpoint names no `{name}`"))
        })
    }
}

impl fmt::Debug for RunningEndpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RunningEndpoint").field("url", &self.url).finish_non_exhaustive()
    }
}
