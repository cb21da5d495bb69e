//! What keeps a sandbox from starting.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::{ClientProblem, KeyProblem, MAX_JOBS};

/// Why a sandbox could not be loaded or started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The dataset file could not be opened.
    #[error("the dataset `{}` can't be opened: {source}", path.display())]
    Open {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A line of the dataset file could not be read.
    #[error("line {line} of the dataset `{}` can't be read: {source}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What the system or the decompressor says.
        source: io::Error,
    },
    /// A line of the dataset file is no job.
    #[error("line {line} of the dataset `{}`: {message}", path.display())]
    Dataset {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// More jobs were asked for than can be generated.
    #[error("{jobs} jobs are too many: at most {MAX_JOBS} can be generated")]
    TooManyJobs {
        /// The number asked for.
        jobs: u32,
    },
    /// The data could not be stored in the private temporary database.
    #[error(
        "the sandbox's temporary database failed: {0}; is there room in the folder for temporary files?"
    )]
    Database(#[from] rusqlite::Error),
    /// There is no place for the private temporary database.
    #[error("the sandbox's temporary database can't be made: {source}")]
    TemporaryFile {
        /// What the system says.
        source: io::Error,
    },
    /// A tenant was named that has no data, and nothing to load.
    #[error(
        "the database `{}` has no tenant `{tenant}`, only {}: name one of these, or what to load for it",
        path.display(),
        stored.join(", ")
    )]
    NoSuchTenant {
        /// The file.
        path: PathBuf,
        /// The tenant.
        tenant: String,
        /// Those that it has.
        stored: Vec<String>,
    },
    /// The database file can't be opened, read or written.
    #[error("the database `{}` can't be used: {source}", path.display())]
    DatabaseFile {
        /// The file.
        path: PathBuf,
        /// What SQLite says.
        source: rusqlite::Error,
    },
    /// The file is not a database that this sandbox can use.
    #[error("`{}` can't be used as the database: {reason}", path.display())]
    WrongDatabase {
        /// The file.
        path: PathBuf,
        /// Why, and what to do.
        reason: String,
    },
    /// Someone else uses the database file.
    #[error(
        "the database `{}` is in use by another process: stop it, or load into another file",
        path.display()
    )]
    DatabaseInUse {
        /// The file.
        path: PathBuf,
    },
    /// A tenant was to be loaded who has data already.
    #[error(
        "the database `{}` holds data of the tenant `{tenant}` already: leave out what to load to serve it, or say \
         `--replace` to throw it away",
        path.display()
    )]
    Filled {
        /// The file.
        path: PathBuf,
        /// The tenant.
        tenant: String,
    },
    /// The vocabulary file could not be read.
    #[error("the vocabulary `{}` can't be opened: {source}", path.display())]
    OpenVocabulary {
        /// The file.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// A row of the vocabulary file makes no sense.
    #[error("line {line} of the vocabulary `{}`: {message}", path.display())]
    Vocabulary {
        /// The file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong with it.
        message: String,
    },
    /// A generated job could not be stored: a defect of the generator.
    #[error("the generated job {number} can't be stored: {message}")]
    Generated {
        /// The job, from 1.
        number: u64,
        /// Why.
        message: String,
    },
    /// A client or a tenant makes no sense.
    #[error(transparent)]
    Client(#[from] ClientProblem),
    /// A public key can't be used.
    #[error(transparent)]
    Key(#[from] KeyProblem),
    /// The system has no random numbers to sign tokens with.
    #[error("the system gives no random numbers to sign tokens with")]
    Signing,
    /// The address can't be listened on.
    #[error("the sandbox can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}
