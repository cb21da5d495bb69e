//! The arguments of `taskferry sandbox`.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::Args;
use taskferry_sandbox::{
    Client, FAULTS, Fault, PublicKey, SETTINGS, SandboxSettings, SettingProblem, Tenant,
};

#[derive(Debug, Args)]
pub(crate) struct SandboxArguments {
    /// The address to listen on. Port 0 selects a free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080",
          value_parser = listen_address)]
    pub(crate) listen: SocketAddr,
    /// Serve the jobs in this file, one JSON object a line: .ndjson or .ndjson.gz
    #[arg(long, value_name = "FILE", conflicts_with_all = ["jobs", "seed"])]
    pub(crate) data: Option<PathBuf>,
    /// Serve this many made-up jobs [default: 200]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u32).range(0..=i64::from(taskferry_sandbox::MAX_JOBS)))]
    pub(crate) jobs: Option<u32>,
    /// The seed of the made-up jobs: the same seed generates the same jobs [default: 1]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Keep the data in this file across restarts. A file with data is served as it is unless other options select data to
    /// load
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
    /// Replace the data of a tenant in the database
    #[arg(long, requires = "database")]
    pub(crate) replace: bool,
    /// Serve this tenant, with the jobs in FILE and with these vendors activated. Tenants do not see each other's data.
    /// Repeatable [default: sandbox]
    #[arg(long, value_name = "NAME[=FILE][:vendors=NAME,NAME]")]
    pub(crate) tenant: Vec<Tenant>,
    /// Accept this client, for the first tenant and all jobs unless `:tenant=NAME` or `:family=ID,ID` restrict it. Repeatable.
    /// Every tenant also has the client NAME-client with the secret NAME-secret
    #[arg(long, value_name = "ID:SECRET[:tenant=NAME][:family=ID,ID]")]
    pub(crate) client: Vec<Client>,
    /// Name skills as in this CSV file, with the columns `vendor`, `skill` or `skill_id`, `vendor_skill`, and optionally
    /// `vendor_skill_id` and `rank`
    #[arg(long, value_name = "FILE")]
    pub(crate) vocabulary: Option<PathBuf>,
    /// Change a behaviour that the API's public pages do not specify. Repeatable. `--help` lists all settings
    #[arg(long, value_name = "NAME=VALUE", value_parser = checked_setting)]
    pub(crate) setting: Vec<String>,
    /// Accept assertions that this client signs with the private key of this public key, RSA or ECDSA on P-256. Repeatable
    #[arg(long, value_name = "CLIENT=FILE.pem")]
    pub(crate) public_key: Vec<PublicKey>,
    /// Simulate a fault: `429@3:retry-after=2` at the third request for a page, `503-html%10` at one in ten, `cut@4-6`,
    /// `latency=200ms`. Repeatable. `--help` lists all faults
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

/// Checks a setting.
fn checked_setting(assignment: &str) -> Result<String, SettingProblem> {
    SandboxSettings::default().set(assignment)?;
    Ok(assignment.to_owned())
}

/// Parses an address in one of the forms `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` or `8080`.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let help =
        "write an address like `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or a port alone";
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
        Some(_) => Err(format!("`{text}` is not an address of this machine; {help}")),
    }
}

/// The settings and faults, for the end of the help.
pub(crate) fn long_help() -> String {
    format!("{}\n\n{}", settings_help(), faults_help())
}

fn faults_help() -> String {
    let mut help = "Faults. Each applies to every request for a page; `@3`, `@3-5`, `@3-` or `%10` (one in ten, at random) \
                    select some of them; `:on=token` or `:on=any` select other requests. The header X-Sandbox-Fault \
                    adds a fault to one request:\n"
        .to_owned();
    for fault in FAULTS {
        // Writing to a string can't fail.
        let _ = write!(help, "\n  {:<16} {}", fault.form, fault.about);
    }
    help
}

/// All settings.
fn settings_help() -> String {
    let mut help = "Settings, for behaviour that the API's public pages do not specify:".to_owned();
    for setting in SETTINGS {
        // Writing to a string can't fail.
        let _ = write!(
            help,
            "\n\n  {}={}\n      {}\n      Default because {}. Values: {}.",
            setting.name,
            setting.default,
            setting.unknown,
            setting.reason,
            setting.values().replace('`', "")
        );
    }
    help
}
