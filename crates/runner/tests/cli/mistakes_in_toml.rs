//! Mistakes in the text of a pipeline file: TOML syntax, tables and types.

use taskferry_testkit::Context;

use crate::mistakes::{GOOD, changed, checked};

#[test]
fn a_toml_syntax_error_is_marked() {
    insta::assert_snapshot!(changed("\"sandbox:?jobs=3\"", "sandbox:"), @r#"
    invalid-toml

      × invalid TOML: a text needs quotation marks
       ╭─[jobs.toml:5:7]
     5 │ url = ********
       ·       ────────
       ╰────
      help: write the value in double quotes

    1 error; nothing was run
    run `taskferry explain invalid-toml` for details
    "#);
}

#[test]
fn a_number_without_a_unit_is_reported_with_a_suggestion() {
    insta::assert_snapshot!(changed("url =", "timeout = 30\nmax_page_bytes = 100\nurl ="), @r#"
    invalid-value

      × `30` has no unit; write "30s" for seconds, "30ms" or "30m"
       ╭─[jobs.toml:5:11]
     5 │ timeout = 30
       ·           ──
       ╰────

    invalid-value

      × `100` has no unit; write "100 B" for bytes, "100 KiB" or "100 MiB"
       ╭─[jobs.toml:6:18]
     6 │ max_page_bytes = 100
       ·                  ───
       ╰────

    2 errors; nothing was run
    run `taskferry explain invalid-value` for details
    "#);
}

#[test]
fn tables_with_too_few_brackets_are_named_once() {
    let two = |first: &str, second: &str| {
        let more = format!("{second}\ntype = \"jq\"\nfilter = \".\"\n\n[[sink]]");
        let text = GOOD.replace("[[sink]]", &more).replacen("[[transform]]", first, 1);
        checked(&Context::new(), &text).stderr
    };
    let both = two("[transform]", "[transform]");
    insta::assert_snapshot!(both, @"
    missing-brackets

      × `[transform]` must be `[[transform]]`, because this table is an entry of a list
       ╭─[jobs.toml:8:1]
     8 │ [transform]
       · ───────────
       ╰────
      help: write `[[transform]]` with two brackets

    1 error; nothing was run
    run `taskferry explain missing-brackets` for details
    ");
    assert_eq!(two("[transform]", "[[transform]]"), both);
    // The second table is in line 12, whose number is wider.
    let second = both.replace("8:1", "12:1").replace("\n 8 ", "\n 12 ");
    let second = second.replace("\n   ", "\n    ");
    assert_eq!(two("[[transform]]", "[transform]"), second);
}

#[test]
fn curly_quotation_marks_are_named() {
    insta::assert_snapshot!(changed("\"H1\"", "“H1”"), @r#"
    invalid-toml

      × invalid TOML: `“` is a curly quotation mark
        ╭─[jobs.toml:10:11]
     10 │ levels = [“H1”]
        ·           ─
        ╰────
      help: write straight quotation marks: `"…"` or `'…'`

    1 error; nothing was run
    run `taskferry explain invalid-toml` for details
    "#);
}

#[test]
fn an_index_past_the_end_of_a_list_is_reported() {
    let context = Context::new();
    context.write("jobs.toml", GOOD);
    let ended =
        context.taskferry(&["check", "jobs.toml", "--set", "sink.1.format=csv"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    unknown-position

      × there is no position 1: the list has one entry, at position 0
       ╭─[--set:1:1]
     1 │ sink.1.format=***
       · ─────────────
       ╰────

    1 error; nothing was run
    run `taskferry explain unknown-position` for details
    ");
    let arguments = ["check", "jobs.toml", "--set", "sink.1.type=file", "--set", "sink.1.path=o"];
    context.taskferry(&arguments).with_code(0);
}
