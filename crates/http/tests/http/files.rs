//! Options that name files.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;
use taskferry_http::{Connection, ConnectionOptions};
use taskferry_sdk::{BuildContext, Endpoints, InputFiles, KeyPath, Problem, read_options};

/// Files in memory.
#[derive(Debug, Default)]
pub(crate) struct Files(pub(crate) BTreeMap<&'static str, Vec<u8>>);

impl InputFiles for Files {
    fn resolve(&self, path: &Path) -> PathBuf {
        Path::new("/pipelines").join(path)
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        let content = path.to_str().and_then(|name| self.0.get(name));
        content.cloned().ok_or_else(|| io::ErrorKind::NotFound.into())
    }
}

/// The connection that these options configure.
pub(crate) fn checked(options: &Value, files: &Files) -> Result<Connection, Vec<Problem>> {
    let options: ConnectionOptions = read_options(options, &[])?;
    let endpoints = Endpoints::default();
    options.check(&KeyPath::of("connection"), &BuildContext::new(files, &endpoints))
}

pub(crate) fn connection(options: &Value) -> Connection {
    checked(options, &Files::default()).unwrap()
}
