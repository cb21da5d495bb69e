//! The binary as a child process.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::process::{Child, ChildStderr, Command, Stdio};
use std::sync::mpsc::{self, RecvTimeoutError, Sender};

use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;

use crate::TIMEOUT;

/// The result of a process that has exited.
#[derive(Debug)]
pub struct Outcome {
    /// The exit code, unless a signal ended the process.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Outcome {
    /// Fails unless standard error contains this text.
    #[track_caller]
    pub fn assert_stderr(&self, text: impl AsRef<str>) {
        assert!(self.stderr.contains(text.as_ref()), "{}: {}", text.as_ref(), self.stderr);
    }

    /// Runs a command to its end, for [`TIMEOUT`] at most.
    pub(crate) fn of(command: Command) -> Self {
        let output = assert_cmd::Command::from_std(command).timeout(TIMEOUT).output().unwrap();
        Self {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }

    /// Runs a command to its end with a terminal of this width as its standard error.
    pub(crate) fn in_terminal(columns: u16, mut command: Command) -> Self {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let stderr = File::options().read(true).write(true).open(name).unwrap();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&stderr, size).unwrap();
        command.env("TERM", "xterm-256color");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().unwrap();
        // Closes the terminal in this process. Otherwise, reading the terminal would not end when the child exits.
        drop(command);
        let mut stdout = child.stdout.take().unwrap();
        let data = std::thread::spawn(move || {
            let mut data = String::new();
            stdout.read_to_string(&mut data).unwrap();
            data
        });
        let mut shown = Vec::new();
        // The end of a terminal is an error.
        _ = File::from(terminal).read_to_end(&mut shown);
        Self {
            code: child.wait().unwrap().code(),
            stdout: data.join().unwrap(),
            stderr: String::from_utf8(shown).unwrap(),
        }
    }

    /// Fails the test, with all output, unless the exit code is this one.
    #[track_caller]
    #[expect(clippy::return_self_not_must_use, reason = "many tests look at the exit code alone")]
    pub fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Each line of standard error as JSON.
    pub fn log(&self) -> Vec<Value> {
        json_lines(&self.stderr)
    }
}

/// A process that is killed when it is dropped, or after [`TIMEOUT`], so that a test fails instead of hanging.
#[derive(Debug)]
pub struct Running {
    child: Child,
    stderr: BufReader<ChildStderr>,
    /// Ends the thread that enforces the timeout.
    _timer: Sender<()>,
}

impl Running {
    pub(crate) fn start(mut command: Command) -> Self {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        let (timer, ended) = mpsc::channel::<()>();
        let pid = child.id();
        std::thread::spawn(move || {
            if ended.recv_timeout(TIMEOUT) == Err(RecvTimeoutError::Timeout) {
                send_signal("KILL", pid);
            }
        });
        Self { child, stderr, _timer: timer }
    }

    /// Reads standard error up to the first line that contains `text`, and returns that line.
    pub fn wait_for_line(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "exited without `{text}`");
            if line.contains(text) {
                return line;
            }
        }
    }

    /// Reads this many lines of standard error, or all if there are fewer.
    pub fn read_lines(&mut self, count: usize) {
        for _ in 0..count {
            if self.stderr.read_line(&mut String::new()).unwrap() == 0 {
                return;
            }
        }
    }

    /// The process ID.
    pub fn pid(&self) -> u32 {
        self.child.id()
    }

    /// Sends a signal: `INT`, `TERM` or `HUP`.
    pub fn signal(&self, name: &str) {
        // The child inherits ignored signals, for example from a shell that runs the tests in the background.
        assert!(!is_ignored(name), "these tests need SIG{name}, which their parent ignores");
        assert!(send_signal(name, self.child.id()));
    }

    /// Closes the reading end of standard output.
    pub fn close_stdout(&mut self) {
        drop(self.child.stdout.take());
    }

    /// Whether the process has exited.
    pub fn has_exited(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for the exit. The outcome contains the output that was not read yet.
    pub fn wait(mut self) -> Outcome {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stderr.read_to_string(&mut stderr).unwrap();
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_string(&mut stdout).unwrap();
        }
        Outcome { code: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // Ignores errors, because a drop cannot report them.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// Sends a signal. Returns whether the process exists.
fn send_signal(name: &str, pid: u32) -> bool {
    let kill = format!("kill -{name} {pid}");
    Command::new("sh").args(["-c", &kill]).status().unwrap().success()
}

/// Whether this process ignores a signal, from Linux's `/proc`; elsewhere false.
fn is_ignored(name: &str) -> bool {
    let bit = match name {
        "HUP" => 0,
        "INT" => 1,
        "TERM" => 14,
        _ => return false,
    };
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let ignored = status.lines().find_map(|line| line.strip_prefix("SigIgn:"));
    let ignored = ignored.and_then(|bits| u64::from_str_radix(bits.trim(), 16).ok());
    ignored.is_some_and(|bits| bits & (1 << bit) != 0)
}

/// Parses each line of a text as JSON.
pub fn json_lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(parse).collect()
}
