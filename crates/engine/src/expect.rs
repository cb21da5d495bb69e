//! Whether an export looks as it should.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use taskferry_core::ExpectOptions;

use crate::account::Account;

/// The last complete run, as the next one is compared with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    pub(crate) run_id: String,
    pub(crate) finished_at: Timestamp,
    pub(crate) jobs: u64,
}

/// What is not as expected, for people; nothing if all is.
pub(crate) fn violations(
    expect: &ExpectOptions,
    account: &Account,
    started_at: Timestamp,
    baseline: Option<&Baseline>,
) -> Vec<String> {
    let jobs = account.source.records;
    let mut found = Vec::new();
    if let Some(least) = expect.min_jobs.filter(|least| jobs < *least) {
        found.push(format!("{jobs} jobs came, fewer than `min_jobs` ({least})"));
    }
    if let (Some(percent), Some(last)) = (expect.max_drop_percent, baseline) {
        // In whole numbers, so that exactly the limit is not beyond it.
        let kept = u128::from(jobs) * 100;
        let needed = u128::from(last.jobs) * u128::from(100 - percent.min(100));
        if kept < needed {
            found.push(format!(
                "{jobs} jobs came, and {} in the last complete run ({}): a drop of more than \
                 `max_drop_percent` ({percent})",
                last.jobs, last.run_id
            ));
        }
    }
    if let Some(max_age) = expect.max_age {
        let age = Timestamp::now().duration_since(started_at).unsigned_abs();
        if age > max_age.get() {
            let seconds = age.as_secs();
            found.push(format!(
                "the run began {seconds} s ago, longer than `max_age` ({max_age}): its first pages \
                 may be out of date"
            ));
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskferry_core::Duration;

    fn violated(expect: &ExpectOptions, jobs: u64, last: Option<u64>) -> Vec<String> {
        let mut account = Account::default();
        account.source.records = jobs;
        let baseline = last.map(|jobs| Baseline {
            run_id: "r0".to_owned(),
            finished_at: Timestamp::UNIX_EPOCH,
            jobs,
        });
        violations(expect, &account, Timestamp::now(), baseline.as_ref())
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        let expect = ExpectOptions {
            min_jobs: Some(95),
            max_drop_percent: Some(5),
            max_age: Some(Duration::from_secs(60)),
            ..ExpectOptions::default()
        };
        assert_eq!(violated(&expect, 95, Some(100)), Vec::<String>::new());
        assert_eq!(violated(&expect, 95, None), Vec::<String>::new());
        assert_eq!(violated(&expect, 94, Some(100)).len(), 2);
        assert_eq!(violated(&expect, 95, Some(101)).len(), 1);
    }

    #[test]
    fn nothing_is_expected_unless_asked() {
        assert!(violated(&ExpectOptions::default(), 0, Some(1000)).is_empty());
    }

    #[test]
    fn a_run_that_took_too_long_is_noticed() {
        let expect =
            ExpectOptions { max_age: Some(Duration::from_secs(60)), ..ExpectOptions::default() };
        let found = violations(&expect, &Account::default(), Timestamp::UNIX_EPOCH, None);
        assert!(found[0].contains("longer than `max_age` (1m)"), "{found:?}");
    }
}
