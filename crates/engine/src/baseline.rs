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
    /// The [digest](taskferry_pipeline::SourceStage::digest) of the source. Fields are compared only between runs with the same digest.
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
    fn all(&self) -> impl Iterator<Item = &Baseline> {
        iter::once(&self.last).chain(&self.earlier)
    }

    /// The last run that read this listing.
    pub(crate) fn of_listing(&self, listing: &str) -> Option<&Baseline> {
        self.all().find(|run| run.has_read(listing))
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
pub(crate) struct Comparison {
    /// `None` if no run was complete yet, and if the file is unreadable.
    runs: Option<Box<CompleteRuns>>,
    /// The listing of the run.
    listing: String,
    pub(crate) is_unreadable: bool,
}

impl Comparison {
    /// Loads the comparison for a run of `pipeline` from a state folder.
    pub(crate) fn load(folder: &Path, pipeline: &Pipeline) -> Self {
        let loaded = taskferry_state::load::<Box<CompleteRuns>>(folder, COMPLETE);
        let is_unreadable = loaded.is_err();
        let mut runs = loaded.unwrap_or_else(|error| {
            tracing::warn!(
                "can't compare this run with the last complete run: {error}: {}; restore the file, or remove it",
                error.source
            );
            None
        });
        if let Some(runs) = &mut runs {
            // Fields are compared only with runs that had the same options, because the options determine the fields.
            for run in iter::once(&mut runs.last).chain(&mut runs.earlier) {
                if run.records.as_ref() != Some(&pipeline.source.digest) {
                    run.fields = FieldCounts::default();
                }
            }
        }
        Self { runs, listing: pipeline.listing_digest.clone(), is_unreadable }
    }

    /// The ids of the last complete run of each listing, the newest first.
    pub(crate) fn run_ids(&self) -> Vec<String> {
        let runs = self.runs.iter().flat_map(|runs| runs.all());
        runs.map(|run| run.run_id.clone()).collect()
    }

    /// The last complete run.
    pub(crate) fn last(&self) -> Option<&Baseline> {
        self.runs.as_ref().map(|runs| &runs.last)
    }

    /// The last complete run of the same listing.
    pub(crate) fn same(&self) -> Option<&Baseline> {
        self.runs.as_ref()?.of_listing(&self.listing)
    }

    /// A warning if `max_drop_percent` could not be checked: all stored complete runs have read other listings, or the run is an
    /// experiment without an earlier complete run.
    pub(crate) fn warning(&self, expect: &ExpectOptions, is_experiment: bool) -> Option<String> {
        expect.max_drop_percent?;
        let reason = match self.last() {
            Some(last) if self.same().is_none() => format!(
                "the options of [source] have changed since the last complete run ({})",
                last.run_id
            ),
            None if is_experiment && !self.is_unreadable => {
                "no earlier run with the same `--set` options is complete".to_owned()
            }
            _ => return None,
        };
        Some(format!("`max_drop_percent` was not checked: {reason}"))
    }
}
