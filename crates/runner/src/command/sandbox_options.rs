//! From the arguments of `taskferry sandbox` to the options of the sandbox.

use std::fmt::Write;
use std::net::{Ipv4Addr, SocketAddr};

use taskferry_sandbox::{
    DataOrigin, DatabaseFile, FAULTS, Faults, Filled, SETTINGS, SandboxOptions, SandboxSettings,
    SettingProblem,
};

use super::arguments::SandboxArguments;

/// What the arguments come to.
///
/// # Errors
/// Options that make no sense, alone or together, in words for the user.
pub(crate) fn of(arguments: SandboxArguments) -> Result<SandboxOptions, String> {
    let names_data =
        arguments.data.is_some() || arguments.jobs.is_some() || arguments.seed.is_some();
    let of_tenants = arguments.tenant.iter().filter(|tenant| tenant.data.is_some()).count();
    if names_data && of_tenants > 0 && of_tenants == arguments.tenant.len() {
        return Err(
            "every tenant has a file of its own: leave out `--data`, `--jobs` and `--seed`, or \
                    name a tenant without a file"
                .to_owned(),
        );
    }
    if arguments.replace && !names_data && of_tenants == 0 {
        return Err(
            "`--replace` throws away what a tenant has: say what to load in its place, with \
                    `--data`, `--jobs` or `--tenant NAME=FILE`"
                .to_owned(),
        );
    }
    let filled = match (arguments.replace, names_data) {
        (true, _) => Filled::Replace,
        (false, true) => Filled::Refuse,
        (false, false) => Filled::Serve,
    };
    let mut settings = SandboxSettings::default();
    let mut set: Vec<&str> = Vec::new();
    for assignment in &arguments.setting {
        settings.set(assignment).map_err(|problem| problem.to_string())?;
        let name = assignment.split('=').next().unwrap_or_default().trim();
        if set.contains(&name) {
            return Err(format!("the setting `{name}` is given twice: leave one of them out"));
        }
        set.push(name);
    }
    let fault_seed = arguments.fault_seed.or(arguments.seed).unwrap_or(1);
    Ok(SandboxOptions {
        data: data(&arguments),
        database: arguments.database.map(|path| DatabaseFile { path, filled }),
        tenants: arguments.tenant,
        clients: arguments.client,
        public_keys: arguments.public_key,
        faults: Faults { faults: arguments.fault, seed: fault_seed },
        settings,
        vocabulary: arguments.vocabulary,
        ..SandboxOptions::default()
    })
}

fn data(arguments: &SandboxArguments) -> DataOrigin {
    match (&arguments.data, DataOrigin::default()) {
        (Some(file), _) => DataOrigin::File(file.clone()),
        (None, DataOrigin::Generated { jobs, seed }) => DataOrigin::Generated {
            jobs: arguments.jobs.unwrap_or(jobs),
            seed: arguments.seed.unwrap_or(seed),
        },
        (None, file @ DataOrigin::File(_)) => file,
    }
}

/// A setting as it was written, once it is known to make sense.
pub(crate) fn checked_setting(assignment: &str) -> Result<String, SettingProblem> {
    SandboxSettings::default().set(assignment)?;
    Ok(assignment.to_owned())
}

/// Where to listen, as people write it: `127.0.0.1:8080`, `[::1]:8080`, `localhost:8080`, `:8080` or `8080`.
pub(crate) fn listen_address(text: &str) -> Result<SocketAddr, String> {
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
            setting.values.replace('`', "")
        );
    }
    help
}
