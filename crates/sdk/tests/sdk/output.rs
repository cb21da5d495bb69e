//! The counts of refused records are discarded.

use taskferry_sdk::{Counters, Output};

#[test]
fn cleared_counts_are_discarded() {
    let (mut out, mut counters) = (Output::new(), Counters::default());
    for (name, refused) in [("kept", false), ("refused", true), ("kept too", false)] {
        out.count("records", 1);
        out.count_value("names", name);
        out.note(name);
        if refused {
            out.clear();
        }
        out.add_counters_to(&mut counters);
    }
    let names: Vec<_> = counters.frequent("names").into_iter().map(|one| one.value).collect();
    assert_eq!((counters.get("records"), names), (2, vec!["kept".into(), "kept too".into()]));
    assert!(counters.is_noted("kept too") && !counters.is_noted("refused"));
    assert!(out.take_counters().is_empty());
}
