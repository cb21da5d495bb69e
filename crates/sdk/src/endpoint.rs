//! Endpoints that run inside the process, such as the sandbox behind `url = "sandbox:"`.

use std::any::Any;
use std::collections::BTreeMap;
use std::fmt;

use async_trait::async_trait;

use crate::{ErrorKind, Secret, StageError};

/// A server that can be started inside this process, for one run.
///
/// ```
/// use std::collections::BTreeMap;
///
/// use taskferry_sdk::{LocalEndpoint, RunningEndpoint, StageError, async_trait};
///
/// /// Represents a server that runs already.
/// #[derive(Debug)]
/// struct Started(u16);
///
/// #[async_trait]
/// impl LocalEndpoint for Started {
///     async fn start(self: Box<Self>) -> Result<RunningEndpoint, StageError> {
///         let url = format!("http://127.0.0.1:{}", self.0);
///         let webhook_url = format!("{url}/hooks");
///         Ok(RunningEndpoint { url, webhook_url, settings: BTreeMap::new(), guard: Box::new(()) })
///     }
/// }
/// ```
#[async_trait]
pub trait LocalEndpoint: fmt::Debug + Send {
    /// Starts listening on a free port of the loopback address.
    ///
    /// # Errors
    /// Why the server can't start.
    async fn start(self: Box<Self>) -> Result<RunningEndpoint, StageError>;
}

/// A running endpoint. Dropping it stops the server.
pub struct RunningEndpoint {
    /// The server's address, without a slash at the end.
    pub url: String,
    /// The address of its webhook receiver.
    pub webhook_url: String,
    /// Values that replace options of the stage that connects to it, by option name: addresses and credentials.
    pub settings: BTreeMap<&'static str, Secret>,
    /// Stops the server when dropped.
    pub guard: Box<dyn Any + Send + Sync>,
}

impl RunningEndpoint {
    /// Returns a setting.
    ///
    /// # Errors
    /// [`ErrorKind::Defect`] if the endpoint has no setting of this name.
    pub fn setting(&self, name: &str) -> Result<&Secret, StageError> {
        self.settings.get(name).ok_or_else(|| {
            StageError::new(
                ErrorKind::Defect,
                format!("the endpoint inside this process provides no `{name}`"),
            )
        })
    }
}

impl fmt::Debug for RunningEndpoint {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("RunningEndpoint").field("url", &self.url).finish_non_exhaustive()
    }
}
