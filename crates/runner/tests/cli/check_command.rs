//! The options of `taskferry check`.

use serde_json::Value;
use taskferry_testkit::Context;

use crate::errors::GOOD;

/// A pipeline with two variables that are not set.
const SECRET: &str = r#"name = "jobs"

[source]
type = "techwolf"
url = "${TECHWOLF_URL}"
include = ["ai_impact"]
auth = { token = "${TECHWOLF_TOKEN}" }

[[transform]]
type = "filter_ai_impact"
levels = ["H1"]

[[sink]]
type = "stdout"
"#;

#[test]
fn variables_that_are_not_set_are_listed_and_are_errors_on_request() {
    let context = Context::with_pipeline(SECRET);
    let ended = context.taskferry(&["check", "jobs.toml", "--deny-warnings"]).with_code(0);
    insta::assert_snapshot!(ended.stderr, @"
    warning: 2 values are not checked, because their variables are not set (`--env` makes this an error)
      TECHWOLF_URL    source.url (jobs.toml:5:8)
      TECHWOLF_TOKEN  source.auth.token (jobs.toml:7:19)

    jobs.toml: ok, techwolf → filter_ai_impact → stdout
    ");
    let log = context.taskferry(&["check", "jobs.toml", "--log", "json"]).with_code(0).log();
    assert_eq!((&log[1]["code"], &log[1]["line"]), (&"unset-variable".into(), &7.into()));
    for command in [&["check", "--env"][..], &["run"]] {
        let said = context.taskferry(&[command, &["jobs.toml"]].concat()).with_code(2).stderr;
        assert!(said.contains("the variable `TECHWOLF_TOKEN` is not set"), "{said}");
    }
}

#[test]
fn files_of_secrets_are_not_needed_wherever_they_are() {
    let context = Context::new();
    for path in ["secrets/token", "/nowhere/token"] {
        let token = format!("\"${{file:{path}}}\"");
        context.write("jobs.toml", &SECRET.replace("\"${TECHWOLF_TOKEN}\"", &token));
        let ended = context.taskferry(&["check", "jobs.toml"]).with_code(0);
        let reason = "their variables are not set or their files can't be read";
        ended.assert_stderr(reason);
        assert!(ended.stderr.contains(&format!("file:{path}  source.auth.token (jobs.toml:7:19)")));
        let said = context.taskferry(&["check", "jobs.toml", "--env"]).with_code(2).stderr;
        assert!(said.contains("unreadable-file"), "{said}");
    }
    // All other files belong to the project, so a missing one is an error.
    let jq = "type = \"jq\"\nfilter = \"${file:missing.jq}\"";
    let filter = SECRET.replace("type = \"filter_ai_impact\"\nlevels = [\"H1\"]", jq);
    context.write("jobs.toml", &filter);
    let said = context.taskferry(&["check", "jobs.toml"]).with_code(2).stderr;
    assert!(said.contains("a relative path starts at the pipeline file's folder"), "{said}");
}

#[test]
fn an_option_that_names_a_field_is_not_a_secret() {
    let context = Context::new();
    context.write("titles.csv", "id_a,title\nj1,Tester\n");
    let join = "type = \"join\"\nfile = \"titles.csv\"\nkey = \"external_id\"\nfile_key = \"external_id\"\ncolumns = [\"title\"]";
    let filter = "type = \"filter_ai_impact\"\nlevels = [\"H1\"]";
    context.write("jobs.toml", &SECRET.replace(filter, join));
    let said = context.taskferry(&["check", "jobs.toml"]).with_code(2).stderr;
    assert!(said.contains("the column `external_id` is missing"), "{said}");
    let printed = context.taskferry(&["check", "jobs.toml", "--print"]);
    assert!(!format!("{}{}", printed.stdout, printed.stderr).contains("[secret]"));
}

#[test]
fn a_warning_is_an_error_on_request() {
    let mut context = Context::with_pipeline(GOOD);
    context.taskferry(&["check", "jobs.toml", "--deny-warnings"]).with_code(0);
    context.set("TASKFERRY_SOURCE_LIMIT", "1");
    context.taskferry(&["check", "jobs.toml"]).with_code(0);
    let said = context.taskferry(&["check", "jobs.toml", "--deny-warnings"]).with_code(2).stderr;
    assert!(said.ends_with("error: 1 warning, which `--deny-warnings` does not allow\n"), "{said}");
}

#[test]
fn github_gets_one_escaped_command_per_error() {
    let context = Context::new();
    context.write("a,b.toml", &GOOD.replace("\"H1\"", "\"100%\"").replace("levels", "lvels"));
    let arguments = ["check", "a,b.toml", "--format", "github", "--set", "source.limit=many"];
    let ended = context.taskferry(&arguments).with_code(2);
    assert_eq!(ended.stderr, "");
    insta::assert_snapshot!(ended.stdout, @"
    ::error file=a%2Cb.toml,line=10,col=1,endColumn=6,title=unknown-key::unknown key `lvels`; did you mean `levels`?
    ::error file=a%2Cb.toml,title=wrong-type::--set:1:14: expected a whole number, found a string
    ");
}

#[test]
fn sarif_names_rules_positions_and_related_positions() {
    let context = Context::new();
    context.write("my jobs.toml", &GOOD.replace("\"ai_impact\", ", ""));
    let arguments = [
        "check",
        "my jobs.toml",
        "--format",
        "text",
        "--format",
        "github",
        "--format",
        "sarif=out.sarif",
    ];
    let ended = context.taskferry(&arguments).with_code(2);
    ended.assert_stderr("missing-include");
    assert!(ended.stdout.starts_with("::error file=my jobs.toml,line=9,col=8"), "{}", ended.stdout);
    let log = context.json("out.sarif");
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    let driver = &run["tool"]["driver"];
    assert_eq!(driver["name"], "taskferry");
    let rules = driver["rules"].as_array().unwrap();
    for rule in rules {
        for text in ["shortDescription", "fullDescription", "help"] {
            assert!(rule[text]["text"].as_str().is_some_and(|text| !text.is_empty()), "{rule}");
        }
    }
    let [result] = &run["results"].as_array().unwrap()[..] else { panic!("{run}") };
    let rule = &rules[usize::try_from(result["ruleIndex"].as_u64().unwrap()).unwrap()];
    assert_eq!((&rule["id"], &result["ruleId"]), (&"missing-include".into(), &rule["id"]));
    assert_eq!(result["level"], "error");
    assert!(result["message"]["text"].as_str().is_some_and(|text| text.contains("ai_impact")));
    let place = |location: &Value| {
        let physical = &location["physicalLocation"];
        assert_eq!(physical["artifactLocation"]["uri"], "my%20jobs.toml");
        let region = &physical["region"];
        [&region["startLine"], &region["startColumn"], &region["endColumn"]]
            .map(|it| it.as_u64().unwrap())
    };
    assert_eq!(place(&result["locations"][0]), [9, 8, 26]);
    assert_eq!(place(&result["relatedLocations"][0]), [6, 11, 28]);
}

#[test]
fn outputs_that_would_mix_or_overwrite_an_input_are_refused() {
    let context = Context::with_pipeline(GOOD);
    for (more, said) in [
        (&["--print", "--format", "github"][..], "both write to standard output"),
        (&["--format", "github", "--format", "sarif"], "both write to standard output"),
        (&["--format", "sarif=./jobs.toml"], "would overwrite `jobs.toml`"),
        (&["--format", "xml"], "the formats are `text`, `github`, `sarif` and `sarif=FILE`"),
        (&["others.toml", "--print"], "name one file"),
    ] {
        let ended = context.taskferry(&[&["check", "jobs.toml"], more].concat()).with_code(2);
        ended.assert_stderr(said);
        assert_eq!(ended.stdout, "");
    }
    assert_eq!(context.read("jobs.toml"), GOOD);
}

#[test]
fn every_value_is_printed_with_its_origin_and_secrets_are_masked() {
    let mut context =
        Context::with_pipeline(&SECRET.replace("levels", "empty_jobs = \"keep\"\nlevels"));
    context.write("more.toml", "[source]\nrate_limit = 2.5\n");
    context.set("TECHWOLF_TOKEN", "canary-token");
    context.set("TASKFERRY_SOURCE__LIMIT", "50");
    let arguments = ["--overlay", "more.toml", "--set", "state.dir=there"];
    let all = [&["check", "jobs.toml", "--print"], &arguments[..]].concat();
    let printed = context.taskferry(&all).with_code(0).stdout;
    assert!(!printed.contains("canary"), "{printed}");
    let lines: Vec<String> =
        printed.lines().map(|line| line.split_whitespace().collect::<Vec<_>>().join(" ")).collect();
    for expected in [
        "name = \"jobs\" # jobs.toml:1",
        "url = \"${TECHWOLF_URL}\" # jobs.toml:5, variable TECHWOLF_URL",
        "token = \"[secret]\" # jobs.toml:7, variable TECHWOLF_TOKEN",
        "limit = 50 # variable TASKFERRY_SOURCE__LIMIT",
        "rate_limit = 2.5 # more.toml:2",
        "# timeout = \"2m\" # default",
        "empty_jobs = \"keep\" # jobs.toml:11",
        "[source.retry]",
        "dir = \"there\" # --set",
        "# [dead_letter] is not set",
    ] {
        assert!(lines.iter().any(|line| line == expected), "{expected}:\n{printed}");
    }
    // What is printed is a pipeline with the same values.
    context.write("again.toml", &printed);
    context.set("TASKFERRY_SOURCE__LIMIT", "");
    context.taskferry(&["check", "again.toml"]).with_code(0);
    let again = context.taskferry(&["check", "again.toml", "--print"]).with_code(0).stdout;
    let values = |text: &str| -> Vec<String> {
        let value =
            |line: &str| line.split("  # ").next().unwrap_or_default().trim_end().to_owned();
        text.lines().map(value).collect()
    };
    assert_eq!(values(&again), values(&printed));
}

#[test]
fn keys_and_values_of_other_tools_are_understood() {
    let said = |from: &str, to: &str| {
        let context = Context::with_pipeline(&GOOD.replace(from, to));
        let log = context.taskferry(&["check", "jobs.toml", "--log", "json"]).with_code(2).log();
        log[0]["help"].as_str().unwrap_or_default().to_owned()
    };
    let file = |line: &str| format!("\"file\"\npath = \"out/jobs\"\n{line}");
    let webhook = |line: &str| format!("\"webhook\"\nurl = \"https://hr.example.com\"\n{line}");
    for (from, to, help) in [
        ("url =", "vendor = \"workday\"\nurl =".to_owned(), "did you mean `external_vendor`?"),
        (
            "url =",
            "job_families = [\"legal\"]\nurl =".to_owned(),
            "did you mean `filters`? For example `filters = [{ filter = \"job_family_id_is_in_list\"",
        ),
        ("url =", "page_size = 50\nurl =".to_owned(), "did you mean `limit`?"),
        ("url =", "columns = []\nurl =".to_owned(), "is an option of the sink `stdout`"),
        ("\"stdout\"", file("compression = \"gz\""), "did you mean \"gzip\"?"),
        ("\"stdout\"", file("compress = true"), "did you mean `compression`?"),
        ("\"stdout\"", webhook("batch_size = 5"), "did you mean `batch_records`?"),
        ("\"stdout\"", webhook("token = \"x\""), "did you mean `headers`?"),
        ("\"stdout\"", "\"console\"".to_owned(), "did you mean `stdout`?"),
        ("name = \"jobs\"", "output = \"x\"".to_owned(), "did you mean `sink`?"),
        ("[source]", "[expect]\nmin_rows = 5\n[source]".to_owned(), "did you mean `min_records`?"),
        (
            "\"stdout\"",
            webhook("format = \"ndjson\""),
            "remove `format`: the webhook posts JSON arrays",
        ),
        ("levels = [\"H1\"]", "levels = \"H1,H2\"".to_owned(), "write each item in quotes"),
    ] {
        let found = said(from, &to);
        assert!(found.contains(help), "{to}: {found}");
    }
}

#[test]
fn an_empty_secret_file_is_reported() {
    let context = Context::new();
    let auth = "[source.auth]\ntoken_url = \"https://id.example/\"\nclient_id = \"c\"\naudience = \"a\"\ntenant = \"t\"\n\
                client_secret = \"${file:secret}\"\n";
    let text = "[source]\ntype = \"techwolf\"\nurl = \"https://acme.example.com\"\n";
    context.write("jobs.toml", &format!("{text}{auth}[[sink]]\ntype = \"stdout\"\n"));
    context.write("secret", "\n");
    let ended = context.taskferry(&["check", "jobs.toml", "--log", "json"]).with_code(2);
    let help = ended.log()[0]["help"].as_str().unwrap_or_default().to_owned();
    assert_eq!(
        help,
        "write the client secret into the variable or the file that this option names"
    );
}

#[test]
fn an_undeclared_key_with_the_name_of_a_secret_is_masked() {
    let context = Context::new();
    let filter = "type = \"filter_ai_impact\"\nlevels = [\"H1\"]";
    let jq = "type = \"jq\"\nfilter = \".\"\nargs = { hmac_key = \"canary-argument\" }";
    for (transform, code) in [
        (format!("{filter}\nencryption_key = \"canary-misplaced\""), 2),
        (jq.to_owned(), 0),
        (format!("{filter}\n# encryption_key = \"canary-comment\"\nlevel = 1"), 2),
        (format!("{filter}\nargs = {{ hmac_key = \"canary-broken\" "), 2),
    ] {
        context.write("jobs.toml", &SECRET.replace(filter, &transform));
        let checked = context.taskferry(&["check", "jobs.toml"]).with_code(code);
        let printed = context.taskferry(&["check", "jobs.toml", "--print"]);
        for text in [checked.stdout, checked.stderr, printed.stdout, printed.stderr] {
            assert!(!text.contains("canary"), "{text}");
        }
    }
}
