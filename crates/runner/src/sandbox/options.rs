//! Converts the arguments of `taskferry sandbox` to the options of the sandbox.

use taskferry_sandbox::{
    DataOrigin, DatabaseFile, Faults, Filled, SandboxOptions, SandboxSettings,
};

use super::arguments::SandboxArguments;

pub(crate) fn from_arguments(arguments: SandboxArguments) -> Result<SandboxOptions, String> {
    let names_data =
        arguments.data.is_some() || arguments.jobs.is_some() || arguments.seed.is_some();
    let of_tenants = arguments.tenant.iter().filter(|tenant| tenant.data.is_some()).count();
    if names_data && of_tenants > 0 && of_tenants == arguments.tenant.len() {
        return Err(
            "`--data`, `--jobs` and `--seed` have no effect, because every `--tenant` names a file; remove them, or add a \
             `--tenant` without a file"
                .to_owned(),
        );
    }
    if arguments.replace && !names_data && of_tenants == 0 {
        return Err(
            "`--replace` deletes a tenant's data, but nothing selects the new data; add `--data`, `--jobs` or `--tenant \
             NAME=FILE`"
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
            return Err(format!("the setting `{name}` is given twice; remove one"));
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
