//! The counters of transforms.

use proptest::prelude::*;
use serde_json::Value;
use taskferry_sdk::Counters;

/// The number of different values of a name that are kept.
const MAX_VALUES: usize = 256;

#[test]
fn values_are_sorted_by_count_then_by_name() {
    let mut counters = Counters::default();
    for value in ["b", "a", "c", "c"] {
        counters.add_value("seen", value);
    }
    let seen: Vec<_> =
        counters.frequent("seen").into_iter().map(|one| (one.value, one.count)).collect();
    assert_eq!(seen, [("c".to_owned(), 2), ("a".to_owned(), 1), ("b".to_owned(), 1)]);
}

#[test]
fn a_long_value_is_truncated() {
    let mut counters = Counters::default();
    counters.add_value("seen", &"ä".repeat(1000));
    assert_eq!(counters.frequent("seen")[0].value, "ä".repeat(200));
}

#[test]
fn counts_survive_a_checkpoint() {
    let mut counters = Counters::default();
    counters.add("renamed", 0);
    counters.add_value("unknown", "x");
    counters.note("seen");
    let text = serde_json::to_string(&counters).unwrap();
    assert_eq!(serde_json::from_str::<Counters>(&text).unwrap(), counters);
}

proptest! {
    /// For any number of values in any distribution over pages, memory is bounded, and a frequent value
    /// is kept with a count that is not too high.
    #[test]
    fn a_frequent_value_is_kept_among_any_number_of_others(
        pages in prop::collection::vec(prop::collection::vec(0..2_000_u32, 0..400), 1..8),
        often in 1..400_u64,
    ) {
        let mut total = Counters::default();
        let mut counted = 0;
        for page in &pages {
            let mut counters = Counters::default();
            for value in page {
                counters.add_value("seen", &value.to_string());
                counted += 1;
            }
            for _ in 0..often {
                counters.add_value("seen", "often");
                counted += 1;
            }
            total.merge(&counters);
        }
        let exact = often * pages.len() as u64;
        let total = serde_json::to_value(&total).unwrap();
        let values = total["values"]["seen"].as_object().unwrap();
        prop_assert!(values.len() <= MAX_VALUES);
        let found = values.get("often").and_then(Value::as_u64).unwrap_or_default();
        prop_assert!(found <= exact);
        prop_assert!(exact - found <= counted / MAX_VALUES as u64);
    }
}
