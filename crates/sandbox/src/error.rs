//! What keeps a sandbox from starting.

use std::io;
use std::net::SocketAddr;
use std::path::PathBuf;

use crate::{ClientProblem, MAX_JOBS};

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
    /// The jobs could not be stored in the temporary database.
    #[error(
        "the sandbox's temporary database failed: {0}; is there room in the folder for temporary files?"
    )]
    Database(#[from] rusqlite::Error),
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
    /// The address can't be listened on.
    #[error("the sandbox can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the system says.
        source: io::Error,
    },
}
