//! The transform and a naive model report the same changes, also if runs are killed.

use std::collections::BTreeMap;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::runs::Pipeline;

const MAX_REMOVALS: usize = 2;
const MAX_PERCENT: usize = 40;

/// The records of a run by their id: the values of two fields. The value 0 means null.
type Listing = BTreeMap<u8, (u8, u8)>;

#[derive(Debug, Clone, Default)]
struct Known {
    fields: (u8, u8),
    is_removed: bool,
}

/// Compares listings in memory.
#[derive(Debug, Default)]
struct Model(BTreeMap<u8, Known>);

impl Model {
    fn run(&mut self, listing: &Listing) -> Vec<String> {
        let mut changes = Vec::new();
        let live = self.0.values().filter(|known| !known.is_removed).count();
        for (id, fields) in listing {
            let change = |what: &str, old: (u8, u8)| {
                let names = [("a", old.0 != fields.0), ("b", old.1 != fields.1)];
                let names = names.iter().filter(|(_, differs)| *differs).map(|(name, _)| *name);
                let id = id.to_string();
                [&*id, what].into_iter().chain(names).collect::<Vec<_>>().join(" ")
            };
            match self.0.get(id) {
                None => changes.push(format!("{id} added")),
                Some(known) if known.is_removed => changes.push(change("returned", known.fields)),
                Some(known) if known.fields != *fields => {
                    changes.push(change("changed", known.fields));
                }
                Some(_) => {}
            }
            self.0.insert(*id, Known { fields: *fields, is_removed: false });
        }
        let missing =
            self.0.iter_mut().filter(|(id, known)| !known.is_removed && !listing.contains_key(id));
        let missing: Vec<_> = missing.collect();
        if missing.len() <= MAX_REMOVALS || missing.len() * 100 <= MAX_PERCENT * live {
            for (id, known) in missing {
                known.is_removed = true;
                changes.push(format!("{id} removed"));
            }
        }
        changes.sort();
        changes
    }
}

fn record(id: u8, (a, b): (u8, u8)) -> Value {
    let mut record = Map::from_iter([("external_id".to_owned(), json!(id.to_string()))]);
    for (name, value) in [("a", a), ("b", b)] {
        // Null and missing are the same.
        if value > 0 || id.is_multiple_of(2) {
            record.insert(name.to_owned(), if value == 0 { Value::Null } else { json!(value) });
        }
    }
    record.into()
}

fn listing() -> impl Strategy<Value = Listing> {
    prop::collection::btree_map(0..12_u8, (0..3_u8, 0..2_u8), 0..12)
}

/// A change with the names of its fields in alphabetical order.
fn sorted(change: &str) -> String {
    let mut words: Vec<&str> = change.split(' ').collect();
    words[2..].sort_unstable();
    words.join(" ")
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn changes_equal_those_of_a_model(runs in prop::collection::vec(listing(), 1..8)) {
        let options = json!({"max_removals": MAX_REMOVALS, "max_removed_percent": MAX_PERCENT});
        let (mut pipeline, mut model) = (Pipeline::new(options), Model::default());
        for listing in runs {
            let records: Vec<Value> = listing.iter().map(|(id, fields)| record(*id, *fields)).collect();
            let mut found: Vec<String> =
                pipeline.run(&records).changes().iter().map(|change| sorted(change)).collect();
            found.sort();
            prop_assert_eq!(found, model.run(&listing));
        }
    }

    #[test]
    fn a_killed_run_resumes_with_the_same_records_and_the_same_file(
        before in listing(), after in listing(), kills in prop::collection::vec((0..12_usize, 0..3_usize), 0..4),
        refused in prop::option::of(0..12_u8),
    ) {
        let records = |listing: &Listing| -> Vec<Value> {
            listing.iter().map(|(id, fields)| record(*id, *fields)).collect()
        };
        let options = json!({"max_removals": MAX_REMOVALS, "max_removed_percent": MAX_PERCENT});
        let mut pipeline = Pipeline::new(options);
        pipeline.run(&records(&before));
        let context = pipeline.context();
        let refuse = |stage: &mut crate::runs::Stage| {
            if let Some(job) = refused {
                stage.refuse(Some(&job.to_string()));
            }
        };
        let all = records(&after);
        let mut stage = pipeline.open(&context, None).unwrap();
        refuse(&mut stage);
        stage.apply_all(&all);
        let undisturbed = stage.finish();
        let expected = (undisturbed.records, pipeline.file(&context.run_id));
        std::fs::remove_file(pipeline.state.path().join("changes").join(
            pipeline.files().iter().find(|name| name.starts_with(&context.run_id)).unwrap(),
        )).unwrap();

        let mut stage = pipeline.open(&context, None).unwrap();
        refuse(&mut stage);
        let (mut done, mut emitted) = (0, Vec::new());
        for (page, lost) in kills {
            let page = page.min(all.len() - done);
            stage.apply_all(&all[done..done + page]);
            let saved = stage.save();
            emitted.extend(stage.records());
            done += page;
            // These records are in the file, but not in a checkpoint.
            stage.apply_all(&all[done..all.len().min(done + lost)]);
            stage = pipeline.open(&context, Some(&saved)).unwrap();
        }
        for record in &all[done..] {
            stage.apply(record);
        }
        let run = stage.finish();
        emitted.extend(run.records);
        prop_assert_eq!(emitted, expected.0);
        // The positions of records in their pages differ, because a resumed stage counts from 0 here.
        let positions = |file: &[u8]| -> Vec<String> {
            let text = String::from_utf8(file.to_vec()).unwrap();
            text.lines().map(|line| {
                let mut line: Value = serde_json::from_str(line).unwrap();
                if let Some(fields) = line.as_object_mut() {
                    fields.shift_remove("index");
                }
                line.to_string()
            }).collect()
        };
        prop_assert_eq!(positions(&pipeline.file(&context.run_id)), positions(&expected.1));
    }
}
