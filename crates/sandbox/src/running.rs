//! Loading and serving.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;

use axum::serve::ListenerExt;
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use crate::access::Tokens;
use crate::clients::{Clients, DEFAULT_TENANT};
use crate::http::{Service, WEBHOOK_PATH, router};
use crate::store::{Inserted, Loading, NewJob, Store};
use crate::{
    Credentials, DataOrigin, Generator, MAX_JOBS, SandboxError, SandboxOptions, SandboxSettings,
    dataset,
};

/// How long a request may still take when the sandbox is told to stop.
const PATIENCE: Duration = Duration::from_secs(5);

/// A sandbox with its jobs loaded, ready to be served.
#[derive(Debug)]
pub struct Sandbox {
    store: Store,
    jobs: u64,
    token_lifetime: Duration,
    clients: Clients,
    settings: SandboxSettings,
    first_tenant: String,
}

impl Sandbox {
    /// Generates the jobs, or reads and checks the dataset file. It blocks: some milliseconds for the default, some
    /// seconds for 100,000 jobs. Async code calls it through `spawn_blocking`.
    ///
    /// # Errors
    /// The dataset can't be read, or one of its lines is no job; too many jobs; no room for the database.
    pub fn load(options: SandboxOptions) -> Result<Self, SandboxError> {
        let mut loading = Loading::begin()?;
        match options.data {
            DataOrigin::Generated { jobs, .. } if jobs > MAX_JOBS => {
                return Err(SandboxError::TooManyJobs { jobs });
            }
            DataOrigin::Generated { jobs, seed } => generate(jobs, seed, &mut loading)?,
            DataOrigin::File(path) => dataset::load(&path, &mut loading)?,
        }
        let store = loading.finish()?;
        let jobs = store.jobs()?;
        let tenants = vec![DEFAULT_TENANT.to_owned()];
        let clients = Clients::new(options.clients, &tenants)?;
        let first_tenant = DEFAULT_TENANT.to_owned();
        let SandboxOptions { token_lifetime, settings, .. } = options;
        Ok(Self { store, jobs, token_lifetime, clients, settings, first_tenant })
    }

    /// Number of jobs.
    pub fn jobs(&self) -> u64 {
        self.jobs
    }

    /// Starts to listen. Port 0 is a free port.
    ///
    /// # Errors
    /// The address can't be listened on.
    pub async fn serve(self, address: SocketAddr) -> Result<RunningSandbox, SandboxError> {
        let failed = |source| SandboxError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(failed)?;
        let address = listener.local_addr().map_err(failed)?;
        // A page is far larger than a packet; its last packet must not wait for an acknowledgement.
        let listener = listener.tap_io(|stream| {
            let _ = stream.set_nodelay(true);
        });
        let url = format!("http://{}", reachable(address));
        let credentials = Credentials::at(&url, self.clients.of_tenant(&self.first_tenant));
        let service = Service {
            store: self.store,
            tokens: Tokens::new(self.token_lifetime),
            clients: self.clients,
            settings: self.settings,
        };

        let (stop, stopped) = oneshot::channel::<()>();
        let server = tokio::spawn(async move {
            let serving = axum::serve(listener, router(service)).with_graceful_shutdown(async {
                // Sent or dropped: both mean stop.
                let _ = stopped.await;
            });
            if let Err(error) = serving.await {
                tracing::error!(%error, "the sandbox stopped listening");
            }
        });
        tracing::debug!(%address, jobs = self.jobs, "sandbox listening");
        Ok(RunningSandbox { url, address, credentials, stop, server })
    }
}

fn generate(jobs: u32, seed: u64, loading: &mut Loading) -> Result<(), SandboxError> {
    let generator = Generator::new(seed);
    for index in 0..jobs {
        let number = u64::from(index) + 1;
        let failed = |message: String| SandboxError::Generated { number, message };
        let job = generator.job(index);
        let tasks = serde_json::to_string(&job.tasks).map_err(|error| failed(error.to_string()))?;
        let inserted = loading.insert(&NewJob {
            position: number,
            external_id: &job.external_id,
            name: job.job_name.as_deref(),
            family_id: job.job_family_id.as_deref(),
            family_name: job.job_family_name.as_deref(),
            tasks: &tasks,
        })?;
        if let Inserted::Duplicate { of } = inserted {
            return Err(failed(format!("it has the id of job {of}")));
        }
    }
    Ok(())
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

    /// Stops listening and waits for the requests under way, though not longer than 5 seconds.
    pub async fn stop(self) {
        drop(self.stop);
        let mut server = self.server;
        if tokio::time::timeout(PATIENCE, &mut server).await.is_err() {
            server.abort();
        }
    }
}
