//! Shares of an export, and what they come to together.

use std::fs;

use serde_json::{Value, json};

use crate::context::Context;
use crate::tenant::{SECRET, Server};

const SHARES: usize = 4;

/// A tenant of which all was exported once, and a pipeline that can be run in shares.
fn world(jobs: usize) -> (Context, Server) {
    let server = Server::jobs(jobs, |_| false);
    let mut context = Context::new();
    context.set("CLIENT_SECRET", SECRET);
    let sink = "[[sink]]\ntype = \"file\"\npath = \"out/{pipeline}.{shard}.ndjson\"\n";
    let expect = "[expect]\nmin_jobs = 900\nmax_drop_percent = 5\n";
    context.write("jobs.toml", &format!("{}\n{sink}{expect}", server.source()));
    (context, server)
}

fn all_shares(context: &Context) {
    for share in 1..=SHARES {
        let (shard, summary) = (format!("{share}/{SHARES}"), format!("{share}.json"));
        let run = ["run", "jobs.toml", "--quiet", "--shard", &shard, "--summary", &summary];
        context.taskferry(&run).with_code(0);
    }
}

fn change(context: &Context, manifest: &str, change: impl FnOnce(&mut Value)) {
    let mut content = context.json(manifest);
    change(&mut content);
    fs::write(context.path(manifest), content.to_string()).unwrap();
}

#[test]
fn all_shares_together_are_the_export() {
    let (context, _server) = world(1000);
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    all_shares(&context);
    let shares = (1..=SHARES).map(|share| context.read(&format!("out/jobs.{share}-of-4.ndjson")));
    assert!(shares.collect::<String>() == context.read("out/jobs.all.ndjson"));

    let merge = ["merge", "3.json", "1.json", "4.json", "2.json", "--summary", "all.json"];
    let merged = context.taskferry(&merge).with_code(0);
    insta::assert_snapshot!(format!("{}\n{}", merged.stdout, merged.stderr), @"");
    let all = context.json("all.json");
    assert_eq!(all["source"]["records"], json!(1000));
    assert_eq!(all["source"]["pages"], json!(12));
    assert_eq!(all["sinks"][0]["records"], json!(1000));
    assert_eq!(all["sinks"][0]["files"].as_array().unwrap().len(), 4);
    assert_eq!((&all["status"], &all["exit_code"]), (&json!("complete"), &json!(0)));
    let listed = context.taskferry(&["runs", "jobs.toml", "--shard", "2/4"]).with_code(0);
    assert_eq!(listed.stdout.lines().count(), 2, "{}", listed.stdout);
}

#[test]
fn a_share_that_is_missing_or_does_not_follow_is_named() {
    let (context, _server) = world(1000);
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    all_shares(&context);
    let merged = context.taskferry(&["merge", "1.json", "2.json", "4.json"]).with_code(8);
    insta::assert_snapshot!(merged.stderr, @"");

    change(&context, "2.json", |manifest| manifest["shard"]["to"] = json!("j4711"));
    change(&context, "4.json", |manifest| {
        manifest["status"] = json!("failed");
        manifest["exit_code"] = json!(3);
    });
    let all = ["merge", "1.json", "2.json", "3.json", "4.json", "--summary", "all.json"];
    let merged = context.taskferry(&all).with_code(8);
    insta::assert_snapshot!(merged.stderr, @"");
    assert_eq!(context.json("all.json")["gaps"].as_array().unwrap().len(), 2);
}

#[test]
fn too_few_jobs_in_all_shares_are_noticed_when_they_are_merged() {
    let (context, _server) = world(850);
    context.taskferry(&["run", "jobs.toml", "--set", "expect.min_jobs=1"]).with_code(0);
    all_shares(&context);
    let merged = context.taskferry(&["merge", "1.json", "2.json", "3.json", "4.json"]).with_code(8);
    insta::assert_snapshot!(merged.stderr, @"");
}

#[test]
fn manifests_that_do_not_belong_together_are_2() {
    let (context, _server) = world(1000);
    context.taskferry(&["run", "jobs.toml", "--summary", "whole.json"]).with_code(0);
    all_shares(&context);
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
    insta::assert_snapshot!(merged.stderr, @"");
    assert_eq!(merged.stdout, "");
}

#[test]
fn shares_that_would_write_one_file_are_2() {
    let (mut context, server) = world(300);
    let shard = |context: &Context, shard: &str| {
        context.taskferry(&["run", "jobs.toml", "--quiet", "--shard", shard])
    };
    let none = shard(&context, "1/2").with_code(3);
    insta::assert_snapshot!(none.stderr, @"");
    context.write("jobs.toml", &server.pipeline());
    insta::assert_snapshot!(shard(&context, "1/2").with_code(2).stderr, @"");
    insta::assert_snapshot!(shard(&context, "3/2").with_code(2).stderr, @"");
    insta::assert_snapshot!(shard(&context, "2").with_code(2).stderr, @"");
    context.set("JOB_COMPLETION_INDEX", "2");
    insta::assert_snapshot!(shard(&context, "2").with_code(2).stderr, @"");
}

#[test]
fn kubernetes_says_which_share_it_is() {
    let (mut context, _server) = world(1000);
    context.taskferry(&["run", "jobs.toml"]).with_code(0);
    context.set("JOB_COMPLETION_INDEX", "3");
    context.taskferry(&["run", "jobs.toml", "--shard", "4"]).with_code(0);
    assert_eq!(context.lines("out/jobs.4-of-4.ndjson")[0]["external_id"], "j800");
}
