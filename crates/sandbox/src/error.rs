//! Errors of loading and starting a sandbox.

use std::io;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};

use crate::{MAX_JOBS, OptionProblem};

/// Why a sandbox could not be loaded or started.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum SandboxError {
    /// The dataset or the vocabulary can't be opened.
    #[error("the {file} `{}` can't be opened: {source}", path.display())]
    Open {
        /// `dataset` or `vocabulary`.
        file: &'static str,
        /// The path of the file.
        path: PathBuf,
        /// The error of the system.
        source: io::Error,
    },
    /// A line of the dataset or of the vocabulary is not valid.
    #[error("line {line} of the {file} `{}`: {message}", path.display())]
    Line {
        /// `dataset` or `vocabulary`.
        file: &'static str,
        /// The path of the file.
        path: PathBuf,
        /// The line, from 1.
        line: u64,
        /// What is wrong.
        message: String,
    },
    /// More jobs were requested than can be generated.
    #[error("can't generate {jobs} jobs: the maximum is {MAX_JOBS}")]
    TooManyJobs {
        /// The requested number.
        jobs: u32,
    },
    /// A generated job could not be stored. This is a defect.
    #[error("the generated job {number} can't be stored: {message}")]
    Generated {
        /// The job, from 1.
        number: u64,
        /// Why.
        message: String,
    },
    /// The temporary database can't be used.
    #[error(
        "the temporary database of the sandbox can't be used: {message}; check the free space of the folder for \
         temporary files"
    )]
    TemporaryDatabase {
        /// Why.
        message: String,
    },
    /// The database file can't be used.
    #[error("the database `{}` {message}", path.display())]
    Database {
        /// The path of the file.
        path: PathBuf,
        /// Why, and what to do.
        message: String,
    },
    /// A client, a tenant or a public key is not valid.
    #[error(transparent)]
    Option(#[from] OptionProblem),
    /// The system has no random numbers.
    #[error("the system provides no random numbers to sign tokens with")]
    Signing,
    /// The sandbox can't listen on the address.
    #[error("the sandbox can't listen on {address}: {source}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// The error of the system.
        source: io::Error,
    },
}

impl SandboxError {
    /// `message` follows the name of the database.
    pub(crate) fn database(path: &Path, message: impl Into<String>) -> Self {
        Self::Database { path: path.to_owned(), message: message.into() }
    }

    pub(crate) fn unusable(path: &Path, reason: &str) -> Self {
        Self::database(path, format!("can't be used: {reason}"))
    }

    pub(crate) fn temporary(error: &dyn std::error::Error) -> Self {
        Self::TemporaryDatabase { message: error.to_string() }
    }
}
