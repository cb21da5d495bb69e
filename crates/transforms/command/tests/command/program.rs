//! The programs under test, which misbehave at record 5, or at once.

#![expect(clippy::print_stderr, reason = "these programs write messages")]

use std::fs::File;
use std::io::{BufRead, Write, stdin, stdout};
use std::os::unix::process::CommandExt;
use std::process::{ExitCode, exit};
use std::time::Duration;

use serde_json::{Value, json};

/// The first argument of a program.
pub(crate) const ARGUMENT: &str = "__program";
/// The record at which programs misbehave.
const BAD: u64 = 5;

fn say(line: &str) {
    let mut out = stdout().lock();
    out.write_all(line.as_bytes()).unwrap();
    out.write_all(b"\n").unwrap();
    out.flush().unwrap();
}

fn answer(id: &Value, results: &Value) {
    say(&json!({"id": id, "results": results}).to_string());
}

fn forever() -> ! {
    loop {
        std::thread::sleep(Duration::from_secs(1000));
    }
}

/// Runs a shell script in place of this program. Without unsafe code, only another program can close a standard pipe.
fn become_shell(script: &str) -> ! {
    let error = std::process::Command::new("sh").args(["-c", script]).exec();
    panic!("{error}");
}

/// Whether this is the first call in this folder.
fn is_first() -> bool {
    File::create_new("mark").is_ok()
}

#[expect(clippy::too_many_lines, reason = "a list of behaviors")]
pub(crate) fn main(behavior: &str) -> ExitCode {
    match behavior {
        "dies at start" => {
            eprintln!("no\u{1b}[31m module\n  named `x`");
            return ExitCode::from(3);
        }
        "is silent at start" => forever(),
        "greets with garbage" => say("Loading \u{1b}[31m…"),
        "greets without end" => loop {
            stdout().write_all(&[b'x'; 4096]).unwrap();
        },
        "uses version 2" => say(r#"{"protocol":2}"#),
        "starts once" if !is_first() => return ExitCode::from(4),
        _ => say(r#"{"protocol":1,"name":"test"}"#),
    }
    let mut lines = stdin().lock().lines();
    let hello: Value = serde_json::from_str(&lines.next().unwrap().unwrap()).unwrap();
    let mut held = None;
    let mut answered = 0;
    for line in lines {
        let request: Value = serde_json::from_str(&line.unwrap()).unwrap();
        let (id, record) = (&request["id"], &request["record"]);
        let is_bad = record["n"] == BAD;
        match behavior {
            "describes itself" => {
                let mut names: Vec<_> = std::env::vars().map(|(name, _)| name).collect();
                names.sort();
                let folder = std::env::current_dir().unwrap();
                let pid = std::process::id();
                let own = json!({"env": names, "folder": folder, "hello": hello, "pid": pid});
                answer(id, &json!([own]));
                continue;
            }
            "waits for a file" => {
                while record["n"] == 0 && !std::path::Path::new("go").exists() {
                    std::thread::yield_now();
                }
            }
            "hangs" if is_bad => forever(),
            "never answers" => continue,
            "dies" | "starts once" if is_bad => {
                eprintln!("Segmentation fault");
                exit(9);
            }
            "dies once" if is_bad && is_first() => exit(9),
            "closes stdout" if is_bad => become_shell("exec >&-; exec sleep 1000"),
            "closes stdin" if is_bad => become_shell("exec <&-; exec sleep 1000"),
            "leaves a grandchild" if is_bad => {
                let child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
                std::fs::write("grandchild", child.id().to_string()).unwrap();
                exit(0);
            }
            "floods stderr" => {
                for number in 0..20_000 {
                    eprintln!("line {number} \u{1b}[2J of {}", "x".repeat(10_000));
                }
            }
            "prints" if is_bad => say("debug: 5"),
            "prints a secret" if is_bad => {
                let secret = std::env::var("LOOKUP").unwrap();
                eprintln!("{}{secret}", "x".repeat(4090));
                say(&format!("{}{secret}", "x".repeat(70)));
            }
            "repeats a secret" if is_bad => {
                let variable = |name| std::env::var(name).unwrap();
                let times = |name| variable(name).parse::<usize>().unwrap();
                eprintln!(
                    "{}{}",
                    "x".repeat(times("BEFORE")),
                    variable("LOOKUP").repeat(times("COUNT"))
                );
                exit(1);
            }
            "prints after" if record["n"] == BAD - 1 => {
                answer(id, &json!([record]));
                say("debug: 4");
                continue;
            }
            "floods stdout" if is_bad => loop {
                say("{}");
            },
            "answers without end" if is_bad => loop {
                stdout().write_all(&[b'1'; 4096]).unwrap();
            },
            "answers half a line" if is_bad => {
                stdout().write_all(br#"{"id":1,"resul"#).unwrap();
                stdout().flush().unwrap();
                exit(0);
            }
            "answers twice" if is_bad => answer(id, &json!([record])),
            "answers an unknown id" if is_bad => {
                answer(&json!(99), &json!([]));
                continue;
            }
            "answers out of turn" if record["n"] == BAD && held.is_none() => {
                held = Some(id.clone());
                continue;
            }
            "makes a typo" if is_bad => {
                say(&json!({"id": id, "result": []}).to_string());
                continue;
            }
            "says two things" if is_bad => {
                say(&json!({"id": id, "results": [], "drop": "why"}).to_string());
                continue;
            }
            "returns no list" if is_bad => {
                answer(id, record);
                continue;
            }
            "returns half of a surrogate pair" => {
                say(&format!(r#"{{"id":{id},"results":[{{"a":"\ud800"}}]}}"#));
                continue;
            }
            "answers in all ways" => {
                let [secret, other] =
                    ["API_TOKEN", "LOOKUP"].map(|name| std::env::var(name).unwrap_or_default());
                match record["n"].as_u64() {
                    Some(0) => answer(id, &json!([])),
                    Some(1) => answer(id, &json!([record, {"n": 1, "again": true}])),
                    Some(2) => say(&json!({"id": id, "drop": "too\u{1b} small"}).to_string()),
                    Some(3) => {
                        let error = format!("no {secret}, no {other}");
                        say(&json!({"error": error, "id": id}).to_string());
                    }
                    _ => answer(id, &json!([record])),
                }
                continue;
            }
            _ => {}
        }
        answer(id, &json!([record]));
        answered += 1;
        if behavior == "exits after three" && answered == 3 {
            exit(0);
        }
    }
    match behavior {
        "ignores the end" => forever(),
        "fails at the end" => ExitCode::from(7),
        "notes the end" => {
            std::fs::write("ended", "").unwrap();
            ExitCode::SUCCESS
        }
        _ => ExitCode::SUCCESS,
    }
}
