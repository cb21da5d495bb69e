//! `taskferry test --overlay --set`: tests of a pipeline with other layers.

use super::pipeline_tests::{PIPELINE, with_tests};

#[test]
fn overlays_and_set_values_apply_to_the_pipeline_of_a_test() {
    let test = |level: &str| {
        format!(
            "[[test]]\nname = \"one\"\nstage = \"short\"\ninput = [{{ task = \"a\", weekly_hours = 1 }}]\nexpect_jq = '.region == \"{level}\"'\n[test.env]\nREGION = \"of the test\"\n"
        )
    };
    let context = with_tests(&test("of the test"));
    context.taskferry(&["test", "jobs.toml"]).with_code(0);
    let set = ["--set", "sink.hours.transform.short.args.region=set"];
    let overlay = ["--overlay", "other.toml"];
    let (_, sink) = PIPELINE.split_once("[[sink]]").unwrap();
    let sink = sink.replace("${REGION:-emea}", "overlay ${REGION}");
    context.write("other.toml", &format!("[[sink]]{sink}"));
    for (layers, expected) in [
        (&set[..], "set"),
        (&overlay[..], "overlay of the test"),
        (&[&overlay[..], &set[..]].concat()[..], "set"),
    ] {
        let arguments = [&["test", "jobs.toml"][..], layers].concat();
        context.taskferry(&arguments).with_code(8);
        context.write("jobs.test.toml", &test(expected));
        context.taskferry(&arguments).with_code(0);
        context.write("jobs.test.toml", &test("of the test"));
    }
    let ended = context.taskferry(&["test", "jobs.toml", "--overlay", "gone.toml"]).with_code(2);
    ended.assert_stderr("can't read the overlay `gone.toml`");
    let set = ["--set", "sink.hours.transform.long.args.region=set"];
    let ended = context.taskferry(&[&["test", "jobs.toml"][..], &set].concat()).with_code(2);
    ended.assert_stderr("there is no transform `long`: the transforms are `short`");
}

#[test]
fn check_reads_the_tests_with_the_overlays_of_the_pipeline() {
    let test = "[[test]]\nname = \"one\"\nstage = \"later\"\ninput = [{ task = \"a\" }]\nexpect = [{ task = \"a\" }]\n";
    let context = with_tests(test);
    context.write("other.toml", "[[transform]]\nname = \"later\"\ntype = \"jq\"\nfilter = \".\"\n");
    let ended = context.taskferry(&["check", "jobs.toml"]).with_code(2);
    ended.assert_stderr("no transform or sink `later`");
    context.taskferry(&["check", "jobs.toml", "--overlay", "other.toml"]).with_code(0);
}

#[test]
fn a_misspelt_variable_of_a_test_is_an_error() {
    let test = "[[test]]\nname = \"one\"\nstage = \"short\"\ninput = [{ task = \"a\", weekly_hours = 1 }]\nexpect_jq = '.region == \"emea\"'\n[test.env]\n";
    let context = with_tests(&format!("{test}REGOIN = \"apac\"\n"));
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @r#"
    unknown-variable

      × the pipeline does not use the variable `REGOIN`
       ╭─[jobs.test.toml:7:1]
     7 │ REGOIN = "apac"
       · ──────
       ╰────
      help: did you mean `REGION`?

    1 error; nothing was run
    run `taskferry explain unknown-variable` for details
    "#);
    context.write("jobs.test.toml", &format!("{test}TZ = \"UTC\"\nOF_AN_OVERLAY = \"x\"\n"));
    context.taskferry(&["test", "jobs.toml"]).with_code(0);
}
