//! The options of a sandbox.

use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use crate::clients::check_tenant;
use crate::settings::{SandboxSettings, Vendor, Vendors};
use crate::{Client, Faults, OptionProblem, PublicKey};

/// The largest number of jobs that can be generated.
pub const MAX_JOBS: u32 = 1_000_000;

/// The default number of generated jobs.
pub(crate) const DEFAULT_JOBS: u32 = 200;
/// The default seed.
pub(crate) const DEFAULT_SEED: u64 = 1;

/// The options of a sandbox.
#[derive(Debug, Clone)]
pub struct SandboxOptions {
    /// The jobs to serve. Default: 200 generated ones.
    pub data: DataOrigin,
    /// How long an access token is valid. Default: 3 hours, as in TechWolf's example.
    pub token_lifetime: Duration,
    /// The database file. Default: none; the data is in a private file that is deleted with the sandbox.
    pub database: Option<DatabaseFile>,
    /// The tenants; the first one is the default. Tenants that are already in the database are served as well. Default: one
    /// tenant named `sandbox`.
    pub tenants: Vec<Tenant>,
    /// The clients, in addition to the client `TENANT-client` with the secret `TENANT-secret` of every tenant.
    pub clients: Vec<Client>,
    /// The public keys of clients that sign their requests for tokens. Default: none.
    pub public_keys: Vec<PublicKey>,
    /// The faults to inject. Default: none.
    pub faults: Faults,
    /// The behavior where no public page documents the real API.
    pub settings: SandboxSettings,
    /// A CSV file with the vocabularies of vendors, which replace the built-in ones. Default: none.
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

/// The origin of the jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DataOrigin {
    /// Generated. The same seed gives the same jobs, and a job does not depend on their number.
    Generated {
        /// The number of jobs, at most [`MAX_JOBS`].
        jobs: u32,
        /// The seed.
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

/// A file that keeps the loaded data and later changes. The sandbox creates a missing file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DatabaseFile {
    /// The file.
    pub path: PathBuf,
    /// What to do if the file already contains data.
    pub filled: Filled,
}

/// The action for data that is already in a database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Filled {
    /// Serve the data. Fill an empty database; add to other databases only tenants that name a dataset.
    Serve,
    /// Refuse to replace it.
    Refuse,
    /// Delete the data of the tenants that are loaded.
    Replace,
}

/// A tenant, whose data no other tenant sees.
///
/// On the command line it is written `NAME` or `NAME=FILE`, optionally followed by `:vendors=techwolf,workday`.
///
/// ```
/// use taskferry_sandbox::{Tenant, Vendor};
///
/// let tenant: Tenant = "acme=acme.ndjson:vendors=techwolf".parse()?;
/// assert_eq!(tenant.vendors.unwrap().0, [Vendor::TechWolf]);
/// # Ok::<(), taskferry_sandbox::OptionProblem>(())
/// ```
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tenant {
    /// The name: 1 to 63 letters, digits, `_` and `-`.
    pub name: String,
    /// The jobs. `None`: the jobs of [`SandboxOptions::data`]; generated jobs then have a different seed in each tenant.
    pub data: Option<DataOrigin>,
    /// The activated vendors. `None`: the vendors of the setting `vendors`.
    pub vendors: Option<Vendors>,
}

impl FromStr for Tenant {
    type Err = OptionProblem;

    fn from_str(text: &str) -> Result<Self, OptionProblem> {
        let (rest, vendors) = match text.rsplit_once(":vendors=") {
            None => (text, None),
            Some((rest, names)) => {
                let vendors = names.parse::<Vendors>().map_err(|()| {
                    let known: Vec<_> = Vendor::ALL.iter().map(|vendor| vendor.as_str()).collect();
                    let known = known.join(", ");
                    OptionProblem(format!("`vendors={names}`: the vendors are {known}"))
                })?;
                (rest, Some(vendors))
            }
        };
        let (name, file) = match rest.split_once('=') {
            None => (rest, None),
            Some((name, "")) => {
                return Err(OptionProblem(format!(
                    "`{name}=` does not name a file: write `{name}` or `{name}=FILE`"
                )));
            }
            Some((name, file)) => (name, Some(DataOrigin::File(file.into()))),
        };
        check_tenant(name)?;
        Ok(Self { name: name.to_owned(), data: file, vendors })
    }
}
