//! Shards of an export, and their merge.

use std::fs;

use serde_json::{Value, json};
use taskferry_testkit::{Context, Tenant};

const SHARDS: usize = 4;

/// A tenant, and a pipeline that can be run in shards.
fn fixture(jobs: usize) -> (Context, Tenant) {
    let server = Tenant::with_jobs(jobs, |_| false);
    let context = Context::new();
    let sink = "[[sink]]\ntype = \"file\"\npath = \"out/{pipeline}.{shard}.ndjson\"\n";
    let expect = "[expect]\nmin_jobs = 900\nmax_drop_percent = 5\n";
    context.write("jobs.toml", &format!("{}\n{sink}{expect}", server.source()));
    (context, server)
}

fn all_shards(context: &Context) {
    for index in 1..=SHARDS {
        let (shard, summary) = (format!("{index}/{SHARDS}"), format!("{index}.json"));
        let run = ["run", "jobs.toml", "--quiet", "--shard", &shard, "--summary", &summary];
        context.taskferry(&run).with_code(0);
    }
}

fn change(context: &Context, manifest: &str, change: impl FnOnce(&mut Value)) {
    let mut changed = context.json(manifest);
    change(&mut changed);
    fs::write(context.path(manifest), changed.to_string()).unwrap();
}

#[test]
fn all_shards_together_are_the_export() {
    let (context, _server) = fixture(1000);
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    all_shards(&context);
    let shards = (1..=SHARDS).map(|index| context.read(&format!("out/jobs.{index}-of-4.ndjson")));
    assert!(shards.collect::<String>() == context.read("out/jobs.all.ndjson"));

    let merge = ["merge", "3.json", "1.json", "4.json", "2.json", "--summary", "all.json"];
    let merged = context.taskferry(&merge).with_code(0);
    insta::assert_snapshot!(format!("{}\n{}", merged.stdout, merged.stderr), @"
     shard   status    exit  jobs  delivered  dead  run                      content
     1 of 4  complete     0   300        300     0  [run]  from the beginning to `j299`
     2 of 4  complete     0   200        200     0  [run]  after `j299` to `j499`
     3 of 4  complete     0   300        300     0  [run]  after `j499` to `j799`
     4 of 4  complete     0   200        200     0  [run]  after `j799` to the end

    jobs: all 4 shards are complete, 1,000 jobs
    ");
    let all = context.json("all.json");
    assert_eq!(all["source"]["records"], json!(1000));
    assert_eq!(all["source"]["pages"], json!(10));
    assert_eq!(all["sinks"][0]["records"], json!(1000));
    assert_eq!(all["sinks"][0]["files"].as_array().unwrap().len(), 4);
    assert_eq!((&all["status"], &all["exit_code"]), (&json!("complete"), &json!(0)));
    assert_eq!(all["shares"]["count"], json!(4));
    let listed = context.taskferry(&["runs", "jobs.toml", "--shard", "2/4"]).with_code(0);
    assert_eq!(listed.stdout.lines().count(), 2, "{}", listed.stdout);
}

#[test]
fn counters_of_all_shards_are_added_up() {
    let (context, _server) = fixture(1000);
    let rename =
        "[[transform]]\ntype = \"rename_skills\"\nvendor = \"workday\"\nmapping = \"skills.csv\"\n";
    let pipeline = context.read("jobs.toml").replace("[\"ai_impact\"]", "[\"linked_skills\"]");
    context.write("jobs.toml", &pipeline.replace("[[sink]]", &format!("{rename}\n[[sink]]")));
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,Python,P\n");
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    all_shards(&context);
    for index in 1..=SHARDS {
        change(&context, &format!("{index}.json"), |manifest| {
            let transform = &mut manifest["transforms"][0];
            assert_eq!(transform["counters"], json!({"renamed": 0, "unknown": 0}));
            transform["counters"] = json!({"renamed": index, "unknown": 3});
            transform["frequent"] = json!({"unknown": [{"value": "Rust", "count": 2}, {"value": format!("s{index}"), "count": 1}]});
        });
    }
    let merge = ["merge", "1.json", "2.json", "3.json", "4.json", "--summary", "all.json"];
    context.taskferry(&merge).with_code(0);
    let transform = &context.json("all.json")["transforms"][0];
    assert_eq!(transform["counters"], json!({"renamed": 10, "unknown": 12}));
    let unknown = transform["frequent"]["unknown"].as_array().unwrap();
    assert_eq!((unknown.len(), &unknown[0]), (5, &json!({"value": "Rust", "count": 8})));
}

#[test]
fn a_missing_or_non_adjacent_shard_is_named() {
    let (context, _server) = fixture(1000);
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    all_shards(&context);
    let merged = context.taskferry(&["merge", "1.json", "2.json", "4.json"]).with_code(8);
    insta::assert_snapshot!(merged.stderr, @"
    error: the merged export is not complete
      shard 3 of 4 is missing; run it with `--shard 3/4`, or pass its manifest
    jobs: 700 jobs in 3 shards
    ");

    change(&context, "2.json", |manifest| manifest["shard"]["to"] = json!("j4711"));
    change(&context, "4.json", |manifest| {
        manifest["status"] = json!("failed");
        manifest["exit_code"] = json!(3);
    });
    let all = ["merge", "1.json", "2.json", "3.json", "4.json", "--summary", "all.json"];
    let merged = context.taskferry(&all).with_code(8);
    insta::assert_snapshot!(merged.stderr, @"
    error: the merged export is not complete
      shard 4 of 4 is not complete: failed, exit code 3; run it again
      shard 3 starts after `j499`, but shard 2 ended at `j4711`: jobs may be missing or duplicated; run both again
    jobs: 1,000 jobs in 4 shards
    ");
    assert_eq!(context.json("all.json")["gaps"].as_array().unwrap().len(), 2);
}

#[test]
fn too_few_jobs_in_all_shards_fail_the_merge() {
    let (context, _server) = fixture(850);
    context.taskferry(&["run", "jobs.toml", "--set", "expect.min_jobs=1"]).with_code(0);
    all_shards(&context);
    let merged = context.taskferry(&["merge", "1.json", "2.json", "3.json", "4.json"]).with_code(8);
    insta::assert_snapshot!(merged.stderr, @r#"
    error: the merged export is not complete
      850 records were read, fewer than `min_jobs` (900)
    jobs: 850 jobs in 4 shards
    "#);
}

#[test]
fn a_merge_of_manifests_of_different_runs_exits_with_2() {
    let (context, _server) = fixture(1000);
    context.taskferry(&["run", "jobs.toml", "--summary", "whole.json"]).with_code(0);
    all_shards(&context);
    context.write("text.json", "no JSON");
    fs::copy(context.path("2.json"), context.path("again.json")).unwrap();
    change(&context, "3.json", |manifest| manifest["digest"] = json!("0"));
    change(&context, "4.json", |manifest| manifest["shard"]["count"] = json!(5));
    let merge = [
        "merge",
        "1.json",
        "2.json",
        "again.json",
        "3.json",
        "4.json",
        "whole.json",
        "text.json",
        "none.json",
    ];
    let merged = context.taskferry(&merge).with_code(2);
    insta::assert_snapshot!(merged.stderr, @"
    error: `whole.json` is the manifest of a run without `--shard`; pass manifests of `run --shard K/N --summary FILE`
    error: `text.json` is not a manifest written by `run --summary`: expected ident at line 1 column 2
    error: `none.json` can't be read: No such file or directory (os error 2)
    error: `3.json` and `1.json` come from different versions of the pipeline: the pipeline file, an input file or the version of taskferry changed between the runs; run all shards with the same version
    error: `4.json` is one of 5 shards, but `1.json` is one of 4; pass the manifests of one export
    error: shard 2 of 4 is given twice: `2.json` and `again.json`; pass only one of them
    ");
    assert_eq!(merged.stdout, "");
}

#[test]
fn a_shard_that_would_share_its_output_file_exits_with_2() {
    let (mut context, server) = fixture(300);
    let shard = |context: &Context, shard: &str| {
        context.taskferry(&["run", "jobs.toml", "--quiet", "--shard", shard])
    };
    let none = shard(&context, "1/2").with_code(3);
    insta::assert_snapshot!(none.stderr, @r#"
    error: source `techwolf`: there are no saved cursors to divide the listing into shards
      help: run the pipeline once without `--shard`, with the same [state] and the same `url`, tenant and `filters`; or set `partition` in [source], which needs no saved cursors
    jobs (shard 1 of 2): failed after [time]; 0 pages were delivered, nothing was published (run [run])
    "#);
    context.write("jobs.toml", &server.pipeline());
    insta::assert_snapshot!(shard(&context, "1/2").with_code(2).stderr, @r#"
    error: sink `file`: all shards would write to `out/jobs.ndjson`; add `{shard}` to its path, for example `out/{pipeline}.{shard}.ndjson`
    "#);
    insta::assert_snapshot!(shard(&context, "3/2").with_code(2).stderr, @"
    error: invalid value '3/2' for '--shard <K/N>': `3/2` is not a shard; write for example `2/8` for the second of eight shards, or `8` to take the shard number from JOB_COMPLETION_INDEX

    For more information, try '--help'.
    ");
    insta::assert_snapshot!(shard(&context, "2").with_code(2).stderr, @r#"
    error: `--shard 2` needs JOB_COMPLETION_INDEX, which is not set; write for example `--shard 2/2`
    "#);
    context.set("JOB_COMPLETION_INDEX", "2");
    insta::assert_snapshot!(shard(&context, "2").with_code(2).stderr, @r#"
    error: JOB_COMPLETION_INDEX is `2`; with 2 shards it must be from 0 to 1
    "#);
}

#[test]
fn the_summary_of_a_merge_cannot_replace_its_input() {
    let (context, _server) = fixture(1000);
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    all_shards(&context);
    let merged =
        context.taskferry(&["merge", "1.json", "2.json", "--summary", "2.json"]).with_code(2);
    insta::assert_snapshot!(merged.stderr, @"error: can't write the summary `2.json`: the path is an input file of this command; choose another path");
}

#[test]
fn a_shard_without_a_partition_is_reported() {
    let (context, _server) = fixture(1000);
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    all_shards(&context);
    for index in 1..=SHARDS {
        change(&context, &format!("{index}.json"), |manifest| {
            let values = if index < SHARDS { json!([format!("f{index}")]) } else { json!([]) };
            manifest["shard"] = json!({"index": index, "count": SHARDS, "values": values});
        });
    }
    let merged = context.taskferry(&["merge", "1.json", "2.json", "3.json", "4.json"]);
    let last = merged.stdout.lines().last().unwrap();
    assert!(last.ends_with("nothing: there are fewer partitions than shards"), "{}", merged.stdout);
}

#[test]
fn the_shard_is_read_from_the_environment_of_kubernetes() {
    let (mut context, _server) = fixture(1000);
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    context.set("JOB_COMPLETION_INDEX", "3");
    context.taskferry(&["run", "jobs.toml", "--shard", "4"]).with_code(0);
    assert_eq!(context.lines("out/jobs.4-of-4.ndjson")[0]["external_id"], "j800");
}
