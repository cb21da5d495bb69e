//! Errors in the tests of pipelines, and test files without a test.

use super::pipeline_tests::{PIPELINE, case, with_tests};

#[test]
fn errors_in_tests_are_located_by_test_and_check() {
    for (more, says, place) in [
        ("", "this test asserts nothing", "1:1"),
        ("expct = []", "did you mean `expect`?", "10:1"),
        ("match = \"subste\"\nexpect = []", "did you mean \"subset\"?", "10:9"),
        (
            "match = \"subset\"\nexpect_dropped = 1",
            "`match` has no effect without `expect`",
            "10:1",
        ),
        ("stage = \"hour\"\nexpect = []", "did you mean `hours`?", "10:9"),
        ("clock = \"noon\"\nexpect = []", "`noon` is not a timestamp", "10:9"),
        ("expect = \"gone.json\"", "can't read `gone.json`", "10:10"),
        ("expect = '[{\"a\": }]'", "this is not JSON: expected value", "10:18"),
        ("expect_jq = '.a |'", "expect_jq", "10:"),
        ("expect_refused = 0", "this test asserts nothing", "1:1"),
        ("expect_jq = 'true'", "`true` does not depend on the record", "10:13"),
        ("expect_jq = '1 == 1 # .task'", "does not depend on the record", "10:13"),
        ("match = \"subset\"\nexpect = [{}, {}]", "compares nothing", "11:10"),
        ("match = \"subset\"\nexpect = '{}'", "compares nothing", "11:10"),
        ("expect_refused = true", "expected a number of records, or a string", "10:18"),
    ] {
        let context = with_tests(&case("one", more));
        for command in ["test", "check"] {
            let mut arguments = vec![command, "jobs.toml"];
            if command == "check" {
                arguments.push("--sandbox");
            }
            let ended = context.taskferry(&arguments).with_code(2);
            let place = format!("[jobs.test.toml:{place}");
            assert!(ended.stderr.contains(says), "{command} {more}: {}", ended.stderr);
            assert!(ended.stderr.contains(&place), "{command} {more}: {}", ended.stderr);
        }
    }
}

#[test]
fn two_tests_of_a_pipeline_have_different_names() {
    let context = with_tests(&case("one", "expect_dropped = 1"));
    context.write("jobs.toml", &format!("{PIPELINE}\n{}", case("one", "expect_dropped = 1")));
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(2);
    ended.assert_stderr("another test already has the name `one`");
    context.write("jobs.test.toml", "name = \"x\"\n");
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(2);
    ended.assert_stderr("unknown key `name` in a test file");
}

#[test]
fn a_pipeline_without_tests_is_an_error() {
    let context = with_tests("");
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(2);
    ended.assert_stderr("there are no tests");
    let context = with_tests(&case("one", "expect_dropped = 1"));
    context.taskferry(&["test", "jobs.toml", "--filter", "on"]).with_code(0);
    let ended = context.taskferry(&["test", "jobs.toml", "--filter", "two"]).with_code(2);
    ended.assert_stderr("no test has a name that contains `two`");
}

#[test]
fn a_broken_file_beside_the_pipeline_is_called_the_test_file() {
    let context = with_tests("");
    let path = context.path("jobs.test.toml");
    std::fs::write(&path, [0xff]).unwrap();
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(2);
    ended.assert_stderr("the test file `jobs.test.toml` is not UTF-8");
    std::fs::remove_file(&path).unwrap();
    std::fs::create_dir(&path).unwrap();
    let ended = context.taskferry(&["test", "jobs.toml"]).with_code(2);
    ended.assert_stderr("can't read the test file `jobs.test.toml`");
}

#[test]
fn a_test_without_records_is_an_error() {
    for input in ["[]", "''", "'[]'"] {
        let test = format!("[[test]]\nname = \"none\"\ninput = {input}\nexpect = []\n");
        let ended = with_tests(&test).taskferry(&["test", "jobs.toml"]).with_code(2);
        assert!(ended.stderr.contains("`input` has no records"), "{input}: {}", ended.stderr);
    }
}
