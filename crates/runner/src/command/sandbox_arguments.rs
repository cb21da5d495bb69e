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
    /// Where to listen; port 0 takes a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8080",
          value_parser = listen_address)]
    pub(crate) listen: SocketAddr,
    /// Serve this dataset: one job a line as JSON, .ndjson or .ndjson.gz
    #[arg(long, value_name = "FILE", conflicts_with_all = ["jobs", "seed"])]
    pub(crate) data: Option<PathBuf>,
    /// Serve this many made-up jobs [default: 200]
    #[arg(long, value_name = "NUMBER", allow_negative_numbers = true,
          value_parser = clap::value_parser!(u32).range(0..=i64::from(taskferry_sandbox::MAX_JOBS)))]
    pub(crate) jobs: Option<u32>,
    /// Which made-up jobs: the same seed gives the same ones [default: 1]
    #[arg(long, value_name = "NUMBER")]
    pub(crate) seed: Option<u64>,
    /// Keep the data in this file, so that it is there after a restart; without it the data goes with the process.
    /// What the file holds already is served unless something to load is named
    #[arg(long, value_name = "FILE")]
    pub(crate) database: Option<PathBuf>,
    /// Throw away what a tenant has in the database, and load anew
    #[arg(long, requires = "database")]
    pub(crate) replace: bool,
    /// Serve this tenant, whose data no other tenant sees, with a dataset of its own if a file is named, and with these
    /// vendors activated if `:vendors=NAME,NAME` follows; can be given several times [default: sandbox]
    #[arg(long, value_name = "NAME[=FILE][:vendors=NAME,NAME]")]
    pub(crate) tenant: Vec<Tenant>,
    /// Know this client, for the first tenant and all jobs unless `:tenant=NAME` or `:family=ID,ID` say otherwise; can be
    /// given several times. Every tenant has the client NAME-client with the secret NAME-secret besides
    #[arg(long, value_name = "ID:SECRET[:tenant=NAME][:family=ID,ID]")]
    pub(crate) client: Vec<Client>,
    /// Call skills what this CSV file says, with the columns `vendor`, `skill` or `skill_id`, `vendor_skill`, and if need be
    /// `vendor_skill_id` and `rank`
    #[arg(long, value_name = "FILE")]
    pub(crate) vocabulary: Option<PathBuf>,
    /// Behave in another way where the real API's is not public; can be given several times. `--help` lists all settings
    #[arg(long, value_name = "NAME=VALUE", value_parser = checked_setting)]
    pub(crate) setting: Vec<String>,
    /// Give tokens to this client for what it signs with the private key of this public one, RSA or ECDSA on P-256; can
    /// be given several times
    #[arg(long, value_name = "CLIENT=FILE.pem")]
    pub(crate) public_key: Vec<PublicKey>,
    /// Let this go wrong: `429@3:retry-after=2` at the third request for a page, `503-html%10` at one in ten, `cut@4-6`,
    /// `latency=200ms`; can be given several times. `--help` lists all faults
    #[arg(long, value_name = "FAULT")]
    pub(crate) fault: Vec<Fault>,
    /// Which requests are met by faults that come by chance [default: the seed of the jobs]
    #[arg(long, value_name = "NUMBER", requires = "fault")]
    pub(crate) fault_seed: Option<u64>,
    /// Write the address and the credentials to this file, as JSON, once the sandbox listens; it goes when the sandbox
    /// stops
    #[arg(long, value_name = "FILE")]
    pub(crate) ready_file: Option<PathBuf>,
}

/// A setting as it was written, once it is known to make sense.
fn checked_setting(assignment: &str) -> Result<String, SettingProblem> {
    SandboxSettings::default().set(assignment)?;
    Ok(assignment.to_owned())
}

/// Where to listen, as people write it: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` or `8080`.
fn listen_address(text: &str) -> Result<SocketAddr, String> {
    let help =
        "write an address like `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, or a port alone";
    let port = |port: &str| port.parse::<u16>().map_err(|_| format!("`{port}` is no port; {help}"));
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    match text.rsplit_once(':') {
        None => Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port(text)?))),
        Some(("" | "localhost", number)) => {
            Ok(SocketAddr::from((Ipv4Addr::LOCALHOST, port(number)?)))
        }
        Some(_) => Err(format!("`{text}` is no address of this machine; {help}")),
    }
}

/// All settings and faults, for the end of the help.
pub(crate) fn long_help() -> String {
    format!("{}\n\n{}", settings_help(), faults_help())
}

fn faults_help() -> String {
    let mut help = "Faults, which come with each request for a page unless `@3` (the third one), `@3-5`, `@3-` or `%10` \
                    (one in ten, by chance) follows; `:on=token` or `:on=any` counts other requests. A request can ask \
                    for its own by the header X-Sandbox-Fault:\n"
        .to_owned();
    for fault in FAULTS {
        // Writing to a string can't fail.
        let _ = write!(help, "\n  {:<16} {}", fault.form, fault.about);
    }
    help
}

/// All settings.
fn settings_help() -> String {
    let mut help = "Settings, for what no public page says about the API:".to_owned();
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
