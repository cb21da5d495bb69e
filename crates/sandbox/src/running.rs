//! Loads a sandbox and serves it.

use std::collections::HashMap;
use std::fmt;
use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use axum::http::{HeaderName, HeaderValue};
use axum::middleware::{from_fn_with_state, map_response};
use axum::response::Response;
use tokio::net::{TcpListener, TcpSocket};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::access::{Assertions, RegisteredKeys, Tokens, read_keys};
use crate::clients::Clients;
use crate::fault::{FaultLayer, inject};
use crate::http::{Limiter, Service, WEBHOOK_PATH, router};
use crate::openapi::{describe, schemas};
use crate::serving::serve;
use crate::settings::{SandboxSettings, Switch, Vendors};
use crate::store::{Loader, Store};
use crate::tenants::load_tenants;
use crate::vocabulary::Vocabulary;
use crate::{Credentials, Faults, SandboxError, SandboxOptions};

/// How long requests may take after the sandbox has been stopped.
const STOP_TIMEOUT: Duration = Duration::from_secs(5);

/// A loaded sandbox.
pub struct Sandbox {
    store: Store,
    jobs: u64,
    token_lifetime: Duration,
    clients: Clients,
    keys: RegisteredKeys,
    faults: Faults,
    settings: SandboxSettings,
    vocabulary: Vocabulary,
    vendors: HashMap<String, Vendors>,
}

impl fmt::Debug for Sandbox {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Sandbox").field("jobs", &self.jobs).finish_non_exhaustive()
    }
}

impl Sandbox {
    /// Generates the jobs, or reads and validates the dataset file. It blocks for seconds with 100,000 jobs: call it by
    /// `spawn_blocking` in async code.
    ///
    /// # Errors
    /// A file can't be read or is not valid, the options contradict each other, or the database fails.
    pub fn load(options: SandboxOptions) -> Result<Self, SandboxError> {
        let mut loader = Loader::open(options.database.as_ref().map(|file| file.path.as_path()))?;
        let tenants = load_tenants(&options, &mut loader)?;
        let vocabulary = match &options.vocabulary {
            Some(path) => Vocabulary::with_file(path)?,
            None => Vocabulary::built_in()?,
        };
        let tenants_with_options = options.tenants.into_iter();
        let vendors = tenants_with_options
            .filter_map(|tenant| Some((tenant.name, tenant.vendors?)))
            .collect();
        let keys = read_keys(&options.public_keys)?;
        let clients = Clients::new(options.clients, &keys, &tenants)?;
        let (store, jobs) = loader.finish()?;
        Ok(Self {
            store,
            jobs,
            token_lifetime: options.token_lifetime,
            clients,
            keys,
            faults: options.faults,
            settings: options.settings,
            vocabulary,
            vendors,
        })
    }

    /// The number of jobs of all tenants.
    pub fn jobs(&self) -> u64 {
        self.jobs
    }

    /// Starts to listen. Port 0 selects a free port.
    ///
    /// # Errors
    /// The address is in use, or is not an address of this machine.
    #[expect(
        clippy::unused_async,
        reason = "it needs a runtime, and awaiting it shows that there is one"
    )]
    pub async fn serve(self, address: SocketAddr) -> Result<RunningSandbox, SandboxError> {
        let failed = |source| SandboxError::Listen { address, source };
        let listener = listen(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let url = format!("http://{}", reachable(address));
        let credentials = self.clients.credentials(&url).ok_or(SandboxError::Signing)?;
        let schemas = schemas(&self.settings);
        let description = describe(&url, &self.settings, &schemas, &self.vendors, &credentials);
        let tokens = Tokens::new(&url, self.token_lifetime).ok_or(SandboxError::Signing)?;
        let tokens = Arc::new(tokens);
        let reads_header = self.settings.fault_header == Switch::On;
        let faults = FaultLayer::new(self.faults, reads_header, Arc::clone(&tokens));
        let service = Service {
            store: self.store,
            tokens,
            assertions: Assertions::new(
                self.keys,
                &url,
                address.ip().is_unspecified(),
                self.settings.assertion_audience,
            ),
            clients: self.clients,
            settings: Arc::new(self.settings),
            vendors: self.vendors,
            vocabulary: Arc::new(self.vocabulary),
            limiter: Limiter::default(),
            schemas,
            description,
        };

        let endpoints = router(service).layer(from_fn_with_state(Arc::new(faults), inject));
        let endpoints = endpoints.layer(map_response(add_header));

        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, endpoints, stopped));
        tracing::debug!(%address, jobs = self.jobs, "sandbox listening");
        Ok(RunningSandbox { url, address, credentials, stop, server })
    }
}

/// The header that marks responses of the sandbox.
const SANDBOX_HEADER: HeaderName = HeaderName::from_static("x-taskferry-sandbox");

async fn add_header(mut response: Response) -> Response {
    response.headers_mut().insert(SANDBOX_HEADER, HeaderValue::from_static("1"));
    response
}

/// The number of connections that can wait to be accepted. Further clients wait for a second or more.
const BACKLOG: u32 = 1024;

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port is free as soon as a sandbox has stopped.
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// The address for clients on this machine.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// A sandbox that listens. Dropping it stops the sandbox; [`stop`](Self::stop) also waits for requests in progress.
#[derive(Debug)]
pub struct RunningSandbox {
    url: String,
    address: SocketAddr,
    credentials: Credentials,
    /// Dropping it stops the server.
    stop: oneshot::Sender<()>,
    server: JoinHandle<()>,
}

impl RunningSandbox {
    /// The URL for clients on this machine, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// The URL that receives webhooks.
    pub fn webhook_url(&self) -> String {
        format!("{}{WEBHOOK_PATH}", self.url)
    }

    /// The address on which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The credentials of the first tenant.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Stops listening, waits for the requests in progress, and closes their connections after 5 seconds.
    pub async fn stop(self) {
        drop(self.stop);
        let mut server = self.server;
        if tokio::time::timeout(STOP_TIMEOUT, &mut server).await.is_err() {
            server.abort();
            let _ = server.await;
            tracing::warn!(
                "the sandbox closed connections whose requests did not end within {} seconds after the stop",
                STOP_TIMEOUT.as_secs()
            );
        }
    }
}
