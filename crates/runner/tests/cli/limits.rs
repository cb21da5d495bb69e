//! System limits, and streams set up by other processes.

use std::io::Read;
use std::os::fd::AsFd;
use std::process::{Command, Stdio};

use rustix::fs::{OFlags, fcntl_getfl, fcntl_setfl};
use taskferry_testkit::Context;

const TO_STDOUT: &str = "source = { type = \"techwolf\", url = \"sandbox:?jobs=300\" }\nsink = [{ type = \"stdout\" }]\n";

fn context() -> Context {
    Context::with_pipeline(TO_STDOUT)
}

#[test]
fn a_low_file_limit_is_reported_and_retryable() {
    let context = context();
    for files in [6, 7, 10, 16, 20] {
        let before = format!("ulimit -n {files}");
        let ended = context.taskferry_after(&before, &["run", "jobs.toml"]).with_code(5);
        insta::allow_duplicates! {
            insta::assert_snapshot!(ended.stderr, @"error: taskferry needs 24 open files: Too many open files (os error 24); raise the limit (`ulimit -n`) and run again");
        }
    }
}

#[test]
fn too_little_memory_for_threads_is_reported_and_retryable() {
    let context = context();
    // Address space in units of 1024 bytes; the stacks of the worker threads need more.
    for limit in ["ulimit -v 120000", "ulimit -v 300000"] {
        let ended = context.taskferry_after(limit, &["run", "jobs.toml"]).with_code(5);
        ended.assert_stderr("error: ");
        assert!(ended.stderr.contains("`ulimit -v`") && !ended.stderr.contains("defect"));
    }
}

#[test]
fn a_run_whose_standard_output_loses_its_bytes_exits_with_5() {
    let context = context();
    // `subprocess.DEVNULL` of Python is open for reading and writing.
    for before in ["exec >&-", "exec 1<>/dev/null"] {
        let ended = context.taskferry_after(before, &["run", "jobs.toml", "--fresh"]).with_code(5);
        ended.assert_stderr(
            "standard output is closed, or it is `/dev/null` opened for reading and writing",
        );
        assert!(ended.stderr.contains("redirect it with `> /dev/null`"), "{}", ended.stderr);
    }
    context.taskferry_after("exec >/dev/null", &["run", "jobs.toml", "--fresh"]).with_code(0);
}

#[test]
fn a_non_blocking_standard_output_waits_for_its_reader() {
    let context = context();
    let expected = context.taskferry(&["run", "jobs.toml"]).with_code(0).stdout;
    assert!(expected.len() > 1 << 17, "more than a pipe holds");
    let (mut reader, writer) = std::io::pipe().unwrap();
    let flags = fcntl_getfl(writer.as_fd()).unwrap();
    fcntl_setfl(writer.as_fd(), flags | OFlags::NONBLOCK).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_taskferry"));
    command
        .args(["run", "jobs.toml", "--quiet", "--fresh"])
        .current_dir(context.path(""))
        .env_clear();
    let mut child = command.stdout(writer).stderr(Stdio::null()).spawn().unwrap();
    drop(command);
    let mut text = String::new();
    reader.read_to_string(&mut text).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(text == expected);
}
