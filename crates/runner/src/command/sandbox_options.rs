//! From the arguments of `taskferry sandbox` to the options of the sandbox.

use std::fmt::Write;

use taskferry_sandbox::{
    DataOrigin, DatabaseFile, FAULTS, Faults, Filled, SETTINGS, SandboxOptions, SandboxSettings,
    SettingProblem,
};

use super::arguments::SandboxArguments;

/// What the arguments come to.
///
/// # Errors
/// A setting that makes no sense, in words for the user.
pub(crate) fn of(arguments: SandboxArguments) -> Result<SandboxOptions, String> {
    let names_data =
        arguments.data.is_some() || arguments.jobs.is_some() || arguments.seed.is_some();
    let filled = match (arguments.replace, names_data) {
        (true, _) => Filled::Replace,
        (false, true) => Filled::Refuse,
        (false, false) => Filled::Serve,
    };
    let mut settings = SandboxSettings::default();
    for assignment in &arguments.setting {
        settings.set(assignment).map_err(|problem| problem.to_string())?;
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
