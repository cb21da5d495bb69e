//! What is checked without starting the program.

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;
use std::sync::Mutex;

use serde_json::{Value, json};
use taskferry_sdk::TransformPlugin;
use taskferry_sdk::testing::build;
use taskferry_testkit::{Trial, trials};
use taskferry_transform_command::Command;

use crate::driver::{Disk, Folder};

pub(crate) fn tests() -> Vec<Trial> {
    trials![
        a_program_that_can_t_be_started_is_an_error,
        options_that_can_t_work_are_errors,
        files_that_affect_the_output_are_read,
        a_script_without_an_interpreter_is_explained,
    ]
}

fn folder() -> Folder {
    let folder = Folder::new();
    fs::write(folder.path("script.py"), "").unwrap();
    fs::write(folder.path("run.sh"), "echo\n").unwrap();
    fs::set_permissions(folder.path("run.sh"), fs::Permissions::from_mode(0o755)).unwrap();
    fs::write(folder.path("rules.json"), "{}").unwrap();
    folder
}

fn errors(options: &Value) -> Vec<(String, &'static str, String)> {
    let problems = folder().check(options).unwrap_err();
    problems.into_iter().map(|it| (it.path.to_string(), it.code, it.message)).collect()
}

fn a_program_that_can_t_be_started_is_an_error() {
    for (program, message) in [
        ("no-such-program", "the program `no-such-program` is not in `PATH`"),
        ("./script.py", "can't start `./script.py`: it is not executable"),
        ("./none", "can't start `./none`: it does not exist"),
        ("/", "can't start `/`: it is a folder"),
        ("/dev/null", "can't start `/dev/null`: it is not a file"),
    ] {
        let found = errors(&json!({"command": [program]}));
        assert_eq!(found, [("command[0]".to_owned(), "unusable-program", message.to_owned())]);
    }
    let found = errors(&json!({"command": ["sh"], "env": {"PATH": "/none"}}));
    assert_eq!(found[0].2, "the program `sh` is not in `PATH`");
}

fn options_that_can_t_work_are_errors() {
    let of = |options: Value| errors(&options).remove(0);
    let is =
        |path: &str, code: &'static str, message: &str| (path.to_owned(), code, message.to_owned());
    assert_eq!(
        of(json!({"command": []})),
        is("command", "empty-value", "`command` names no program")
    );
    assert_eq!(
        of(json!({"command": ["sh", "none.sh"]})),
        is(
            "command[1]",
            "unreadable-file",
            "can't read the file `none.sh`: No such file or directory (os error 2)"
        )
    );
    assert_eq!(of(json!({"command": ["sh"], "files": ["none"]})).0, "files[0]");
    assert_eq!(
        of(json!({"command": ["sh"], "workers": 0})),
        is("workers", "invalid-value", "0 is out of range, expected a number from 1 to 64")
    );
    assert_eq!(
        of(json!({"command": ["sh"], "timeout": "0s"})),
        is("timeout", "invalid-value", "`timeout` must be greater than zero")
    );
    assert_eq!(
        of(json!({"command": ["sh"], "env": {"A=B": ""}})),
        is("env.A=B", "invalid-value", "`A=B` is not a valid environment variable")
    );
    assert_eq!(of(json!({"command": ["sh", "a\0b"]})).0, "command[1]");
    assert_eq!(of(json!({"command": "sh"})).1, "wrong-type");
}

fn files_that_affect_the_output_are_read() {
    let folder = folder();
    let disk = Disk { folder: folder.folder.path(), read: Mutex::default() };
    let options = json!({
        "command": ["./run.sh", "script.py", "--rules", "rules.json", "-v", "other"],
        "files": ["script.py"],
    });
    build(&options, &disk, Command::build).unwrap();
    let read: Vec<PathBuf> = disk.read.into_inner().unwrap();
    assert_eq!(read, ["./run.sh", "script.py", "rules.json", "script.py"].map(PathBuf::from));
}

fn a_script_without_an_interpreter_is_explained() {
    let folder = folder();
    let error = |script: &str| {
        fs::write(folder.path("run.sh"), script).unwrap();
        let mut transform = folder.build(&json!({"command": ["./run.sh"]}));
        let run = taskferry_sdk::RunContext::default();
        let error = folder.runtime.block_on(transform.open(&run)).unwrap_err();
        error.hint_text().unwrap_or_default().to_owned()
    };
    assert_eq!(error("echo\n"), "name the interpreter in `command`, or begin the script with `#!`");
    assert_eq!(
        error("#!/no/such/shell\n"),
        "if it is a script, its first line names a program that does not exist"
    );
}
