//! Pipeline tests that contain the answers to lookups.

use taskferry_testkit::{Context, Tenant, Trial, trials};

use crate::world::without_service;

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        answers_are_json_or_tables,
        a_lookup_without_an_answer_fails_with_the_lines_to_add,
        an_answer_that_no_record_needs_is_noted,
        errors_in_answers_are_reported_at_their_position,
    ]
}

/// The pipeline with this test. No variable of the service is set, and no request can be sent.
fn with_test(test: &str) -> Context {
    let context = without_service(&Tenant::with_pages([]), "");
    context.write("jobs.test.toml", &format!("[[test]]\nname = \"titles\"\n{test}"));
    context
}

const INPUT: &str = "input = '{\"external_id\": \"j1\"} {\"external_id\": \"j2\"}'\n";
const EXPECT: &str = "expect = '{\"external_id\": \"j1\", \"job_title\": \"Tester\"} {\"external_id\": \"j2\", \"job_title\": null}'\n";

fn answers_are_json_or_tables() {
    for answers in [
        "lookups.job_titles = '{\"j1\": \"Tester\", \"j2\": null}'\n",
        "lookups.job_titles = \"answers.json\"\n",
    ] {
        let context = with_test(&format!("{INPUT}{EXPECT}{answers}"));
        context.write("answers.json", "{\"j1\": \"Tester\"}\n{\"j2\": null}\n");
        let ended = context.taskferry(&["test", "jobs.toml"]).with_code(0);
        assert!(!ended.stderr.contains("note"), "{}", ended.stderr);
    }
    let table = "expect_jq = '.job_title == \"Tester\"'\n[test.lookups.job_titles]\nj1 = \"Tester\"\nj2 = \"Tester\"\n";
    with_test(&format!("{INPUT}{table}")).taskferry(&["test", "jobs.toml"]).with_code(0);
}

fn a_lookup_without_an_answer_fails_with_the_lines_to_add() {
    let context = with_test(&format!("{INPUT}expect_dropped = 2\nexpect_refused = 2\n"));
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(8);
    insta::assert_snapshot!(ended.stderr, @r#"
    FAILED  jobs.test.toml:1: titles
      the test has no answer for keys that `job_titles` looks up; add the answers, with null for an unknown key:
        lookups.job_titles = '''
        {
        "j1": "…",
        "j2": "…"
        }
        '''
      input 1 of 2
          {
            "external_id": "j1"
          }
      transform job_titles jobs.toml:16:1: refuses the record
        refused: the test has no answer for the lookup of `j1`; a run writes the
            record to the dead-letter file (`on_error = "dead_letter"`)
      input 2 of 2
          {
            "external_id": "j2"
          }
      transform job_titles jobs.toml:16:1: refuses the record
        refused: the test has no answer for the lookup of `j2`; a run writes the
            record to the dead-letter file (`on_error = "dead_letter"`)
    0 passed, 1 failed
    "#);
    let one = "lookups.job_titles = '{\"j1\": \"Tester\"}'\n";
    let partly = with_test(&format!("{INPUT}{EXPECT}{one}"));
    let ended = partly.taskferry(&["test", "jobs.toml"]).with_code(8);
    let message: Vec<&str> = ended.stderr.lines().take(3).collect();
    insta::assert_snapshot!(message.join("\n"), @r#"
    FAILED  jobs.test.toml:1: titles
      the test has no answer for keys that `job_titles` looks up; add them to `lookups.job_titles`, with null for an unknown key:
        "j2": "…"
    "#);
    let json = context.taskferry(&["test", "jobs.toml", "--json"]).with_code(8);
    assert!(json.stdout.contains("the test has no answer for keys that `job_titles` looks up"));
}

fn an_answer_that_no_record_needs_is_noted() {
    let answers =
        "lookups.job_titles = '{\"j1\": \"Tester\", \"j2\": null, \"j3\": \"Planner\"}'\n";
    let context = with_test(&format!("{INPUT}{EXPECT}{answers}"));
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(0);
    insta::assert_snapshot!(ended.stderr, @"
    ok      jobs.test.toml: titles
      note: the test contains an answer for the key `j3`, which `job_titles` does not look up
    1 passed
    ");
    let json = context.taskferry(&["test", "jobs.toml", "--json"]).with_code(0);
    assert!(json.stdout.contains("\"notes\": ["), "{}", json.stdout);
}

fn errors_in_answers_are_reported_at_their_position() {
    let mut said = String::new();
    for answers in [
        "lookups.job_title = '{}'\n",
        "lookups.job_titles = '[1]'\n",
        "lookups.job_titles = '{\"j1\": }'\n",
        "lookups.job_titles = 5\n",
        "lookups.job_titles = \"nowhere.json\"\n",
        "lookups = 5\n",
    ] {
        let context = with_test(&format!("{INPUT}{EXPECT}{answers}"));
        said += &context.taskferry(&["check", "jobs.toml"]).with_code(2).stderr;
    }
    insta::assert_snapshot!(said, @r#"
    unknown-choice

      × the pipeline has no transform `job_title`
       ╭─[jobs.test.toml:5:9]
     5 │ lookups.job_title = '{}'
       ·         ─────────
       ╰────
      help: did you mean `job_titles`?

    1 error; nothing was run
    run `taskferry explain unknown-choice` for details
    wrong-type

      × the answers are not a JSON object with the keys of the lookups
       ╭─[jobs.test.toml:5:22]
     5 │ lookups.job_titles = '[1]'
       ·                      ─────
       ╰────
      help: write for example `{"j1": "Tester", "j2": null}`

    1 error; nothing was run
    run `taskferry explain wrong-type` for details
    invalid-value

      × this is not JSON: expected value
       ╭─[jobs.test.toml:5:30]
     5 │ lookups.job_titles = '{"j1": }'
       ·                              ─
       ╰────
      help: write one or more JSON objects, or the path of a file

    1 error; nothing was run
    run `taskferry explain invalid-value` for details
    wrong-type

      × expected a table of answers, JSON text or a path, found a number
       ╭─[jobs.test.toml:5:22]
     5 │ lookups.job_titles = 5
       ·                      ─
       ╰────

    1 error; nothing was run
    run `taskferry explain wrong-type` for details
    unreadable-file

      × can't read `nowhere.json`: No such file or directory (os error 2)
       ╭─[jobs.test.toml:5:22]
     5 │ lookups.job_titles = "nowhere.json"
       ·                      ──────────────
       ╰────
      help: a relative path starts at the folder of the file with the test

    1 error; nothing was run
    run `taskferry explain unreadable-file` for details
    wrong-type

      × expected a table, found a whole number
       ╭─[jobs.test.toml:5:11]
     5 │ lookups = 5
       ·           ─
       ╰────

    1 error; nothing was run
    run `taskferry explain wrong-type` for details
    "#);
}
