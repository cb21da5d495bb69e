//! Whether an export looks as it should.

use std::collections::BTreeMap;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use taskferry_pipeline::ExpectOptions;

use crate::account::Account;

/// A complete run, as later ones are compared with it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    pub(crate) run_id: String,
    pub(crate) finished_at: Timestamp,
    pub(crate) jobs: u64,
    #[serde(default)]
    pub(crate) exit_code: u8,
    /// What it read, as [`Pipeline::listing_digest`](taskferry_sdk::Pipeline::listing_digest) has it. Runs of earlier
    /// versions did not say.
    #[serde(default)]
    pub(crate) listing: Option<String>,
    /// The digest of the pipeline. Runs of earlier versions did not say.
    #[serde(default)]
    pub(crate) pipeline: Option<String>,
    /// Records delivered to each sink, by its name.
    #[serde(default)]
    pub(crate) delivered: BTreeMap<String, u64>,
}

/// What is kept of complete runs: the last one, and of each other listing that was read the last one that read it.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CompleteRuns {
    #[serde(flatten)]
    pub(crate) last: Baseline,
    /// Newest first.
    #[serde(default)]
    pub(crate) earlier: Vec<Baseline>,
}

/// How many are kept.
const MOST_LISTINGS: usize = 8;

impl Baseline {
    fn read(&self, listing: &str) -> bool {
        self.listing.as_deref().is_none_or(|read| read == listing)
    }
}

impl CompleteRuns {
    /// With one more, which takes the place of those that read the same listing.
    pub(crate) fn followed_by(before: Option<Self>, last: Baseline) -> Self {
        let listing = last.listing.clone().unwrap_or_default();
        let before =
            before.into_iter().flat_map(|all| std::iter::once(all.last).chain(all.earlier));
        let earlier = before.filter(|run| !run.read(&listing)).take(MOST_LISTINGS - 1).collect();
        Self { last, earlier }
    }
}

/// What an export is compared with.
#[derive(Debug, Clone, Default)]
pub(crate) enum Comparison {
    /// Nothing: there was no complete run yet.
    #[default]
    Nothing,
    /// Complete runs, one of which may have read the same listing.
    With {
        /// The last one, whatever it read.
        last: Box<Baseline>,
        /// The last one that read the same.
        same: Option<Box<Baseline>>,
    },
    /// There is something, and it can't be read.
    Lost,
}

impl Comparison {
    /// What a run of this listing is compared with.
    pub(crate) fn of(complete: CompleteRuns, listing: &str) -> Self {
        let CompleteRuns { last, earlier } = complete;
        let same = std::iter::once(&last).chain(&earlier).find(|run| run.read(listing));
        Self::With { same: same.cloned().map(Box::new), last: Box::new(last) }
    }

    /// The last complete run, if it is known.
    pub(crate) fn last(&self) -> Option<&Baseline> {
        match self {
            Self::With { last, .. } => Some(&**last),
            Self::Nothing | Self::Lost => None,
        }
    }

    /// A warning where `max_drop_percent` was asked for and there is nothing to compare with but another listing, or the
    /// runs that an experiment is not compared with.
    pub(crate) fn warning(&self, expect: &ExpectOptions, is_experiment: bool) -> Option<String> {
        expect.max_drop_percent?;
        let why = match self {
            Self::With { last, same: None } => format!(
                "the last complete run ({}) read something else, as the options of [source] were others",
                last.run_id
            ),
            Self::Nothing if is_experiment => {
                "`--set` changes what comes out, and no run of the same `--set` was complete before"
                    .to_owned()
            }
            Self::With { .. } | Self::Nothing | Self::Lost => return None,
        };
        Some(format!("`max_drop_percent` was not looked at: {why}"))
    }
}

/// Something that is not as expected.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Violation {
    /// What it is, for people.
    pub message: String,
    /// What to give the next run for it to be as expected: `expect.min_jobs=80`.
    pub accept: String,
}

impl Violation {
    fn new(message: String, accept: impl Into<String>) -> Self {
        Self { message, accept: accept.into() }
    }
}

/// What is not as expected; nothing if all is.
pub(crate) fn violations(
    expect: &ExpectOptions,
    account: &Account,
    started_at: Timestamp,
    comparison: &Comparison,
) -> Vec<Violation> {
    let jobs = account.source.records;
    let mut found = Vec::new();
    if let Some(least) = expect.min_jobs.filter(|least| jobs < *least) {
        let message = format!("{jobs} jobs came, fewer than `min_jobs` ({least})");
        found.push(Violation::new(message, format!("expect.min_jobs={jobs}")));
    }
    if let Some(percent) = expect.max_drop_percent {
        let accept = "expect.max_drop_percent=100";
        let dropped = dropped(jobs, percent, comparison);
        found.extend(dropped.map(|message| Violation::new(message, accept)));
    }
    found.extend(too_old(expect, started_at));
    found
}

fn dropped(jobs: u64, percent: u8, comparison: &Comparison) -> Option<String> {
    let last = match comparison {
        Comparison::Nothing | Comparison::With { same: None, .. } => return None,
        Comparison::With { same: Some(last), .. } => last,
        Comparison::Lost => {
            return Some(format!(
                "how many jobs came in the last complete run can't be read, and so not compared \
                 (`max_drop_percent`, {percent})"
            ));
        }
    };
    // In whole numbers, so that exactly the limit is not beyond it.
    let kept = u128::from(jobs) * 100;
    let needed = u128::from(last.jobs) * u128::from(100 - percent.min(100));
    (kept < needed).then(|| {
        format!(
            "{jobs} jobs came, and {} in the last complete run ({}): a drop of more than \
             `max_drop_percent` ({percent})",
            last.jobs, last.run_id
        )
    })
}

/// Whether a run began too long ago for its first pages to be believed.
pub(crate) fn too_old(expect: &ExpectOptions, started_at: Timestamp) -> Option<Violation> {
    let max_age = expect.max_age?;
    let age = Timestamp::now().duration_since(started_at).unsigned_abs();
    (age > max_age.get()).then(|| {
        let seconds = age.as_secs();
        let message = format!(
            "the run began {seconds} s ago, longer than `max_age` ({max_age}): its first pages may \
             be out of date"
        );
        Violation::new(message, format!("expect.max_age={}s", seconds + 3600))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use taskferry_sdk::Duration;

    fn violated(expect: &ExpectOptions, jobs: u64, last: Option<u64>) -> Vec<Violation> {
        let mut account = Account::default();
        account.source.records = jobs;
        let comparison = last.map_or(Comparison::Nothing, |jobs| {
            let (run_id, finished_at) = ("r0".to_owned(), Timestamp::UNIX_EPOCH);
            let last = Baseline {
                run_id,
                finished_at,
                jobs,
                exit_code: 0,
                listing: None,
                pipeline: None,
                delivered: BTreeMap::new(),
            };
            Comparison::of(CompleteRuns { last, earlier: Vec::new() }, "any")
        });
        violations(expect, &account, Timestamp::now(), &comparison)
    }

    #[test]
    fn the_limits_themselves_are_allowed() {
        let expect = ExpectOptions {
            min_jobs: Some(95),
            max_drop_percent: Some(5),
            max_age: Some(Duration::from_secs(60)),
            ..ExpectOptions::default()
        };
        assert_eq!(violated(&expect, 95, Some(100)), []);
        assert_eq!(violated(&expect, 95, None), []);
        assert_eq!(violated(&expect, 94, Some(100)).len(), 2);
        assert_eq!(violated(&expect, 95, Some(101)).len(), 1);
    }

    #[test]
    fn runs_are_compared_with_those_that_read_the_same() {
        let run = |id: usize, listing: &str| Baseline {
            run_id: id.to_string(),
            finished_at: Timestamp::UNIX_EPOCH,
            jobs: 1,
            exit_code: 0,
            listing: Some(listing.to_owned()),
            pipeline: None,
            delivered: BTreeMap::new(),
        };
        let order = ["all", "legal", "all", "legal", "some"].into_iter().enumerate();
        let complete = order.fold(None, |before, (id, listing)| {
            Some(CompleteRuns::followed_by(before, run(id, listing)))
        });
        let same = |listing: &str| match Comparison::of(complete.clone().unwrap(), listing) {
            Comparison::With { same, .. } => same.map(|run| run.run_id),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            ["all", "legal", "some"].map(same),
            ["2", "3", "4"].map(|id| Some(id.to_owned()))
        );
        assert_eq!(same("another"), None);
        let many = (0..20).fold(complete, |before, id| {
            Some(CompleteRuns::followed_by(before, run(id, &format!("listing {id}"))))
        });
        assert_eq!(many.unwrap().earlier.len(), MOST_LISTINGS - 1);
    }

    #[test]
    fn nothing_is_expected_unless_asked() {
        assert!(violated(&ExpectOptions::default(), 0, Some(1000)).is_empty());
    }

    #[test]
    fn a_run_that_took_too_long_is_noticed() {
        let expect =
            ExpectOptions { max_age: Some(Duration::from_secs(60)), ..ExpectOptions::default() };
        let found =
            violations(&expect, &Account::default(), Timestamp::UNIX_EPOCH, &Comparison::Nothing);
        assert!(found[0].message.contains("longer than `max_age` (1m)"), "{found:?}");
    }

    #[test]
    fn a_comparison_that_can_not_be_made_is_no_pass() {
        let expect = ExpectOptions { max_drop_percent: Some(5), ..ExpectOptions::default() };
        let account = Account::default();
        let found = violations(&expect, &account, Timestamp::now(), &Comparison::Lost);
        assert_eq!(found[0].accept, "expect.max_drop_percent=100");
    }
}
