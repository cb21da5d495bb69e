//! Complete runs that later runs are compared with.

use std::collections::BTreeMap;
use std::iter;
use std::path::Path;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};
use taskferry_pipeline::{ExpectOptions, Pipeline};

use crate::fields::FieldCounts;

/// The file with the last complete runs.
pub(crate) const COMPLETE: &str = "last_complete";
/// The number of listings for which the last complete run is stored.
const MAX_LISTINGS: usize = 8;

/// A complete run.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Baseline {
    pub(crate) run_id: String,
    pub(crate) finished_at: Timestamp,
    pub(crate) jobs: u64,
    #[serde(default)]
    pub(crate) exit_code: u8,
    /// The [`listing_digest`](Pipeline::listing_digest); earlier versions did not write it.
    #[serde(default)]
    pub(crate) listing: Option<String>,
    /// The pipeline's digest; earlier versions did not write it.
    #[serde(default)]
    pub(crate) pipeline: Option<String>,
    /// The removals that transforms withheld.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub(crate) withheld_removals: u64,
    /// Records delivered to each sink, by its name.
    #[serde(default)]
    pub(crate) delivered: BTreeMap<String, u64>,
    /// The [`records_digest`](Pipeline::records_digest), with the fields.
    #[serde(default)]
    pub(crate) records: Option<String>,
    /// The fields of the records; earlier versions did not write them.
    #[serde(default, skip_serializing_if = "FieldCounts::is_empty")]
    pub(crate) fields: FieldCounts,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
fn is_zero(count: &u64) -> bool {
    *count == 0
}

impl Baseline {
    fn has_read(&self, listing: &str) -> bool {
        self.listing.as_deref().is_none_or(|read| read == listing)
    }

    #[cfg(test)]
    pub(crate) fn for_test(run_id: &str, jobs: u64, listing: &str) -> Self {
        Self {
            run_id: run_id.to_owned(),
            finished_at: Timestamp::UNIX_EPOCH,
            jobs,
            exit_code: 0,
            listing: Some(listing.to_owned()),
            pipeline: None,
            withheld_removals: 0,
            delivered: BTreeMap::new(),
            records: None,
            fields: FieldCounts::default(),
        }
    }
}

/// The content of the file: the last complete run of each listing.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct CompleteRuns {
    #[serde(flatten)]
    pub(crate) last: Baseline,
    /// Newest first.
    #[serde(default)]
    pub(crate) earlier: Vec<Baseline>,
}

impl CompleteRuns {
    /// The last run that read this listing.
    pub(crate) fn of_listing(&self, listing: &str) -> Option<&Baseline> {
        iter::once(&self.last).chain(&self.earlier).find(|run| run.has_read(listing))
    }

    /// Adds a run, which replaces the runs of the same listing.
    pub(crate) fn add(runs: Option<Self>, last: Baseline) -> Self {
        let listing = last.listing.clone().unwrap_or_default();
        let runs = runs.into_iter().flat_map(|runs| iter::once(runs.last).chain(runs.earlier));
        let earlier = runs.filter(|run| !run.has_read(&listing)).take(MAX_LISTINGS - 1).collect();
        Self { last, earlier }
    }
}

/// The runs that a run is compared with.
#[derive(Debug, Clone, Default)]
pub(crate) enum Comparison {
    /// No run was complete yet.
    #[default]
    NoRun,
    Runs {
        last: Box<Baseline>,
        /// The last one that read the same listing.
        same: Option<Box<Baseline>>,
        /// The ids of all stored runs, the newest first.
        ids: Vec<String>,
    },
    /// The file is unreadable.
    Unreadable,
}

impl Comparison {
    /// Loads the comparison for a run of `pipeline` from a state folder.
    pub(crate) fn load(folder: &Path, pipeline: &Pipeline) -> Self {
        match taskferry_state::load::<CompleteRuns>(folder, COMPLETE) {
            Ok(None) => Self::NoRun,
            Ok(Some(mut runs)) => {
                let Pipeline { listing_digest, records_digest, .. } = pipeline;
                // Records with other options have other fields.
                for run in iter::once(&mut runs.last).chain(&mut runs.earlier) {
                    if run.records.as_ref() != Some(records_digest) {
                        run.fields = FieldCounts::default();
                    }
                }
                Self::new(runs, listing_digest)
            }
            Err(error) => {
                tracing::warn!(
                    "can't compare with the last complete run: {error}: {}",
                    error.source
                );
                Self::Unreadable
            }
        }
    }

    pub(crate) fn new(runs: CompleteRuns, listing: &str) -> Self {
        let same = runs.of_listing(listing).cloned().map(Box::new);
        let all = iter::once(&runs.last).chain(&runs.earlier);
        let ids = all.map(|run| run.run_id.clone()).collect();
        Self::Runs { same, ids, last: Box::new(runs.last) }
    }

    /// The ids of the last complete run of each listing, the newest first.
    pub(crate) fn run_ids(&self) -> &[String] {
        match self {
            Self::Runs { ids, .. } => ids,
            Self::NoRun | Self::Unreadable => &[],
        }
    }

    /// The last complete run.
    pub(crate) fn last(&self) -> Option<&Baseline> {
        match self {
            Self::Runs { last, .. } => Some(last),
            Self::NoRun | Self::Unreadable => None,
        }
    }

    /// The last complete run of the same listing.
    pub(crate) fn same(&self) -> Option<&Baseline> {
        match self {
            Self::Runs { same, .. } => same.as_deref(),
            Self::NoRun | Self::Unreadable => None,
        }
    }

    /// A warning if `max_drop_percent` could not be checked: the last complete run has read another listing, or the run is an
    /// experiment without an earlier complete run.
    pub(crate) fn warning(&self, expect: &ExpectOptions, is_experiment: bool) -> Option<String> {
        expect.max_drop_percent?;
        let reason = match self {
            Self::Runs { last, same: None, .. } => format!(
                "the last complete run ({}) read another listing, because the options of [source] have changed",
                last.run_id
            ),
            Self::NoRun if is_experiment => {
                "no run with the same `--set` options has completed before".to_owned()
            }
            _ => return None,
        };
        Some(format!("`max_drop_percent` was not checked: {reason}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_is_compared_with_the_last_run_of_the_same_listing() {
        let add = |runs, (id, listing): (usize, &str)| {
            Some(CompleteRuns::add(runs, Baseline::for_test(&id.to_string(), 1, listing)))
        };
        let listings = ["all", "legal", "all", "legal", "some"].into_iter().enumerate();
        let runs = listings.fold(None, add);
        let same = |listing: &str| match Comparison::new(runs.clone().unwrap(), listing) {
            Comparison::Runs { same, .. } => same.map(|run| run.run_id),
            other => panic!("{other:?}"),
        };
        assert_eq!(
            ["all", "legal", "some"].map(same),
            ["2", "3", "4"].map(|id| Some(id.to_owned()))
        );
        assert_eq!(same("another"), None);
        let many = (0..20).fold(runs, |runs, id| add(runs, (id, &format!("listing {id}"))));
        assert_eq!(many.unwrap().earlier.len(), MAX_LISTINGS - 1);
    }
}
