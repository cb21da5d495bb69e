//! Loads the data of the tenants.

use crate::clients::{DEFAULT_TENANT, check_tenant};
use crate::store::{Inserted, Loader, NewJob};
use crate::{
    DataOrigin, DatabaseFile, Filled, Generator, MAX_JOBS, OptionProblem, SandboxError,
    SandboxOptions, Tenant, dataset,
};

/// Loads the tenants of the options, except tenants whose stored data is served. Returns the names of all tenants, beginning with
/// the tenants of the options.
pub(crate) fn load_tenants(
    options: &SandboxOptions,
    loader: &mut Loader,
) -> Result<Vec<String>, SandboxError> {
    let stored = loader.tenants()?;
    let default = [Tenant { name: DEFAULT_TENANT.to_owned(), data: None, vendors: None }];
    let filled = options.database.as_ref().map(|database| database.filled);
    let named: &[Tenant] = match options.tenants.as_slice() {
        // All tenants of a database are served, including tenants that the options do not name.
        [] if filled == Some(Filled::Serve) && !stored.is_empty() => &[],
        [] => &default,
        tenants => tenants,
    };
    let mut tenants: Vec<String> = Vec::new();
    for (tenant, number) in named.iter().zip(0_u64..) {
        let name = &tenant.name;
        check_tenant(name)?;
        if tenants.contains(name) {
            return Err(
                OptionProblem(format!("the tenant `{name}` is given twice; remove one")).into()
            );
        }
        tenants.push(name.clone());
        if let Some(DatabaseFile { path, filled }) = &options.database {
            let expects_data = *filled == Filled::Serve || options.tenants.is_empty();
            match (stored.contains(name), filled) {
                (true, Filled::Serve) if tenant.data.is_none() => continue,
                (true, Filled::Serve | Filled::Refuse) => {
                    let message = format!(
                        "already has data of the tenant `{name}`: remove the options that select data to serve the stored data, or add `--replace` to delete it"
                    );
                    return Err(SandboxError::database(path, message));
                }
                // A tenant without data is probably a mistyped name.
                (false, _) if !stored.is_empty() && tenant.data.is_none() && expects_data => {
                    let message = format!(
                        "has no tenant `{name}`; its tenants are {}: use one of them, or add `--tenant NAME=FILE`",
                        stored.join(", ")
                    );
                    return Err(SandboxError::database(path, message));
                }
                _ => {}
            }
        }
        loader.begin_tenant(&tenant.name)?;
        match tenant.data.as_ref().unwrap_or(&options.data) {
            DataOrigin::Generated { jobs, .. } if *jobs > MAX_JOBS => {
                return Err(SandboxError::TooManyJobs { jobs: *jobs });
            }
            // Different seeds give the tenants different jobs.
            DataOrigin::Generated { jobs, seed } if tenant.data.is_none() => {
                generate(*jobs, seed.wrapping_add(number), loader)?;
            }
            DataOrigin::Generated { jobs, seed } => generate(*jobs, *seed, loader)?,
            DataOrigin::File(path) => dataset::load(path, loader)?,
        }
    }
    let others: Vec<_> = stored.into_iter().filter(|name| !tenants.contains(name)).collect();
    tenants.extend(others);
    Ok(tenants)
}

fn generate(jobs: u32, seed: u64, loader: &mut Loader) -> Result<(), SandboxError> {
    let generator = Generator::new(seed);
    for index in 0..jobs {
        let number = u64::from(index) + 1;
        let failed = |message: String| SandboxError::Generated { number, message };
        let job = generator.job(index);
        let tasks = serde_json::to_string(&job.tasks).map_err(|error| failed(error.to_string()))?;
        let inserted = loader.insert(&NewJob {
            position: number,
            profile: &job,
            last_updated: Some(generator.last_updated(index)),
            unknown_fields: None,
            tasks: &tasks,
        })?;
        match inserted {
            Inserted::New => {}
            Inserted::DuplicateId { of } | Inserted::OtherFamilyName { of, .. } => {
                return Err(failed(format!("it contradicts job {of}")));
            }
        }
    }
    Ok(())
}
