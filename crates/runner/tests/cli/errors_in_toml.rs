//! Errors in the text of a pipeline file: TOML syntax, tables and types.

use taskferry_testkit::Context;

use crate::errors::{GOOD, checked};

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
fn an_index_past_the_end_of_a_list_is_reported() {
    let context = Context::with_pipeline(GOOD);
    let ended =
        context.taskferry(&["check", "jobs.toml", "--set", "sink.1.format=csv"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    unknown-position

      × the list has no entry at position 1: it has one entry, at position 0
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
