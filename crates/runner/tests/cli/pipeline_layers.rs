//! `taskferry test --overlay --set`: tests of a pipeline with other layers.

use super::pipeline_tests::{PIPELINE, world};

#[test]
fn overlays_and_set_values_apply_to_the_pipeline_of_a_test() {
    let test = |level: &str| {
        format!(
            "[[test]]\nname = \"one\"\nstage = \"short\"\ninput = [{{ task = \"a\", weekly_hours = 1 }}]\nexpect_jq = '.region == \"{level}\"'\n[test.env]\nREGION = \"of the test\"\n"
        )
    };
    let context = world(&test("of the test"));
    context.taskferry(&["test", "jobs.toml"]).with_code(0);
    let set = ["--set", "sink.0.transform.0.args.region=set"];
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
    assert!(ended.stderr.contains("can't read the overlay `gone.toml`"), "{}", ended.stderr);
}
