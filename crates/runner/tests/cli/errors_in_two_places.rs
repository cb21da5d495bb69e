//! Errors that concern two places: both are marked, in the file, overlay or argument that sets them.

use std::fmt::Write;

use taskferry_testkit::Context;

use crate::errors::GOOD;

fn checked(context: &Context, arguments: &[&str]) -> String {
    context.taskferry(&[&["check", "jobs.toml"], arguments].concat()).with_code(2).stderr
}

#[test]
fn options_that_contradict_each_other_are_both_marked() {
    let context = Context::new();
    let both = |from: &str, to: &str| {
        context.write("jobs.toml", &GOOD.replace(from, to));
        let log = context.taskferry(&["check", "jobs.toml", "--log", "json"]).with_code(2).log();
        let [diagnostic] = &log[..] else { panic!("{log:?}") };
        let related: Vec<String> = diagnostic["related"]
            .as_array()
            .unwrap()
            .iter()
            .map(|it| format!("{}:{} {}", it["line"], it["column"], it["label"].as_str().unwrap()))
            .collect();
        assert!(!related.is_empty(), "{diagnostic}");
        format!("{}:{} | {}", diagnostic["line"], diagnostic["column"], related.join(" | "))
    };
    let file = |options: &str| format!("\"file\"\n{options}");
    let webhook = |options: &str| format!("\"webhook\"\nurl = \"https://hr.example\"\n{options}");
    let levels = "levels = [\"H1\"]";
    let sink = "\"stdout\"";
    let filter = "\"filter_ai_impact\"\nlevels = [\"H1\"]";
    let url = "\"sandbox:?jobs=3\"";
    let mut report = String::new();
    for (from, to) in [
        (levels, "levels = [\"H1\"]\nat_least = \"H1\"\nat_most = \"H2\"".to_owned()),
        (levels, "at_least = \"H4\"\nat_most = \"H2\"".to_owned()),
        (filter, "\"jq\"\nfilter = \".\"\nfile = \"x.jq\"".to_owned()),
        (filter, "\"jq\"\nfilter = \".\"\nmemory_limit = \"1 GiB\"\nisolation = \"none\"".to_owned()),
        (filter, "\"flatten_hierarchy\"\ninto = \"tasks\"\nexplode = \"linked_skills\"".to_owned()),
        (sink, file("path = \"x.gz\"\ncompression = \"none\"")),
        (sink, file("path = \"x.csv\"\nformat = \"json\"")),
        (sink, file("path = \"x\"\nformat = \"json\"\ncolumns = [\"a\"]")),
        (sink, file("path = \"x\"\nformat = \"csv\"\ncolumns = [\"a\", \"b\", \"a\"]")),
        (sink, file("path = \"x\"\nformat = \"csv\"\ndelimiter = \",\"\ndialect = \"excel-semicolon\"")),
        (sink, webhook("retry = { initial_delay = \"5s\", max_delay = \"1s\" }")),
        (sink, webhook("batch_records = 5\ncloud_events = { mode = \"structured\", type = \"a.b\" }")),
        (url, "\"https://x.example\"\nauth = { token = \"a\", client_id = \"b\" }".to_owned()),
        (url, "\"https://x.example\"\nauth = { token = \"a\", cache = true }".to_owned()),
        (url, "\"sandbox:\"\nsubject = \"employees\"\npartition = { by = \"job_family\", values = [\"a\"] }".to_owned()),
        (url, "\"sandbox:\"\nfilters = [{ filter = \"job_family_id_is_in_list\", job_family_ids = [\"a\"] }]\npartition = { by = \"job_family\", values = [\"a\"] }".to_owned()),
        (url, "\"sandbox:\"\npartition = { by = \"job_family\", values = [\"a\", \"b\", \"a\"] }".to_owned()),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let options = to.lines().last().unwrap_or_default();
        writeln!(report, "{options}\n  {}", both(from, &to)).unwrap();
    }
    insta::assert_snapshot!(report, @r#"
    at_most = "H2"
      10:1 | 11:1 a range of levels | 12:1 a range of levels
    at_most = "H2"
      10:12 | 11:11 levels up to H2
    file = "x.jq"
      11:1 | 10:1 another expression
    isolation = "none"
      11:16 | 12:13 no child process to limit
    explode = "linked_skills"
      11:1 | 10:8 produces lists of tasks
    compression = "none"
      14:8 | 15:15 does not match this
    format = "json"
      14:8 | 15:10 does not match this
    columns = ["a"]
      16:1 | 15:10 not csv
    columns = ["a", "b", "a"]
      16:22 | 16:12 listed first
    dialect = "excel-semicolon"
      16:13 | 17:11 separates decimals by commas
    retry = { initial_delay = "5s", max_delay = "1s" }
      15:45 | 15:27 the first delay
    cloud_events = { mode = "structured", type = "a.b" }
      15:17 | 16:25 one event a request
    auth = { token = "a", client_id = "b" }
      6:18 | 6:35 client credentials
    auth = { token = "a", cache = true }
      6:31 | 6:18 a fixed token
    partition = { by = "job_family", values = ["a"] }
      7:1 | 6:11 `subject` of the export
    partition = { by = "job_family", values = ["a"] }
      6:12 | 7:43 selects job families as well
    partition = { by = "job_family", values = ["a", "b", "a"] }
      6:54 | 6:44 listed first
    "#);
}

#[test]
fn a_value_that_an_overlay_or_argument_replaces_is_marked_beside_the_new_one() {
    let mut context = Context::with_pipeline(&GOOD.replace("url", "limit = 50\nurl"));
    context.write("more.toml", "[source]\nlimit = 500\n\n[[sink]]\npath = \"x.csv\"\n");
    let overlay = ["--overlay", "more.toml", "--set", "transform.0.levels=[\"H9x\"]"];
    insta::assert_snapshot!(checked(&context, &overlay), @r#"
    invalid-value

      × 500 is out of range, expected a whole number from 1 to 100
       ╭─[more.toml:2:9]
     2 │ limit = 500
       ·         ───
       ╰────
       ╭─[jobs.toml:5:9]
     5 │ limit = 50
       ·         ─┬
       ·          ╰── the overlay replaces this value
       ╰────

    missing-key

      × the key `type` is missing
       ╭─[more.toml:4:1]
     4 │ [[sink]]
       · ────┬───
       ·     ╰── needs `type`
       ╰────
        ╭─[jobs.toml:13:1]
     13 │ [[sink]]
        · ────┬───
        ·     ╰── the overlay replaces this list
        ╰────
      help: the available sinks are `file`, `stdout`, `webhook`

    unknown-level

      × `H9x` is not an AI impact level
       ╭─[--set:1:20]
     1 │ transform.0.levels=["H9x"]
       ·                    ───────
       ╰────
        ╭─[jobs.toml:11:10]
     11 │ levels = ["H1"]
        ·          ───┬──
        ·             ╰── `--set` replaces this list
        ╰────
      help: the levels are `H1`, `H2`, `H3`, `H4` and `H5`

    3 errors; nothing was run
    run `taskferry explain invalid-value` for details
    "#);
    context.set("TASKFERRY_SOURCE__LIMIT", "many");
    let shown = checked(&context, &[]);
    for marked in ["[environment:1:25]", "[jobs.toml:5:9]", "the environment replaces this value"] {
        assert!(shown.contains(marked), "{shown}");
    }
}

#[test]
fn an_error_in_an_expression_is_marked_in_its_line_of_the_pipeline_file() {
    let mut context = Context::new();
    context.set("REGION", "emea");
    let levels = "\"filter_ai_impact\"\nlevels = [\"H1\"]";
    let jq = |filter: &str| GOOD.replace(levels, &format!("\"jq\"\nfilter = {filter}"));
    for (filter, expected) in [
        ("'''\n    .tasks |= map(\n       .a = 1\n     | nofunc\n    )\n'''", "13:8"),
        ("\"\"\"\n  # \\\"a\\\" \\u00e9\n  .tasks[] \\\n     | nofunc\n\"\"\"", "13:8"),
        ("\"\"\"\n  .a = \\\"${REGION}\\\"\n  | nofunc\n\"\"\"", "12:5"),
        ("'.a | nofunc | \"${REGION}\"'", "10:16"),
        ("'\"${REGION}\" | nofunc | \"${REGION}\"'", "10:10"),
    ] {
        context.write("jobs.toml", &jq(filter));
        let stderr = checked(&context, &[]);
        let stderr = stderr.split_whitespace().collect::<Vec<_>>().join(" ");
        assert!(stderr.contains(&format!("[jobs.toml:{expected}]")), "{filter}: {stderr}");
    }
    context.write("jobs.toml", &jq("'.'"));
    for set in ["transform.0.filter=.a | nofunc", "transform.0.filter = '.a | nofunc'"] {
        let stderr = checked(&context, &["--set", set]);
        let column = set.find("nofunc").unwrap() + 1;
        assert!(stderr.contains(&format!("[--set:1:{column}]")), "{stderr}");
    }
}
