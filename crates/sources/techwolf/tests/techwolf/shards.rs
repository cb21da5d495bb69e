//! Shards of one export, read by separate runs.

use std::collections::BTreeSet;

use proptest::prelude::*;
use serde_json::json;
use taskferry_sdk::{ErrorKind, Shard, ShardRange};

use crate::changing::{Changing, UNKNOWN, Unknown, jobs, position_after, read, shown};
use crate::tenant::run_in;

/// Whether each shard starts where the preceding one ends.
fn follow_each_other(shards: &[ShardRange]) -> bool {
    let first = shards.first().is_some_and(|range| range.from.is_none());
    let last = shards.last().is_some_and(|range| range.to.is_none());
    first && last && shards.windows(2).all(|pair| pair[0].to == pair[1].from)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 32, ..ProptestConfig::default() })]

    #[test]
    fn all_shards_together_are_the_whole_export(
        before in 1_usize..900,
        // Mostly jobs that are stored as cursors.
        stored in prop::collection::btree_set((1_usize..9).prop_map(|n| n * 100 - 1), 0..8),
        some in prop::collection::btree_set(0_usize..900, 0..30),
        more in 0_usize..150,
        unknown in prop::sample::select(&UNKNOWN[..]),
        count in 1_u32..6,
        concurrency in 1_u32..4,
        limit in prop::sample::select(&[30_u32, 50, 100][..]),
    ) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let tenant = Changing::with(before, unknown).await;
            tenant.read_in_folder(&json!({})).await;
            let deleted: BTreeSet<usize> = stored.into_iter().chain(some).collect();
            tenant.delete(|job| deleted.contains(&job));
            tenant.create(more);
            let options = json!({"concurrency": concurrency, "limit": limit});
            let (mut all, mut shards) = (Vec::new(), Vec::new());
            for index in 1..=count {
                let shard = Shard::new(index, count).unwrap();
                let (pages, range) = tenant.read_shard(&options, shard).await.unwrap();
                assert!(!pages.is_empty(), "an empty shard has an empty page");
                all.extend(jobs(&pages));
                shards.push(range);
            }
            assert_eq!(all, tenant.ids());
            assert!(follow_each_other(&shards), "{shards:?}");
        });
    }
}

#[tokio::test]
async fn shards_are_of_equal_size() {
    let tenant = Changing::with(1200, Unknown::NotFound).await;
    tenant.read_in_folder(&json!({})).await;
    for shard in ["1/4", "2/4", "3/4", "4/4"] {
        let before = tenant.requests();
        let (pages, _) = tenant.read_shard(&json!({}), shard.parse().unwrap()).await.unwrap();
        assert_eq!(jobs(&pages).len(), 300);
        // Three pages, and one that contains the start of the shard.
        assert_eq!(tenant.requests() - before, if shard == "1/4" { 3 } else { 4 });
    }
}

#[tokio::test]
async fn a_shard_requires_stored_cursors() {
    let tenant = Changing::with(10, Unknown::NotFound).await;
    let shard = Shard::new(1, 2).unwrap();
    let error = tenant.read_shard(&json!({}), shard).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.hint_text().unwrap().starts_with("run the pipeline once without `--shard`"));
    assert_eq!(tenant.requests(), 0);
}

#[tokio::test]
async fn a_shard_resumes_unless_the_shards_have_changed() {
    let tenant = Changing::with(1000, Unknown::NotFound).await;
    tenant.read_in_folder(&json!({})).await;
    let (shard, options) = (Shard::new(2, 2).unwrap(), json!({"limit": 50}));
    let (pages, _) = tenant.read_shard(&options, shard).await.unwrap();
    let state = tenant.run_of(shard);
    let from = position_after(&pages[..4]);
    let rest = read(tenant.source(&options), state.clone(), Some(&from)).await.unwrap();
    assert_eq!(shown(&rest), shown(&pages[4..]));

    let mut other = run_in(tenant.folder());
    other.run_id = "r2".to_owned();
    read(tenant.source(&options), other, None).await.unwrap();
    let error = read(tenant.source(&options), state, Some(&from)).await.unwrap_err();
    assert!(!error.is_resumable(), "{error:?}");
}

#[tokio::test]
async fn parts_are_sharded_without_stored_cursors() {
    let tenant = Changing::with(90, Unknown::NotFound).await;
    let options = json!({"partition": {"by": "job_family", "values": ["f0", "f1", "f2"]}});
    let mut values = Vec::new();
    for index in 1..=4 {
        let shard = Shard::new(index, 4).unwrap();
        let (pages, read) = tenant.read_shard(&options, shard).await.unwrap();
        assert_eq!(jobs(&pages).len(), if index == 4 { 0 } else { 30 });
        assert_eq!((read.from, read.to), (None, None));
        values.extend(read.values);
    }
    assert_eq!(values, ["f0", "f1", "f2"]);
}

#[tokio::test]
async fn a_stuck_listing_before_the_start_of_a_shard_is_an_error() {
    let tenant = Changing::with(1000, Unknown::NotFound).await;
    tenant.read_in_folder(&json!({})).await;
    tenant.stop_advancing();
    let shard = Shard::new(2, 2).unwrap();
    let error = tenant.read_shard(&json!({}), shard).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NoProgress);
    let message = error.full_message();
    assert!(message.starts_with("searching for the start of the shard: "), "{message}");
}
