//! Signals that were ignored when the process started (`nohup`, `trap '' TERM`) stay ignored.

use std::fs;
use std::process::Command;
use std::sync::mpsc::{Sender, channel};

use serde_json::json;
use taskferry_testkit::{Context, Receiver, Response, Running, TIMEOUT, Tenant};

const HUP: u64 = 1;
const INT: u64 = 1 << 1;
const TERM: u64 = 1 << 14;

/// The bit mask of signals that a process ignores (`SigIgn`) or handles (`SigCgt`).
fn signals(pid: u32, which: &str) -> u64 {
    let status = fs::read_to_string(format!("/proc/{pid}/status")).unwrap();
    let mask = status.lines().find_map(|line| line.strip_prefix(which)).unwrap();
    u64::from_str_radix(mask.trim_matches([':', '\t']), 16).unwrap()
}

/// All child processes of a process.
fn children(pid: u32) -> Vec<u32> {
    let tasks = fs::read_dir(format!("/proc/{pid}/task")).unwrap();
    let lists = tasks.map(|task| task.unwrap().path().join("children"));
    let lists: Vec<String> = lists.map(|list| fs::read_to_string(list).unwrap()).collect();
    lists.iter().flat_map(|list| list.split_whitespace()).map(|id| id.parse().unwrap()).collect()
}

/// A run started after the shell command `before`. It has delivered a page and waits for the next one until the gate opens.
fn waiting(context: &Context, before: &str) -> (Running, Sender<()>, (Tenant, Receiver)) {
    let (gate, opened) = channel();
    let tenant = Tenant::with_listing(
        2,
        |number| json!({"external_id": format!("j{number}")}),
        move |page| {
            if page == 2 {
                opened.recv_timeout(TIMEOUT).unwrap();
            }
        },
    );
    let receiver = Receiver::start(|_| Response::new(204, ""));
    let url = receiver.url();
    let stages = format!(
        "[[transform]]\ntype = \"jq\"\nfilter = \".\"\nisolation = \"process\"\n\
         [[sink]]\ntype = \"webhook\"\nurl = \"{url}\"\n"
    );
    context.write("jobs.toml", &format!("{}\n{stages}", tenant.source()));
    let running = context.start_after(before, &["run", "jobs.toml"]);
    receiver.wait_for_requests(1);
    (running, gate, (tenant, receiver))
}

#[test]
fn a_run_and_its_children_keep_ignoring_ignored_signals() {
    let context = Context::new();
    let (running, gate, _servers) = waiting(&context, "trap '' HUP TERM");
    assert_eq!(signals(running.pid(), "SigIgn") & (HUP | TERM | INT), HUP | TERM);
    let handled = signals(running.pid(), "SigCgt") & (HUP | TERM | INT);
    assert_eq!(handled, INT, "signals that are not ignored are handled");
    let children = children(running.pid());
    assert!(!children.is_empty(), "a jq worker is there");
    for signal in ["HUP", "TERM"] {
        running.signal(signal);
        for child in &children {
            assert_eq!(signals(*child, "SigIgn") & (HUP | TERM), HUP | TERM);
            let kill = format!("kill -{signal} {child}");
            assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
        }
    }
    gate.send(()).unwrap();
    let ended = running.wait().with_code(0);
    ended.assert_stderr("jobs: complete");
}

#[test]
fn a_signal_that_is_not_ignored_stops_the_run() {
    for signal in ["HUP", "TERM"] {
        let context = Context::new();
        let (mut running, gate, _servers) = waiting(&context, ":");
        running.signal(signal);
        running.wait_for_line("send a second signal to stop immediately");
        drop(gate);
        running.wait().with_code(143);
    }
}

#[test]
fn a_sandbox_keeps_ignoring_an_ignored_signal() {
    let context = Context::new();
    let arguments = ["sandbox", "--listen", "127.0.0.1:0", "--jobs", "1"];
    let mut running = context.start_after("trap '' HUP INT", &arguments);
    running.wait_for_line("Press Ctrl-C to stop the sandbox");
    assert_eq!(signals(running.pid(), "SigIgn") & (HUP | TERM | INT), HUP | INT);
    assert_eq!(signals(running.pid(), "SigCgt") & (HUP | TERM | INT), TERM);
    running.signal("TERM");
    running.wait().with_code(0);
}
