//! What a sandbox serves and how.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::clients::check_tenant;
use crate::settings::{SandboxSettings, Vendor, Vendors};
use crate::{Client, ClientProblem, Faults, PublicKey};

/// The largest number of jobs that can be generated.
pub const MAX_JOBS: u32 = 1_000_000;

/// How many jobs are generated when nothing is said.
pub(crate) const DEFAULT_JOBS: u32 = 200;
/// Which jobs are generated when nothing is said.
pub(crate) const DEFAULT_SEED: u64 = 1;

/// How a sandbox is set up.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SandboxOptions {
    /// The jobs to serve. Default: 200 generated ones.
    pub data: DataOrigin,
    /// How long an access token is good for. Default: 3 hours, as in TechWolf's example.
    pub token_lifetime: Duration,
    /// The file that keeps the data. Default: none; a private one that vanishes with the sandbox.
    pub database: Option<DatabaseFile>,
    /// Whose data there is, the most important tenant first; those that a database holds already are served as well.
    /// Default: one tenant called `sandbox`.
    pub tenants: Vec<Tenant>,
    /// Who may ask for tokens, besides the client `TENANT-client` with the secret `TENANT-secret` that every tenant has.
    pub clients: Vec<Client>,
    /// The public keys of clients that sign their requests for tokens. Default: none.
    pub public_keys: Vec<PublicKey>,
    /// What goes wrong on purpose. Default: nothing.
    pub faults: Faults,
    /// How it behaves where the real API's behaviour is not public.
    pub settings: SandboxSettings,
    /// A CSV file with the words of vendors, in place of the built-in ones. Default: none.
    pub vocabulary: Option<PathBuf>,
}

impl Default for SandboxOptions {
    fn default() -> Self {
        Self {
            data: DataOrigin::default(),
            token_lifetime: Duration::from_hours(3),
            database: None,
            tenants: Vec::new(),
            clients: Vec::new(),
            public_keys: Vec::new(),
            faults: Faults::default(),
            settings: SandboxSettings::default(),
            vocabulary: None,
        }
    }
}

/// Where the jobs come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataOrigin {
    /// Made up. The same seed gives the same jobs, and a job does not depend on how many are asked for.
    Generated {
        /// How many, at most [`MAX_JOBS`].
        jobs: u32,
        /// Which ones.
        seed: u64,
    },
    /// Read from a dataset file: one [`JobProfile`](taskferry_profile::model::JobProfile) a line as JSON, oldest
    /// job first, plain or compressed with gzip.
    File(PathBuf),
}

impl Default for DataOrigin {
    /// 200 generated jobs with seed 1.
    fn default() -> Self {
        Self::Generated { jobs: DEFAULT_JOBS, seed: DEFAULT_SEED }
    }
}

/// A file that keeps what was loaded and changed. It is made if it does not exist.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFile {
    /// The file.
    pub path: PathBuf,
    /// What to do if a tenant has data in it already.
    pub filled: Filled,
}

/// What to do with data that a database holds already.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// Serve it. A database that holds nothing is loaded; to one that does, only tenants with data of their own are added.
    Serve,
    /// Refuse to load over it.
    Refuse,
    /// Load, and throw away what the tenant had.
    Replace,
}

/// A tenant, whose data no other tenant sees.
///
/// On the command line it is `NAME` or `NAME=FILE`, behind which `:vendors=techwolf,workday` may follow.
///
/// ```
/// use taskferry_sandbox::{Tenant, Vendor};
///
/// let tenant: Tenant = "acme=acme.ndjson:vendors=techwolf".parse()?;
/// assert_eq!(tenant.vendors.unwrap().0, [Vendor::TechWolf]);
/// # Ok::<(), taskferry_sandbox::ClientProblem>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// Its name: 1 to 63 letters, digits, `_` and `-`.
    pub name: String,
    /// Its jobs. None: those of [`SandboxOptions::data`], though generated ones with a seed of their own.
    pub data: Option<DataOrigin>,
    /// The vendors that it has activated. None: those of the setting `vendors`.
    pub vendors: Option<Vendors>,
}

impl FromStr for Tenant {
    type Err = ClientProblem;

    fn from_str(text: &str) -> Result<Self, ClientProblem> {
        let (rest, vendors) = match text.rsplit_once(":vendors=") {
            None => (text, None),
            Some((rest, names)) => {
                let vendors = names.parse::<Vendors>().map_err(|()| {
                    let known: Vec<_> = Vendor::ALL.iter().map(|vendor| vendor.as_str()).collect();
                    let known = known.join(", ");
                    ClientProblem::new(format!("`vendors={names}`: the vendors are {known}"))
                })?;
                (rest, Some(vendors))
            }
        };
        let (name, file) = match rest.split_once('=') {
            None => (rest, None),
            Some((name, "")) => {
                return Err(ClientProblem::new(format!(
                    "`{name}=` names no file: write `{name}`, or `{name}=FILE`"
                )));
            }
            Some((name, file)) => (name, Some(DataOrigin::File(file.into()))),
        };
        check_tenant(name)?;
        Ok(Self { name: name.to_owned(), data: file, vendors })
    }
}
