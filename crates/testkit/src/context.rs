//! A temporary folder in which a test runs the binary.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use assert_cmd::cargo::cargo_bin;
use insta::internals::SettingsBindDropGuard;
use serde_json::Value;
use tempfile::TempDir;

use crate::{Outcome, Running, json_lines};

/// The secret of the client of each [`Tenant`](crate::Tenant). No output may contain it.
pub const CLIENT_SECRET: &str = "canary-client-secret";

/// A temporary working directory, an environment, and filters that remove from snapshots what differs between runs.
pub struct Context {
    binary: PathBuf,
    folder: TempDir,
    environment: Vec<(String, String)>,
    _filters: SettingsBindDropGuard,
}

impl std::fmt::Debug for Context {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Context").field("folder", &self.folder).finish_non_exhaustive()
    }
}

impl Default for Context {
    fn default() -> Self {
        Self::new()
    }
}

impl Context {
    /// A context for the binary `taskferry`. The environment contains only `CLIENT_SECRET`.
    pub fn new() -> Self {
        Self::for_program(cargo_bin("taskferry"))
    }

    /// A context with this pipeline in `jobs.toml`.
    pub fn with_pipeline(text: &str) -> Self {
        let context = Self::new();
        context.write("jobs.toml", text);
        context
    }

    /// A context for another program with the commands of `taskferry`.
    pub fn for_program(binary: PathBuf) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut settings = insta::Settings::clone_current();
        let path = folder.path().display().to_string().replace('.', "\\.");
        settings.add_filter(&path, "[folder]");
        settings.add_filter(r"\d{8}T\d{6}Z-[0-9a-f]{6}", "[run]");
        settings.add_filter(r"\d{4}-\d\d-\d\dT[0-9:.]+Z", "[instant]");
        settings.add_filter(r"\d{4}-\d\d-\d\d", "[date]");
        settings.add_filter(r"\d+\.\d s\b", "[time]");
        settings.add_filter(r"127\.0\.0\.1:\d+", "127.0.0.1:[port]");
        let environment = vec![("CLIENT_SECRET".to_owned(), CLIENT_SECRET.to_owned())];
        Self { binary, folder, environment, _filters: settings.bind_to_scope() }
    }

    /// Sets an environment variable for all further commands.
    pub fn set(&mut self, name: &str, value: impl Into<String>) {
        self.environment.push((name.to_owned(), value.into()));
    }

    /// The path of a file in the folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Writes a file, and creates its parent folders.
    pub fn write(&self, name: &str, text: &str) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
    }

    /// Reads a file.
    pub fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap_or_else(|error| panic!("{name}: {error}"))
    }

    /// Reads a file as JSON.
    pub fn json(&self, name: &str) -> Value {
        serde_json::from_str(&self.read(name)).unwrap()
    }

    /// Reads each line of a file as JSON.
    pub fn lines(&self, name: &str) -> Vec<Value> {
        json_lines(&self.read(name))
    }

    /// The name of the only dead-letter file, apart from the files of replays.
    pub fn dead_letters(&self) -> String {
        let mut found = self.files();
        found.retain(|name| name.ends_with(".dead.ndjson") && !name.contains(".replay"));
        let [name] = &found[..] else { panic!("{found:?}") };
        name.clone()
    }

    /// All files in the folder except pipeline files and pipeline state, in alphabetical order.
    pub fn files(&self) -> Vec<String> {
        let mut found = Vec::new();
        list(self.folder.path(), self.folder.path(), &mut found);
        found.retain(|name| Path::new(name).extension().is_none_or(|ending| ending != "toml"));
        found.retain(|name| !name.starts_with(".taskferry/"));
        found.sort();
        found
    }

    /// The text of each stored manifest of a pipeline.
    pub fn stored_manifests(&self, pipeline: &str) -> Vec<String> {
        let folder = fs::read_dir(self.path(&format!(".taskferry/{pipeline}/runs"))).unwrap();
        folder.map(|entry| fs::read_to_string(entry.unwrap().path()).unwrap()).collect()
    }

    /// Runs the binary to its end.
    pub fn taskferry(&self, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command(arguments))
    }

    /// Runs the binary with a limit on the size of each file, in blocks of 512 bytes. A write beyond the limit fails like a write to
    /// a full disk.
    pub fn taskferry_with_file_limit(&self, blocks: u32, arguments: &[&str]) -> Outcome {
        self.taskferry_after(&format!("ulimit -f {blocks}"), arguments)
    }

    /// Runs the binary in a shell, after the shell command `before`.
    pub fn taskferry_after(&self, before: &str, arguments: &[&str]) -> Outcome {
        Outcome::of(self.command_after(before, arguments))
    }

    /// Runs the binary with a terminal of this width as its standard error.
    pub fn taskferry_in_terminal(&self, columns: u16, arguments: &[&str]) -> Outcome {
        Outcome::in_terminal(columns, self.command(arguments))
    }

    /// Starts the binary.
    pub fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }

    /// Starts the binary in a shell, after the shell command `before`.
    pub fn start_after(&self, before: &str, arguments: &[&str]) -> Running {
        Running::start(self.command_after(before, arguments))
    }

    /// Runs a shell script; `$TASKFERRY` is the path of the binary.
    pub fn script(&self, script: &str) -> Outcome {
        Outcome::of(self.shell(script))
    }

    /// Starts a shell script. The script must end in `exec`, because only the shell is killed.
    pub fn start_script(&self, script: &str) -> Running {
        Running::start(self.shell(script))
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = self.isolated(Command::new(&self.binary));
        command.args(arguments);
        command
    }

    fn command_after(&self, before: &str, arguments: &[&str]) -> Command {
        let mut shell = self.shell(&format!("{before}; exec \"$0\" \"$@\""));
        shell.arg(&self.binary).args(arguments);
        shell
    }

    fn shell(&self, script: &str) -> Command {
        let mut shell = self.isolated(Command::new("sh"));
        shell.args(["-c", script]).env("TASKFERRY", &self.binary);
        shell
    }

    /// Sets the working directory and the environment.
    fn isolated(&self, mut command: Command) -> Command {
        command.current_dir(&self.folder).env_clear();
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }
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
