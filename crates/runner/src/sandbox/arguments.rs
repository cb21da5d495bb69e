//! The arguments of `taskferry sandbox`.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use taskferry_sandbox::{
    Client, FAULTS, Fault, PublicKey, SETTINGS, SandboxSettings, SyntaxProblem, Tenant,
};

use crate::wrap::two_columns;

#[derive(Debug, Args)]
pub(crate) struct SandboxArguments {
    /// The address to listen on. Port 0 selects a free port
    #[arg(long, alias = "port", value_name = "ADDRESS", default_value = "127.0.0.1:8080",
          value_parser = listen_address)]
    pub(crate) listen: SocketAddr,
    /// Serve the jobs in this file, one JSON object per line: .ndjson or .ndjson.gz
    #[arg(long, value_name = "FILE", conflicts_with_all = ["jobs", "seed"])]
    pub(crate) data: Option<PathBuf>,
    /// Generate this many jobs [default: 200]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u32).range(0..=i64::from(taskferry_sandbox::MAX_JOBS)))]
    pub(crate) jobs: Option<u32>,
    /// The seed of the generator: the same seed generates the same jobs [default: 1]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Keep the data in this SQLite file. If the file contains data and no other option selects data, the sandbox serves the
    /// data of the file
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
    /// Replace the data of a tenant in the database
    #[arg(long, requires = "database")]
    pub(crate) replace: bool,
    /// Serve this tenant, with the jobs in FILE and with these vendors activated. Tenants do not see each other's data.
    /// Repeatable [default: sandbox]
    #[arg(long, value_name = "NAME[=FILE][:vendors=NAME,NAME]")]
    pub(crate) tenant: Vec<Tenant>,
    /// Accept this client. It can read all jobs of the first tenant. `:tenant=NAME` selects another tenant, `:family=ID,ID`
    /// limits the client to these job families. Repeatable. Every tenant also has the client NAME-client with the secret NAME-secret
    #[arg(long, value_name = "ID:SECRET[:tenant=NAME][:family=ID,ID]")]
    pub(crate) client: Vec<Client>,
    /// Translate skills with this CSV file. Columns: `vendor`, `skill` or `skill_id`, `vendor_skill`. Optional columns:
    /// `vendor_skill_id`, `rank`
    #[arg(long, value_name = "FILE")]
    pub(crate) vocabulary: Option<PathBuf>,
    /// Change a behavior that the API's public pages do not specify. Repeatable. `--help` lists all settings
    #[arg(long, value_name = "NAME=VALUE", value_parser = checked_setting)]
    pub(crate) setting: Vec<String>,
    /// Register a public key (RSA, or ECDSA on P-256) of this client, so that it can request tokens with signed assertions.
    /// Repeatable
    #[arg(long, value_name = "CLIENT=FILE.pem")]
    pub(crate) public_key: Vec<PublicKey>,
    /// Simulate a fault: `429@3:retry-after=2` at the third request for a page, `503-html%10` at one of ten requests,
    /// `cut@4-6`, `latency=200ms`. Repeatable. `--help` lists all faults
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<Fault>,
    /// The seed of random faults [default: the seed of the jobs]
    #[arg(long, value_name = "NUMBER", requires = "fault")]
    pub(crate) fault_seed: Option<u64>,
    /// Write the address and the credentials to this file, as JSON, when the sandbox listens. The file is removed when the
    /// sandbox stops
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

fn checked_setting(assignment: &str) -> Result<String, SyntaxProblem> {
    SandboxSettings::default().set(assignment)?;
    Ok(assignment.to_owned())
}

/// Parses an address in one of the forms `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` or `8080`.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let help =
        "write an address like `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or only a port";
    let port =
        |port: &str| port.parse::<u16>().map_err(|_| format!("`{port}` is not a port; {help}"));
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    match text.rsplit_once(':') {
        None => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port(text)?))),
        Some(("" | "localhost", number)) => {
            Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port(number)?)))
        }
        Some(_) => Err(format!("`{text}` is not a valid address to listen on; {help}")),
    }
}

/// The maximum number of columns of the help.
const HELP_WIDTH: usize = 100;

/// The settings and faults, for the end of the help.
pub(crate) fn long_help() -> String {
    format!("{}\n\n{}", settings_help(), faults_help())
}

fn faults_help() -> String {
    let faults = FAULTS.iter().map(|fault| (fault.form, fault.about));
    "Faults. A fault applies to every request for a page. `@3`, `@3-5`, `@3-` or `%10` (one in ten, at random) \
     limit it to some of these requests. `:on=token` applies it to token requests, `:on=any` to all requests. \
     The header X-Sandbox-Fault adds a fault to one request:\n\n"
        .to_owned()
        + two_columns(faults, 14, HELP_WIDTH).trim_end()
}

fn settings_help() -> String {
    let settings = SETTINGS.iter().map(|setting| {
        format!(
            "\n\n  {}={}\n      {}\n      Reason for the default: {}. Values: {}.",
            setting.name,
            setting.default,
            setting.unknown,
            setting.reason,
            setting.values().replace('`', "")
        )
    });
    "Settings for behavior that the API's public pages do not specify:".to_owned()
        + &settings.collect::<String>()
}
