//! Whether a resumed run of an ordered transform equals an uninterrupted one.

use super::instance::{Applied, Instance, same};
use super::report::{Exercised, Failure, Verdict};

/// The maximum number of records after which a run is resumed.
const MAX_RECORDS: usize = 60;

/// Resumes after each record.
pub(super) fn equals_uninterrupted(
    samples: &[String],
    instance: &dyn Fn() -> Result<Instance, Failure>,
) -> Verdict {
    let again = samples.iter().chain(samples);
    let records: Vec<String> = again.take(MAX_RECORDS).cloned().collect();
    let uninterrupted = instance()?.apply_all(&records)?;
    let mut running = instance()?;
    let mut so_far = Vec::new();
    for index in 0..=records.len() {
        let state = running.saved().ok_or_else(|| {
            Failure::new(format!(
                "`save` returns no state after {index} records, so interrupted runs start over"
            ))
        })?;
        let mut resumed = instance()?;
        resumed.restore(&state)?;
        if resumed.saved().as_ref() != Some(&state) {
            let shown = resumed.saved().unwrap_or_default();
            return Err(Failure::new(format!(
                "`save` after `restore` returns another state: {shown}"
            ))
            .with(state));
        }
        let mut results: Vec<Applied> = so_far.clone();
        for record in records.iter().skip(index) {
            results.push(resumed.apply(record)?);
        }
        results.push(resumed.finish()?);
        let message = format!("a run that resumes after {index} records differs");
        same(&records, &uninterrupted, &results, &message)?;
        if let Some(record) = records.get(index) {
            so_far.push(apply_once(&mut running, record)?);
        }
    }
    Ok(Exercised { count: records.len() + 1, unit: "resumed runs" })
}

/// Applies the transform to a record. A refused record must not change the state.
fn apply_once(running: &mut Instance, record: &str) -> Result<Applied, Failure> {
    let before = running.saved();
    let applied = running.apply(record)?;
    if matches!(applied, Applied::Refused { .. }) && running.saved() != before {
        return Err(Failure::new("a refused record has changed the state").with(record));
    }
    Ok(applied)
}
