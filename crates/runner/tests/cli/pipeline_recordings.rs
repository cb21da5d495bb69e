//! `taskferry test --record`: how tests are recorded.

use super::pipeline_tests::{PIPELINE, with_tests};

#[test]
fn a_test_is_recorded_from_a_file_with_other_ids_and_texts() {
    let context = with_tests("");
    let job = r#"{"external_id":"secret-1","tasks":[{"task_id":"secret-2","task":"Secret text","weekly_hours":1.50,"ai_impact":{"level":"H1","rationale":null}}]}"#;
    context.write("job.json", job);
    let record = ["test", "jobs.toml", "--record", "one job", "--input", "job.json"];
    let ended = context.taskferry(&record).with_code(0);
    ended.assert_stderr("3 ids and strings were replaced in: external_id, task, task_id");
    insta::assert_snapshot!(context.read("jobs.test.toml"), @r#"
    [[test]]
    name = "one job"
    input = '''
    {
      "external_id": "job-1",
      "tasks": [
        {
          "task_id": "task-1",
          "task": "Task 1",
          "weekly_hours": 1.50,
          "ai_impact": {"level": "H1", "rationale": null}
        }
      ]
    }
    '''
    expect = '''
    {
      "job_external_id": "job-1",
      "task_id": "task-1",
      "task": "Task 1",
      "weekly_hours": 1.50,
      "ai_impact_level": "H1",
      "ai_impact_rationale": null,
      "domain": null,
      "subdomain": null,
      "cluster": null,
      "canonical_task": null
    }
    '''
    "#);
    context.taskferry(&["test", "jobs.toml"]).with_code(0);

    let ended = context.taskferry(&record).with_code(2);
    ended.assert_stderr("there is already a test `one job` in jobs.test.toml:1");
    context
        .taskferry(&[&record[..], &["--replace", "--verbatim", "--stage", "hours"]].concat())
        .with_code(0);
    let text = context.read("jobs.test.toml");
    assert_eq!(text.matches("[[test]]").count(), 1, "{text}");
    assert!(text.contains("secret-1") && text.contains("\"minutes\": 90"), "{text}");
    context.taskferry(&["test", "jobs.toml"]).with_code(0);
}

#[test]
fn a_test_is_recorded_from_the_sandbox() {
    let context = with_tests("");
    let export =
        ["run", "jobs.toml", "--sandbox", "--set", "sink=[{type=\"file\",path=\"all.ndjson\"}]"];
    context.taskferry(&export).with_code(0);
    let name = context.files().into_iter().find(|name| name.ends_with(".ndjson")).unwrap();
    let id = context.lines(&name)[0]["job_external_id"].as_str().unwrap().to_owned();
    let record = ["test", "jobs.toml", "--record", "from the sandbox", "--sandbox", "--id"];
    context.taskferry(&[&record[..], &[&id]].concat()).with_code(0);
    assert!(!context.read("jobs.test.toml").contains(&id));
    context.taskferry(&["test", "jobs.toml"]).with_code(0);
    let ended = context
        .taskferry(&["test", "jobs.toml", "--record", "x", "--sandbox", "--id", "no-such-job"])
        .with_code(2);
    ended.assert_stderr("the listing has no job `no-such-job`");
}

#[test]
fn a_test_of_transforms_that_depend_on_texts_is_recorded_verbatim_only() {
    let context = with_tests("");
    let own =
        "[[transform]]\ntype = \"jq\"\nfilter = 'select(.tasks[0].task | test(\"^Secr\"))'\n\n";
    let text = PIPELINE.replacen("[[transform]]", &format!("{own}[[transform]]"), 1);
    context.write("jobs.toml", &text);
    let job = r#"{"external_id":"j1","tasks":[{"task_id":"t1","task":"Secret","ai_impact":{"level":"H1"}}]}"#;
    context.write("job.json", job);
    let record = ["test", "jobs.toml", "--record", "one", "--input", "job.json"];
    let ended = context.taskferry(&record).with_code(2);
    let reason = "the result with replacement is 1 in, 0 out, 1 dropped, the result without replacement is 1 in, 1 out";
    ended.assert_stderr(reason);
    assert_eq!(context.read("jobs.test.toml"), "", "nothing is recorded");
    context.taskferry(&[&record[..], &["--verbatim"]].concat()).with_code(0);
}
