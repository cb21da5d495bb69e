//! Loading and serving.

use std::collections::HashMap;
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
use crate::description::Description;
use crate::fault::{FaultLayer, inject};
use crate::http::paths::WEBHOOK_PATH;
use crate::http::{Limiter, Service, router};
use crate::serving::serve;
use crate::settings::{SandboxSettings, Switch, Vendors};
use crate::store::{Loader, Store};
use crate::tenants::load_tenants;
use crate::vocabulary::Vocabulary;
use crate::{Credentials, Faults, SandboxError, SandboxOptions};

/// How long a request may still take when the sandbox is told to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// A sandbox with its jobs loaded, ready to be served.
#[derive(Debug)]
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

impl Sandbox {
    /// Generates the jobs, or reads and checks the dataset file. It blocks: some milliseconds for the default, some
    /// seconds for 100,000 jobs. Async code calls it through `spawn_blocking`.
    ///
    /// # Errors
    /// The dataset can't be read, or one of its lines is no job; too many jobs; no room for the database.
    pub fn load(options: SandboxOptions) -> Result<Self, SandboxError> {
        let mut loader = Loader::open(options.database.as_ref().map(|file| file.path.as_path()))?;
        let tenants = load_tenants(&options, &mut loader)?;
        let vocabulary = match &options.vocabulary {
            Some(path) => Vocabulary::with_file(path)?,
            None => Vocabulary::built_in()?,
        };
        let said = options.tenants.into_iter();
        let vendors = said.filter_map(|tenant| Some((tenant.name, tenant.vendors?))).collect();
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

    /// Number of jobs.
    pub fn jobs(&self) -> u64 {
        self.jobs
    }

    /// Starts to listen. Port 0 is a free port.
    ///
    /// # Errors
    /// The address can't be listened on.
    #[expect(clippy::unused_async, reason = "it needs a runtime, which who awaits something has")]
    pub async fn serve(self, address: SocketAddr) -> Result<RunningSandbox, SandboxError> {
        let failed = |source| SandboxError::Listen { address, source };
        let listener = listen(address).map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        let url = format!("http://{}", reachable(address));
        let credentials = self.clients.credentials(&url).ok_or(SandboxError::Signing)?;
        let description = Description::new(&url, &self.settings, &self.vendors, &credentials);
        let tokens = Tokens::new(&url, self.token_lifetime).ok_or(SandboxError::Signing)?;
        let tokens = Arc::new(tokens);
        let asked_for = self.settings.fault_header == Switch::On;
        let faults = FaultLayer::new(self.faults, asked_for, Arc::clone(&tokens));
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
            description,
        };

        let endpoints = router(service).layer(from_fn_with_state(Arc::new(faults), inject));
        let endpoints = endpoints.layer(map_response(say_sandbox));

        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(serve(listener, endpoints, stopped));
        tracing::debug!(%address, jobs = self.jobs, "sandbox listening");
        Ok(RunningSandbox { url, address, credentials, stop, server })
    }
}

/// The header by which every answer says that what the sandbox serves is made up.
const SANDBOX_HEADER: HeaderName = HeaderName::from_static("x-taskferry-sandbox");

async fn say_sandbox(mut response: Response) -> Response {
    response.headers_mut().insert(SANDBOX_HEADER, HeaderValue::from_static("1"));
    response
}

/// How many connections may wait to be taken; beyond it a client waits for a second or more.
const BACKLOG: u32 = 1024;

fn listen(address: SocketAddr) -> io::Result<TcpListener> {
    let socket = if address.is_ipv4() { TcpSocket::new_v4() } else { TcpSocket::new_v6() }?;
    // A port is free again as soon as a sandbox has stopped. Elsewhere the option would let two listen on one port.
    #[cfg(unix)]
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    socket.listen(BACKLOG)
}

/// An address that a client on this machine can connect to.
fn reachable(address: SocketAddr) -> SocketAddr {
    let ip = match address.ip() {
        IpAddr::V4(ip) if ip.is_unspecified() => Ipv4Addr::LOCALHOST.into(),
        IpAddr::V6(ip) if ip.is_unspecified() => Ipv6Addr::LOCALHOST.into(),
        ip => ip,
    };
    SocketAddr::new(ip, address.port())
}

/// A sandbox that listens. It stops when this is dropped; [`stop`](Self::stop) waits until it has.
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
    /// Where a client on this machine reaches it, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Where it takes webhooks: JSON of any shape, answered with 204.
    pub fn webhook_url(&self) -> String {
        format!("{}{WEBHOOK_PATH}", self.url)
    }

    /// What it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// How to get a token.
    pub fn credentials(&self) -> &Credentials {
        &self.credentials
    }

    /// Stops listening and waits for the requests under way, though not longer than 5 seconds: the connection of one that
    /// takes longer is ended.
    pub async fn stop(self) {
        drop(self.stop);
        let mut server = self.server;
        if tokio::time::timeout(PATIENCE, &mut server).await.is_err() {
            server.abort();
            let _ = server.await;
            tracing::warn!(
                "requests were still under way {} seconds after the sandbox was told to stop, and are given up",
                PATIENCE.as_secs()
            );
        }
    }
}
