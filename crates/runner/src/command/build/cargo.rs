//! Runs Cargo.

use std::ffi::OsString;
use std::io::{self, BufRead, BufReader, ErrorKind};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;

use crate::command_error::CommandError;

/// Cargo, and the folder for its artifacts.
#[derive(Debug)]
pub(super) struct Cargo {
    program: OsString,
    pub(super) target: PathBuf,
}

/// An error of the compiler.
#[derive(Debug)]
pub(super) struct CompileError {
    /// The id of the package.
    pub(super) package: String,
    /// The marked lines of code.
    pub(super) code: String,
    /// The message of the compiler, for a terminal.
    pub(super) rendered: String,
}

/// What a build has produced.
#[derive(Debug, Default)]
pub(super) struct Built {
    pub(super) binary: Option<PathBuf>,
    pub(super) errors: Vec<CompileError>,
}

impl Cargo {
    /// Reads the program and the target folder from `CARGO` and `CARGO_TARGET_DIR`. The defaults are `cargo` and `target`.
    pub(super) fn new() -> io::Result<Self> {
        let variable = |name: &str, default: &str| {
            std::env::var_os(name)
                .filter(|value| !value.is_empty())
                .unwrap_or_else(|| default.into())
        };
        let target = std::path::absolute(PathBuf::from(variable("CARGO_TARGET_DIR", "target")))?;
        Ok(Self { program: variable("CARGO", "cargo"), target })
    }

    /// The output of `cargo metadata` for a manifest. Without `all`, the output contains only the workspace of the manifest.
    pub(super) fn metadata(
        &self,
        manifest: &Path,
        all: bool,
    ) -> Result<Option<Value>, CommandError> {
        let mut cargo = Command::new(&self.program);
        cargo.args(["metadata", "--format-version", "1", "--manifest-path"]).arg(manifest);
        if !all {
            cargo.args(["--no-deps", "--offline"]);
        }
        let output =
            cargo.stderr(Stdio::inherit()).output().map_err(|error| cannot_start(&error))?;
        let metadata = || serde_json::from_slice(&output.stdout);
        let metadata = output.status.success().then(metadata).transpose();
        metadata.map_err(|error| cannot_run(&error.into()))
    }

    /// Builds the binary of a package. Errors of the compiler are returned, all other messages are shown.
    pub(super) fn build(&self, manifest: &Path, debug: bool) -> Result<Built, CommandError> {
        let mut cargo = Command::new(&self.program);
        cargo.args([
            "build",
            "--message-format",
            "json-diagnostic-rendered-ansi",
            "--manifest-path",
        ]);
        cargo.arg(manifest).arg("--target-dir").arg(&self.target);
        if !debug {
            cargo.arg("--release");
        }
        let mut process =
            cargo.stdout(Stdio::piped()).spawn().map_err(|error| cannot_start(&error))?;
        let mut built = Built::default();
        let mut read = || {
            let lines = process.stdout.take().map(|out| BufReader::new(out).lines());
            for line in lines.into_iter().flatten() {
                built.read(&serde_json::from_str(&line?).unwrap_or_default());
            }
            process.wait()
        };
        if !read().map_err(|error| cannot_run(&error))?.success() {
            built.binary = None;
        }
        Ok(built)
    }
}

impl Built {
    fn read(&mut self, line: &Value) {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match line["reason"].as_str() {
            Some("compiler-artifact") if line["executable"].is_string() => {
                self.binary = line["executable"].as_str().map(PathBuf::from);
            }
            Some("compiler-message") if line["message"]["level"] == "error" => {
                let message = &line["message"];
                let spans = message["spans"].as_array().into_iter().flatten();
                let lines = spans.flat_map(|span| span["text"].as_array().into_iter().flatten());
                self.errors.push(CompileError {
                    package: text(&line["package_id"]),
                    code: lines.map(|line| text(&line["text"])).collect(),
                    rendered: text(&message["rendered"]),
                });
            }
            _ => {}
        }
    }
}

fn cannot_run(error: &io::Error) -> CommandError {
    CommandError::usage(format!("can't run Cargo: {error}"))
}

fn cannot_start(error: &io::Error) -> CommandError {
    match error.kind() {
        ErrorKind::NotFound => CommandError::usage("can't run Cargo: it is not installed")
            .help("install Rust from https://rustup.rs, or set `CARGO` to the path of Cargo"),
        _ => cannot_run(error),
    }
}
