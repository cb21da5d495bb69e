//! Loads the data of the tenants.

use crate::clients::{DEFAULT_TENANT, check_tenant};
use crate::store::{Inserted, Loader, NewJob};
use crate::{
    ClientProblem, DataOrigin, DatabaseFile, Filled, Generator, MAX_JOBS, SandboxError,
    SandboxOptions, Tenant, dataset,
};

/// Loads the tenants that have no data yet. Returns the names of all tenants, those of the options first.
pub(crate) fn load_tenants(
    options: &SandboxOptions,
    loader: &mut Loader,
) -> Result<Vec<String>, SandboxError> {
    let stored = loader.tenants()?;
    if let Some(DatabaseFile { path, filled: Filled::Refuse | Filled::Replace }) = &options.database
        && options.tenants.is_empty()
        && !stored.is_empty()
        && !stored.iter().any(|name| name == DEFAULT_TENANT)
    {
        let (path, tenant) = (path.clone(), DEFAULT_TENANT.to_owned());
        return Err(SandboxError::NoSuchTenant { path, tenant, stored });
    }
    let mut tenants: Vec<String> = Vec::new();
    let only = [Tenant { name: DEFAULT_TENANT.to_owned(), data: None, vendors: None }];
    // All tenants of a database are served, also those that the options do not name.
    let unnamed: &[Tenant] = match &options.database {
        Some(DatabaseFile { filled: Filled::Serve, .. }) if !stored.is_empty() => &[],
        _ => &only,
    };
    let named = if options.tenants.is_empty() { unnamed } else { &options.tenants };
    for (tenant, number) in named.iter().zip(0_u64..) {
        check_tenant(&tenant.name)?;
        if tenants.contains(&tenant.name) {
            return Err(
                ClientProblem::new(format!("the tenant `{}` occurs twice", tenant.name)).into()
            );
        }
        tenants.push(tenant.name.clone());
        if let Some(DatabaseFile { path, filled }) = &options.database
            && stored.contains(&tenant.name)
        {
            match filled {
                Filled::Serve if tenant.data.is_none() => continue,
                Filled::Replace => {}
                Filled::Serve | Filled::Refuse => {
                    let (path, tenant) = (path.clone(), tenant.name.clone());
                    return Err(SandboxError::Filled { path, tenant });
                }
            }
        }
        // A tenant without data is probably a mistyped name.
        if let Some(DatabaseFile { path, filled: Filled::Serve }) = &options.database
            && tenant.data.is_none()
            && !stored.is_empty()
        {
            let (path, tenant) = (path.clone(), tenant.name.clone());
            return Err(SandboxError::NoSuchTenant { path, tenant, stored });
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
            external_id: &job.external_id,
            name: job.job_name.as_deref(),
            family_id: job.job_family_id.as_deref(),
            family_name: job.job_family_name.as_deref(),
            last_updated: Some(generator.last_updated(index)),
            unknown_fields: None,
            tasks: &tasks,
        })?;
        match inserted {
            Inserted::New => {}
            Inserted::DuplicateId { of } => {
                return Err(failed(format!("its id is that of job {of}")));
            }
            Inserted::OtherFamilyName { name, of } => {
                return Err(failed(format!("job {of} has the family name {name:?}")));
            }
        }
    }
    Ok(())
}
