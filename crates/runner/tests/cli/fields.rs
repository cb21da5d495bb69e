//! Fields that no stage can produce.

use taskferry_testkit::Context;

/// A pipeline that flattens jobs, followed by these transforms, with these columns.
fn pipeline(include: &str, transforms: &str, columns: &str) -> String {
    format!(
        r#"name = "jobs"

[source]
type = "techwolf"
url = "sandbox:?jobs=3"
{include}

{transforms}
[[sink]]
type = "stdout"
format = "csv"
columns = [{columns}]
"#
    )
}

const ROWS: &str = "[[transform]]\ntype = \"flatten_hierarchy\"\n";

fn jq(filter: &str) -> String {
    format!("{ROWS}\n[[transform]]\ntype = \"jq\"\nfilter = '{filter}'\n")
}

/// The output of `check`, which equals the first output of `run`.
fn checked(text: &str) -> String {
    let context = Context::with_pipeline(text);
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(0);
    let warned = ended.stderr.split("jobs.toml: ok").next().unwrap_or_default().to_owned();
    let run = context.taskferry(&["run", "jobs.toml", "--summary", "s.json"]).with_code(0);
    assert!(run.stderr.starts_with(&warned), "{}", run.stderr);
    let warnings = context.json("s.json")["warnings"].to_string();
    assert_eq!(
        warned.is_empty(),
        !warnings.contains("is probably missing")
            && !warnings.contains("which `jq` probably drops"),
        "{warnings}"
    );
    warned
}

const ALL: &str = "include = [\"ai_impact\", \"linked_skills\", \"weekly_hours\"]";

#[test]
fn a_column_that_no_stage_produces_is_a_warning() {
    insta::assert_snapshot!(checked(&pipeline(ALL, ROWS, "\"task\", \"weekly_hourz\"")), @r#"
    unknown-field

      ⚠ the field `weekly_hourz` is probably missing: no earlier stage produces it
        ╭─[jobs.toml:14:20]
     14 │ columns = ["task", "weekly_hourz"]
        ·                    ───────┬──────
        ·                           ╰── this column is probably empty
        ╰────
      help: did you mean `weekly_hours`? `flatten_hierarchy` produces `ai_impact_level`,
            `ai_impact_rationale`, `canonical_task`, `cluster`, `domain`, `job_external_id`,
            `linked_skills`, `subdomain`, `task`, `task_id`, `validation_state`, `weekly_hours`
    "#);
}

#[test]
fn a_column_that_is_not_fetched_is_a_warning_with_both_positions() {
    let include = "include = [\"ai_impact\"]";
    insta::assert_snapshot!(checked(&pipeline(include, ROWS, "\"weekly_hours\"")), @r#"
    unknown-field

      ⚠ the field `weekly_hours` is probably missing: no earlier stage produces it
       ╭─[jobs.toml:6:11]
     6 │ include = ["ai_impact"]
       ·           ──────┬──────
       ·                 ╰── `weekly_hours` is not fetched
       ╰────
        ╭─[jobs.toml:14:12]
     14 │ columns = ["weekly_hours"]
        ·            ───────┬──────
        ·                   ╰── this column is probably empty
        ╰────
      help: add "weekly_hours" to `include` in [source]
    "#);
}

#[test]
fn a_field_missing_from_the_input_of_an_expression_is_a_warning() {
    let text = pipeline(ALL, &jq("{task, hours: .weekly_hourz}"), "\"task\", \"hour\"");
    insta::assert_snapshot!(checked(&text), @r#"
    unknown-field

      ⚠ the field `weekly_hourz` is probably missing: no earlier stage produces it
        ╭─[jobs.toml:13:26]
     13 │ filter = '{task, hours: .weekly_hourz}'
        ·                          ──────┬─────
        ·                                ╰── probably null in every record
        ╰────
      help: did you mean `weekly_hours`? `flatten_hierarchy` produces `ai_impact_level`,
            `ai_impact_rationale`, `canonical_task`, `cluster`, `domain`, `job_external_id`,
            `linked_skills`, `subdomain`, `task`, `task_id`, `validation_state`, `weekly_hours`

    unknown-field

      ⚠ the field `hour` is probably missing: no earlier stage produces it
        ╭─[jobs.toml:18:20]
     18 │ columns = ["task", "hour"]
        ·                    ───┬──
        ·                       ╰── this column is probably empty
        ╰────
      help: did you mean `hours`? `jq` produces `hours`, `task`
    "#);
}

#[test]
fn a_field_missing_from_tasks_is_a_warning() {
    for (filter, misspelt) in [
        (".tasks |= map(select(.linked_skill|length > 0))", "linked_skill"),
        (".tasks[] |= (.hours = .weekly_hour)", "weekly_hour"),
        (".tasks |= map(.hours = 1) | .tasks |= map({task, n: .hour})", "hour"),
    ] {
        let jq = format!("[[transform]]\ntype = \"jq\"\nfilter = '{filter}'\n");
        let warned = checked(&pipeline(ALL, &jq, "\"external_id\""));
        let message =
            format!("the field `{misspelt}` is probably missing: no earlier stage produces it");
        assert!(warned.contains(&message), "{filter}: {warned}");
        assert_eq!(warned.matches('⚠').count(), 1, "{warned}");
    }
}

#[test]
fn possible_fields_cause_no_warning() {
    for (include, transforms, columns) in [
        (ALL, ROWS.to_owned(), "\"task\", \"job_name\", \"ai_impact_level\", \"domain\""),
        (ALL, jq(".hours = (.weekly_hours // 0) | del(.weekly_hours)"), "\"hours\", \"task\""),
        ("", jq(".hours = (.weekly_hours? // .hours // 0)"), "\"hours\""),
        (ALL, jq(". + {note: 1} | with_entries(.)"), "\"anything\""),
        (ALL, jq("def f: .x; {a: f}"), "\"b\""),
        (ALL, jq("if .task then {a: 1} else {b: 2} end"), "\"a\", \"b\""),
        (ALL, jq(". as {task: $t} | {$t}"), "\"t\""),
        (
            ALL,
            "[[transform]]\ntype = \"jq\"\nfilter = \".external_id as $job | .tasks[] | {$job, task, hours: .weekly_hours}\"\n".to_owned(),
            "\"job\", \"task\", \"hours\"",
        ),
        (
            ALL,
            "[[transform]]\ntype = \"jq\"\nfilter = \".tasks |= map(.hours = .weekly_hours) | .tasks[0] |= {} | .tasks |= map({task, n: .hours}) | .new |= 1\"\n".to_owned(),
            "\"new\"",
        ),
        (ALL, "[[transform]]\ntype = \"jq\"\nfilter = \"[.tasks[]] | group_by(.x)[] | {n: length}\"\n".to_owned(), "\"n\""),
    ] {
        let text = pipeline(include, &transforms, columns);
        assert_eq!(checked(&text), "", "{text}");
    }
    let text = pipeline("response_format = \"hierarchy\"", ROWS, "\"task\", \"domain_id\"");
    assert_eq!(checked(&text), "");
}

#[test]
fn the_fields_of_a_sink_are_checked_after_its_transforms() {
    let own = "\n[[sink.transform]]\ntype = \"jq\"\nfilter = \"del(.task)\"\n";
    let text = pipeline(ALL, ROWS, "\"task\", \"weekly_hours\"") + own;
    let warned = checked(&text);
    assert!(
        warned.contains("the field `task` is probably missing, because `jq` drops this field"),
        "{warned}"
    );
    assert_eq!(warned.matches('⚠').count(), 1, "{warned}");
}

/// A pipeline that filters jobs after this expression.
fn filtered(filter: &str) -> String {
    let filter = format!("[[transform]]\ntype = \"jq\"\nfilter = '''\n{filter}\n'''\n");
    let levels = "\n[[transform]]\ntype = \"filter_ai_impact\"\nlevels = [\"H1\"]\n";
    let text = pipeline(ALL, &format!("{filter}{levels}"), "");
    text.replace("format = \"csv\"\ncolumns = []\n", "")
}

#[test]
fn the_expression_that_drops_a_column_is_marked() {
    let text = pipeline(
        ALL,
        &jq("del(.weekly_hours, .task_id) | .days = 5"),
        "\"task\", \"weekly_hours\"",
    );
    insta::assert_snapshot!(checked(&text), @r#"
    unknown-field

      ⚠ the field `weekly_hours` is probably missing, because `jq` drops this field
        ╭─[jobs.toml:13:16]
     13 │ filter = 'del(.weekly_hours, .task_id) | .days = 5'
        ·                ──────┬─────
        ·                      ╰── `weekly_hours` is dropped here
        ╰────
        ╭─[jobs.toml:18:20]
     18 │ columns = ["task", "weekly_hours"]
        ·                    ───────┬──────
        ·                           ╰── this column is probably empty
        ╰────
      help: keep `weekly_hours` in the result of `jq`, or remove the use of `weekly_hours`; `jq`
            produces `ai_impact_level`, `ai_impact_rationale`, `canonical_task`, `cluster`, `days`,
            `domain`, `job_external_id`, `linked_skills`, `subdomain`, `task`, `validation_state`
    "#);
}

#[test]
fn the_object_that_drops_what_a_transform_needs_is_marked() {
    let context = Context::with_pipeline(&filtered(
        "  {external_id,\n   tasks: (.tasks | map({task_id, note: \"{\", task}))}",
    ));
    let stderr = context.taskferry(&["check", "jobs.toml"]).with_code(0).stderr;
    insta::assert_snapshot!(stderr, @r#"
    unknown-field

      ⚠ `filter_ai_impact` needs `ai_impact`, which `jq` probably drops
        ╭─[jobs.toml:12:25]
     12 │    tasks: (.tasks | map({task_id, note: "{", task}))}
        ·                         ─────────────┬────────────
        ·                                      ╰── `ai_impact` is dropped here
        ╰────
        ╭─[jobs.toml:16:8]
     16 │ type = "filter_ai_impact"
        ·        ─────────┬────────
        ·                 ╰── without `ai_impact`, tasks have no AI impact level, so all tasks would be dropped
        ╰────
      help: keep `ai_impact` in the result of `jq`, or place `filter_ai_impact` before `jq`

    jobs.toml: ok, techwolf → jq → filter_ai_impact → stdout
    "#);
}

#[test]
fn a_transform_after_an_expression_is_reported_if_its_field_is_gone() {
    let warned = |filter: &str| {
        let context = Context::with_pipeline(&filtered(filter));
        let stderr = context.taskferry(&["check", "jobs.toml"]).with_code(0).stderr;
        stderr.contains("`filter_ai_impact` needs `ai_impact`, which `jq` probably drops")
    };
    for filter in [
        "del(.tasks[].ai_impact)",
        ".tasks |= map({task_id, task})",
        ".tasks[] |= {task_id, task}",
        "{external_id, tasks: [.tasks[] | {task_id, task}]}",
        "{id: .external_id}",
        ".tasks[] | {task_id, task}",
    ] {
        assert!(warned(filter), "{filter}");
    }
    for filter in [
        "del(.tasks[].weekly_hours)",
        ".tasks |= map(select(.task != null))",
        ".tasks[] |= (.x = 1)",
        ".tasks[]",
        ".tasks |= map(. + {x: 1})",
        ".tasks |= map({task_id, ai_impact})",
        ".tasks[] | {task_id, ai_impact_level: .ai_impact.level}",
        "with_entries(.)",
        "def f: .; .tasks |= map(f)",
    ] {
        assert!(!warned(filter), "{filter}");
    }
}

/// The errors of a pipeline that filters levels after this transform.
fn refused(transform: &str) -> String {
    let levels = "\n[[transform]]\ntype = \"filter_ai_impact\"\nlevels = [\"H1\"]\n";
    let text = pipeline(ALL, &format!("{transform}{levels}"), "");
    let context = Context::with_pipeline(&text.replace("format = \"csv\"\ncolumns = []\n", ""));
    context.taskferry(&["check", "jobs.toml"]).with_code(2).stderr
}

#[test]
fn a_transform_that_needs_a_field_which_select_drops_is_refused() {
    let select = "[[transform]]\ntype = \"select\"\n";
    insta::assert_snapshot!(refused(&format!("{ROWS}\n{select}drop = [\"task\", \"ai_impact_level\"]\n")), @r#"
    unknown-field

      × `filter_ai_impact` needs `ai_impact_level`, which `select` drops
        ╭─[jobs.toml:13:17]
     13 │ drop = ["task", "ai_impact_level"]
        ·                 ────────┬────────
        ·                         ╰── `ai_impact_level` is dropped here
        ╰────
        ╭─[jobs.toml:16:8]
     16 │ type = "filter_ai_impact"
        ·        ─────────┬────────
        ·                 ╰── without `ai_impact_level`, tasks have no AI impact level, so all tasks would be dropped
        ╰────
      help: keep `ai_impact_level` in the result of `select`, or place `filter_ai_impact` before
            `select`

    1 error; nothing was run
    run `taskferry explain unknown-field` for details
    "#);
    let fields = format!("{select}fields = [\"external_id\"]\n");
    assert_dropped(&refused(&fields), "ai_impact", "select", "10:10");
    let rename = format!("{ROWS}\n{select}rename = {{ ai_impact_level = \"level\" }}\n");
    assert_dropped(&refused(&rename), "ai_impact_level", "select", "13:12");
}

/// Asserts that an error names the transform that drops a field, and marks where.
#[track_caller]
fn assert_dropped(error: &str, field: &str, transform: &str, place: &str) {
    let message = format!("`filter_ai_impact` needs `{field}`, which `{transform}` drops");
    let expected = [
        message,
        format!("─[jobs.toml:{place}]"),
        format!("── `{field}` is dropped here"),
        format!("help: keep `{field}` in the result of `{transform}`, or place"),
    ];
    for text in expected {
        assert!(error.contains(&text), "{text}: {error}");
    }
}

#[test]
fn a_transform_that_needs_a_field_which_aggregate_drops_is_refused() {
    let aggregate = "[[transform]]\ntype = \"aggregate\"\ngroup_by = [\"domain\"]\ncount = \"n\"\n";
    let error = refused(&format!("{ROWS}\n{aggregate}"));
    assert_dropped(&error, "ai_impact_level", "aggregate", "13:12");
}

#[test]
fn the_option_of_select_that_drops_a_column_is_marked() {
    let select = "\n[[transform]]\ntype = \"select\"\n";
    let text = pipeline(ALL, &format!("{ROWS}{select}drop = [\"domain\"]\n"), "\"domain\"");
    insta::assert_snapshot!(checked(&text), @r#"
    unknown-field

      ⚠ the field `domain` is probably missing, because `select` drops this field
        ╭─[jobs.toml:13:9]
     13 │ drop = ["domain"]
        ·         ────┬───
        ·             ╰── `domain` is dropped here
        ╰────
        ╭─[jobs.toml:18:12]
     18 │ columns = ["domain"]
        ·            ────┬───
        ·                ╰── this column is probably empty
        ╰────
      help: keep `domain` in the result of `select`, or remove the use of `domain`; `select` produces
            `ai_impact_level`, `ai_impact_rationale`, `canonical_task`, `cluster`, `job_external_id`,
            `linked_skills`, `subdomain`, `task`, `task_id`, `validation_state`, `weekly_hours`
    "#);
    let kept = format!("{ROWS}{select}fields = [\"task\", \"ai_impact_level\"]\n");
    let warned = checked(&pipeline(ALL, &kept, "\"task\", \"domain\""));
    for text in [
        "the field `domain` is probably missing, because `select` drops this field",
        "─[jobs.toml:13:10]",
        "── `domain` is dropped here",
        "`select` produces\n        `ai_impact_level`, `task`",
    ] {
        assert!(warned.contains(text), "{text}: {warned}");
    }
}

#[test]
fn a_vendor_that_contradicts_that_of_the_source_is_a_warning() {
    let context = Context::new();
    context.write("skills.csv", "vendor,skill,vendor_skill\nworkday,a,b\nSAP,a,b\nacme,a,b\n");
    let checked = |source: &str, vendor: &str| {
        let include = format!("include = [\"linked_skills\"]\nexternal_vendor = \"{source}\"");
        let rename = format!(
            "[[transform]]\ntype = \"rename_skills\"\nvendor = \"{vendor}\"\nmapping = \"skills.csv\"\n"
        );
        let text = pipeline(&include, &rename, "");
        context.write("jobs.toml", &text.replace("format = \"csv\"\ncolumns = []\n", ""));
        context.taskferry(&["check", "jobs.toml"]).with_code(0).stderr
    };
    insta::assert_snapshot!(checked("workday", "SAP"), @r#"
    conflicting-options

      ⚠ `rename_skills` renames skills to the names of `SAP`, but the source already returns the names
      │ of `workday`
       ╭─[jobs.toml:7:19]
     7 │ external_vendor = "workday"
       ·                   ────┬────
       ·                       ╰── the vendor of the source
       ╰────
        ╭─[jobs.toml:11:10]
     11 │ vendor = "SAP"
        ·          ──┬──
        ·            ╰── the mapping renames TechWolf's skills
        ╰────
      help: remove `external_vendor` in [source], so that the mapping finds TechWolf's names; or
            remove this transform, and set `external_vendor` to the vendor

    jobs.toml: ok, techwolf → rename_skills → stdout
    "#);
    assert!(checked("workday", "workday").contains("renames skills to the names of `workday`"));
    for (source, vendor) in [("techwolf", "workday"), ("workday", "acme")] {
        let stderr = checked(source, vendor);
        assert!(stderr.starts_with("jobs.toml: ok"), "{source} {vendor}: {stderr}");
    }
}
