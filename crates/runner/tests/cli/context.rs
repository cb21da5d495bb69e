//! A working directory of its own for every test, and the binary in it.

use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use insta::internals::SettingsBindDropGuard;
use rustix::pty::{OpenptFlags, grantpt, openpt, ptsname, unlockpt};
use rustix::termios::{Winsize, tcsetwinsize};
use serde_json::Value;
use tempfile::TempDir;

/// Far more than any of these runs takes; what takes longer hangs.
pub(crate) const PATIENCE: Duration = Duration::from_mins(2);

/// What every run on a sandbox says.
pub(crate) const SANDBOX_LINE: &str =
    "sandbox: the jobs come from a sandbox; this is no real export\n";

/// A fresh folder, a clean environment, and snapshots without what differs from run to run.
pub(crate) struct Context {
    folder: TempDir,
    environment: Vec<(String, String)>,
    _filters: SettingsBindDropGuard,
}

/// How the binary ended, and what it said.
#[derive(Debug)]
pub(crate) struct Ended {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Context {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = insta::Settings::clone_current();
        let path = folder.path().display().to_string().replace('.', "\\.");
        settings.add_filter(&path, "[folder]");
        settings.add_filter(r"\d{8}T\d{6}Z-[0-9a-f]{6}", "[run]");
        settings.add_filter(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "[instant]");
        settings.add_filter(r"\d{4}-\d\d-\d\d", "[date]");
        settings.add_filter(r"\d+\.\d s\b", "[time]");
        settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]");
        Self { folder, environment: Vec::new(), _filters: settings.bind_to_scope() }
    }

    /// Sets an environment variable for all commands from now on.
    pub(crate) fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.push((name.to_owned(), value.into()));
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    pub(crate) fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    pub(crate) fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// The file of dead letters in `out`, but for those of replays.
    pub(crate) fn dead_letters(&self) -> String {
        let mut found = self.files();
        found.retain(|name| name.ends_with(".dead.ndjson") && !name.contains(".replay-"));
        let [name] = &found[..] else { panic!("{found:?}") };
        name.clone()
    }

    /// Each line of a file as JSON.
    pub(crate) fn lines(&self, name: &str) -> Vec<Value> {
        json_lines(&self.read(name))
    }

    /// All files below the working directory, but for those that the test itself named `*.toml`, and those
    /// of the pipelines' state.
    pub(crate) fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut found);
        found.retain(|name| Path::new(name).extension().is_none_or(|ending| ending != "toml"));
        found.retain(|name| !name.starts_with(".taskferry/"));
        found.sort();
        found
    }

    /// Runs `taskferry` to its end.
    pub(crate) fn taskferry(&self, arguments: &[&str]) -> Ended {
        Self::end(self.command(arguments))
    }

    /// Runs `taskferry` where no file may be larger than this many blocks of 512 bytes: for a test, a disk that is
    /// full, which writes run into in the middle.
    pub(crate) fn taskferry_with_room_for(&self, blocks: u32, arguments: &[&str]) -> Ended {
        self.taskferry_after(&format!("ulimit -f {blocks}"), arguments)
    }

    /// Runs `taskferry` in a shell that has done this before.
    pub(crate) fn taskferry_after(&self, before: &str, arguments: &[&str]) -> Ended {
        Self::end(self.shell(before, arguments))
    }

    fn shell(&self, before: &str, arguments: &[&str]) -> Command {
        let mut shell = Command::new("sh");
        let script = format!("{before}; exec \"$0\" \"$@\"");
        shell.args(["-c", &script, env!("CARGO_BIN_EXE_taskferry")]).args(arguments);
        self.at_home(shell)
    }

    /// Runs `taskferry` to its end with a terminal of so many columns for its standard error.
    pub(crate) fn at_terminal(&self, columns: u16, arguments: &[&str]) -> Ended {
        let terminal = openpt(OpenptFlags::RDWR | OpenptFlags::NOCTTY).unwrap();
        grantpt(&terminal).unwrap();
        unlockpt(&terminal).unwrap();
        let name = ptsname(&terminal, Vec::new()).unwrap().into_string().unwrap();
        let stderr = File::options().read(true).write(true).open(name).unwrap();
        let size = Winsize { ws_row: 24, ws_col: columns, ws_xpixel: 0, ws_ypixel: 0 };
        tcsetwinsize(&stderr, size).unwrap();
        let mut command = self.command(arguments);
        command.env("TERM", "xterm-256color");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
        let mut child = command.spawn().unwrap();
        // The last one who could write to it is the process.
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
        Ended {
            code: child.wait().unwrap().code(),
            stdout: data.join().unwrap(),
            stderr: String::from_utf8(shown).unwrap(),
        }
    }

    /// What is kept of the last runs of a pipeline, as text.
    pub(crate) fn kept_accounts(&self, pipeline: &str) -> Vec<String> {
        let folder = fs::read_dir(self.path(&format!(".taskferry/{pipeline}/runs"))).unwrap();
        folder.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    /// Runs a line of a shell script, in which `$TASKFERRY` is the binary.
    pub(crate) fn script(&self, line: &str) -> Ended {
        Self::end(self.script_command(line))
    }

    /// Starts a line of a shell script that ends in `exec`, and leaves it running.
    pub(crate) fn start_script(&self, line: &str) -> Running {
        Self::running(self.script_command(line))
    }

    fn script_command(&self, line: &str) -> Command {
        let mut shell = Command::new("sh");
        shell.args(["-c", line]);
        let mut shell = self.at_home(shell);
        shell.env("TASKFERRY", env!("CARGO_BIN_EXE_taskferry"));
        shell
    }

    /// Starts `taskferry` and leaves it running.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Self::running(self.command(arguments))
    }

    /// The same, in a shell that has done this before.
    pub(crate) fn start_after(&self, before: &str, arguments: &[&str]) -> Running {
        Self::running(self.shell(before, arguments))
    }

    fn running(mut command: Command) -> Running {
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let stderr = BufReader::new(child.stderr.take().unwrap());
        Running { child, stderr }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_taskferry"));
        command.args(arguments);
        self.at_home(command)
    }

    /// In the working directory, with nothing but the variables that were set.
    fn at_home(&self, mut command: Command) -> Command {
        command.current_dir(&self.folder).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    fn end(command: Command) -> Ended {
        let output = assert_cmd::Command::from_std(command).timeout(PATIENCE).output().unwrap();
        Ended {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        }
    }
}

impl Ended {
    /// The exit code is this one; else the test fails with what was said.
    #[track_caller]
    pub(crate) fn with_code(self, code: i32) -> Self {
        assert_eq!(self.code, Some(code), "stdout: {}\nstderr: {}", self.stdout, self.stderr);
        self
    }

    /// Each line of standard error as JSON.
    pub(crate) fn log(&self) -> Vec<Value> {
        json_lines(&self.stderr)
    }
}

/// The binary while it runs. It is killed when the test is over.
pub(crate) struct Running {
    child: Child,
    stderr: BufReader<std::process::ChildStderr>,
}

impl Running {
    /// Reads standard error up to the first line that holds `text`.
    pub(crate) fn until(&mut self, text: &str) -> String {
        loop {
            let mut line = String::new();
            assert_ne!(self.stderr.read_line(&mut line).unwrap(), 0, "it ended without `{text}`");
            if line.contains(text) {
                return line;
            }
        }
    }

    pub(crate) fn pid(&self) -> u32 {
        self.child.id()
    }

    /// `INT`, `TERM` or `HUP`.
    pub(crate) fn signal(&self, name: &str) {
        let kill = format!("kill -{name} {}", self.child.id());
        assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
    }

    /// Closes the reading end of its standard output.
    pub(crate) fn close_stdout(&mut self) {
        drop(self.child.stdout.take());
    }

    /// Whether it has come to its end.
    pub(crate) fn has_ended(&mut self) -> bool {
        self.child.try_wait().unwrap().is_some()
    }

    /// Waits for its end. Standard output is what was left of it.
    pub(crate) fn end(mut self) -> Ended {
        let (mut stdout, mut stderr) = (String::new(), String::new());
        self.stderr.read_to_string(&mut stderr).unwrap();
        if let Some(mut pipe) = self.child.stdout.take() {
            pipe.read_to_string(&mut stdout).unwrap();
        }
        Ended { code: self.child.wait().unwrap().code(), stdout, stderr }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // It has ended already where the test went well.
        _ = self.child.kill();
        _ = self.child.wait();
    }
}

/// A file of the project, `pipelines/quickstart.toml` for example.
pub(crate) fn project_file(name: &str) -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..").canonicalize().unwrap();
    root.join(name).to_str().unwrap().to_owned()
}

pub(crate) fn json_lines(text: &str) -> Vec<Value> {
    let parse = |line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}"));
    text.lines().map(parse).collect()
}

fn list(root: &Path, folder: &Path, found: &mut Vec<String>) {
    for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
        let path = entry.path();
        if path.is_dir() {
            list(root, &path, found);
        } else {
            found.push(path.strip_prefix(root).unwrap().to_str().unwrap().to_owned());
        }
    }
}
