//! Options that name files.

use serde_json::Value;
use taskferry_http::{Connection, ConnectionOptions};
use taskferry_sdk::testing::Files;
use taskferry_sdk::{BuildContext, Endpoints, KeyPath, Problem, read_options};

/// The connection that these options configure.
pub(crate) fn checked(options: &Value, files: &Files) -> Result<Connection, Vec<Problem>> {
    let options: ConnectionOptions = read_options(options, &[])?;
    let endpoints = Endpoints::default();
    options.check(&KeyPath::of("connection"), &BuildContext::new(files, &endpoints))
}

pub(crate) fn connection(options: &Value) -> Connection {
    checked(options, &Files::new()).unwrap()
}
