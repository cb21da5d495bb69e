//! Mistakes in the options of stages, and in the files that they name.

use taskferry_testkit::Context;

use crate::mistakes::{GOOD, changed};

#[test]
fn a_broken_jq_expression_is_marked_inside_the_file() {
    let jq = "[[transform]]\ntype = \"jq\"\nfilter = '.hours = (.weekly_hours // 0'\n\n[[sink]]";
    insta::assert_snapshot!(changed("[[sink]]", jq), @"
    invalid-jq

      × `(` is not closed
        ╭─[jobs.toml:14:20]
     14 │ filter = '.hours = (.weekly_hours // 0'
        ·                    ─
        ╰────

    1 error; nothing was run
    run `taskferry explain invalid-jq` for details
    ");
}

#[test]
fn a_broken_jq_expression_of_many_lines_is_marked_on_its_line() {
    let jq = "[[transform]]\ntype = \"jq\"\nfilter = '''\n  .tasks\n  | mapp(.task)\n  | $names\n'''\n\n[[sink]]";
    insta::assert_snapshot!(changed("[[sink]]", jq), @"
    undefined-name

      × there is no function `mapp`
        ╭─[jobs.toml:16:5]
     16 │   | mapp(.task)
        ·     ────
        ╰────
      help: did you mean `map`?

    undefined-name

      × there is no variable `$names`
        ╭─[jobs.toml:17:5]
     17 │   | $names
        ·     ──────
        ╰────
      help: pass it with `args`, or bind it with `… as $name | …`

    2 errors; nothing was run
    run `taskferry explain undefined-name` for details
    ");
}

#[test]
fn a_missing_mapping_file_is_marked() {
    let rename = "[[transform]]\ntype = \"rename_skills\"\nvendor = \"workday\"\nmapping = \"skills.csv\"\n\n[[sink]]";
    insta::assert_snapshot!(changed("[[sink]]", rename), @r#"
    unreadable-file

      × can't read the mapping `skills.csv`: No such file or directory (os error 2)
        ╭─[jobs.toml:15:11]
     15 │ mapping = "skills.csv"
        ·           ────────────
        ╰────
      help: the path resolves to skills.csv

    1 error; nothing was run
    run `taskferry explain unreadable-file` for details
    "#);
}

#[test]
fn invalid_rows_of_a_mapping_are_reported_with_their_lines() {
    let context = Context::new();
    let rows = "vendor,skill,vendor_skill,rank\nworkday,Excel,MS Excel,first\nworkday,,Word,1\nworkday,Word\n";
    context.write("skills/workday.csv", rows);
    let rename = "[[transform]]\ntype = \"rename_skills\"\nvendor = \"workday\"\nmapping = \"skills/workday.csv\"\n\n[[sink]]";
    context.write("jobs.toml", &GOOD.replace("[[sink]]", rename));
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @r#"
    invalid-mapping

      × skills/workday.csv:2: the rank `first` is not a whole number of at least 0
        ╭─[jobs.toml:15:11]
     15 │ mapping = "skills/workday.csv"
        ·           ────────────────────
        ╰────

    invalid-mapping

      × skills/workday.csv:3: `skill_id` and `skill` are both empty
        ╭─[jobs.toml:15:11]
     15 │ mapping = "skills/workday.csv"
        ·           ────────────────────
        ╰────

    invalid-mapping

      × skills/workday.csv:4: the row has 2 columns, the header has 4
        ╭─[jobs.toml:15:11]
     15 │ mapping = "skills/workday.csv"
        ·           ────────────────────
        ╰────

    3 errors; nothing was run
    run `taskferry explain invalid-mapping` for details
    "#);
}

#[test]
fn a_missing_dataset_is_marked() {
    insta::assert_snapshot!(changed("?jobs=3", "?data=jobs.ndjson"), @r#"
    missing-dataset

      × there is no dataset file `jobs.ndjson`
       ╭─[jobs.toml:5:22]
     5 │ url = "sandbox:?data=jobs.ndjson"
       ·                      ───────────
       ╰────
      help: a relative path starts at the pipeline file's folder

    1 error; nothing was run
    run `taskferry explain missing-dataset` for details
    "#);
}

#[test]
fn an_invalid_parameter_of_the_sandbox_is_marked() {
    insta::assert_snapshot!(changed("?jobs=3", "?job=3&seed=x"), @r#"
    invalid-sandbox

      × unknown parameter `job`
       ╭─[jobs.toml:5:17]
     5 │ url = "sandbox:?job=3&seed=x"
       ·                 ───
       ╰────
      help: did you mean `jobs`?

    invalid-sandbox

      × `x` is not a seed
       ╭─[jobs.toml:5:28]
     5 │ url = "sandbox:?job=3&seed=x"
       ·                            ─
       ╰────
      help: write a whole number from 0 to 18446744073709551615

    2 errors; nothing was run
    run `taskferry explain invalid-sandbox` for details
    "#);
}

#[test]
fn a_field_that_is_not_fetched_is_an_error_before_the_first_request() {
    insta::assert_snapshot!(changed("\"ai_impact\", ", ""), @r#"
    missing-include

      × `filter_ai_impact` needs `ai_impact`, which the source does not fetch
       ╭─[jobs.toml:6:11]
     6 │ include = ["linked_skills"]
       ·           ────────┬────────
       ·                   ╰── `ai_impact` is not fetched
       ╰────
       ╭─[jobs.toml:9:8]
     9 │ type = "filter_ai_impact"
       ·        ─────────┬────────
       ·                 ╰── without it no task has a level and all would be dropped
       ╰────
      help: add "ai_impact" to `include` in [source]

    1 error; nothing was run
    run `taskferry explain missing-include` for details
    "#);
}
