//! The program: where it is, and how it is started.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::env;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::io;
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf, absolute};
use std::process::Stdio;

use taskferry_sdk::{ErrorKind, Secret, secret_forms};
use tokio::process::{Child, Command};

use crate::failure::Failure;

/// The variables that the program receives from taskferry.
const INHERITED: [&str; 8] = ["PATH", "HOME", "USER", "LANG", "LC_ALL", "LC_CTYPE", "TZ", "TMPDIR"];
/// Python writes lines at once, and in UTF-8.
const PYTHON_VARIABLES: [(&str, &str); 2] = [("PYTHONUNBUFFERED", "1"), ("PYTHONUTF8", "1")];
/// The default of shells, for an environment without `PATH`.
const DEFAULT_PATH: &str = "/usr/local/bin:/usr/bin:/bin";
/// A shorter value would occur in many words.
const MIN_SECRET_LENGTH: usize = 6;

/// A program that can be started.
#[derive(Debug)]
pub(crate) struct Program {
    /// An absolute path.
    pub(crate) path: PathBuf,
    pub(crate) arguments: Vec<String>,
    /// The working folder.
    pub(crate) folder: PathBuf,
    pub(crate) env: BTreeMap<String, Secret>,
    /// The name for messages: the file name of the script, or else of the program.
    pub(crate) label: String,
}

impl Program {
    /// Starts the program in a process group of its own. Ctrl-C in a terminal signals the whole process group of taskferry, but
    /// taskferry needs its programs until the run has stopped.
    pub(crate) fn start(&self) -> Result<Child, Failure> {
        let mut command = Command::new(&self.path);
        command.args(&self.arguments).current_dir(&self.folder).env_clear();
        command.envs(INHERITED.into_iter().filter_map(|name| Some((name, env::var_os(name)?))));
        command.envs(PYTHON_VARIABLES);
        command.envs(self.env.iter().map(|(name, value)| (name, value.expose())));
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.process_group(0).kill_on_drop(true);
        command.spawn().map_err(|error| {
            let message = format!("can't start `{}`: {error}", self.path.display());
            let failure = Failure::new(ErrorKind::Io, message);
            match error.kind() {
                io::ErrorKind::NotFound => failure
                    .hint("if it is a script, its first line names a program that does not exist"),
                _ if error.to_string().contains("Exec format") => {
                    failure.hint("name the interpreter in `command`, or begin the script with `#!`")
                }
                _ => failure,
            }
        })
    }

    /// Masks the values of `env` in a text of the program. Any of them may be a secret, whatever its name.
    pub(crate) fn without_secrets(&self, text: &str) -> String {
        self.secrets().iter().fold(text.to_owned(), |text, secret| text.replace(secret, "[secret]"))
    }

    /// As [`Program::without_secrets`], for a text whose end was cut off. Also removes the first part of a secret at the end.
    pub(crate) fn without_cut_secrets(&self, text: &str) -> String {
        let text = text.trim_end_matches(char::REPLACEMENT_CHARACTER).to_owned();
        self.secrets().iter().fold(text, |text, secret| {
            let mut text = text.replace(secret, "[secret]");
            let mut parts = (1..secret.len()).rev().filter_map(|end| secret.get(..end));
            if let Some(part) = parts.find(|part| text.ends_with(part)) {
                text.truncate(text.len() - part.len());
            }
            text
        })
    }

    /// All forms of the values of `env`, the longest first, because one may contain another.
    fn secrets(&self) -> Vec<String> {
        let values = self.env.values().map(Secret::expose);
        let values = values.filter(|value| value.len() >= MIN_SECRET_LENGTH);
        let mut secrets: Vec<String> = values.flat_map(secret_forms).collect();
        secrets.sort_by_key(|secret| Reverse(secret.len()));
        secrets
    }
}

/// The absolute path of a program.
///
/// # Errors
/// Why it can't be started, and what to do.
pub(crate) fn find(
    name: &str,
    folder: &Path,
    search_path: &OsStr,
) -> Result<PathBuf, (String, String)> {
    let is_path = name.contains('/');
    let folders: Vec<PathBuf> =
        if is_path { vec![folder.to_owned()] } else { env::split_paths(search_path).collect() };
    let mut error = None;
    for folder in folders {
        let path = absolute(folder.join(name)).unwrap_or_else(|_| folder.join(name));
        match usable(&path) {
            Ok(()) => return Ok(path),
            Err(Some(text)) => _ = error.get_or_insert((path, text)),
            Err(None) if is_path => _ = error.get_or_insert((path, "it does not exist")),
            Err(None) => {}
        }
    }
    Err(match error {
        Some((path, text)) if text == NOT_EXECUTABLE => {
            let help = format!(
                "run `chmod +x {}`, or name the interpreter first: [\"python3\", \"{name}\"]",
                path.display()
            );
            (format!("can't start `{name}`: {text}"), help)
        }
        Some((path, text)) => {
            let help = format!("the path resolves to {}", path.display());
            (format!("can't start `{name}`: {text}"), help)
        }
        None => {
            let help =
                "install the program, correct `PATH`, or write the path of the program with a `/`";
            (format!("the program `{name}` is not in `PATH`"), help.to_owned())
        }
    })
}

const NOT_EXECUTABLE: &str = "it is not executable";

/// Whether a file can be started. The error is the reason, or `None` if there is no file.
fn usable(path: &Path) -> Result<(), Option<&'static str>> {
    let found = fs::metadata(path).map_err(|error| match error.kind() {
        io::ErrorKind::PermissionDenied => Some("permission denied"),
        _ => None,
    })?;
    match (found.is_file(), found.permissions().mode() & 0o111 != 0) {
        (false, _) if found.is_dir() => Err(Some("it is a folder")),
        (false, _) => Err(Some("it is not a file")),
        (true, false) => Err(Some(NOT_EXECUTABLE)),
        (true, true) => Ok(()),
    }
}

/// The list of folders in which the program is looked up.
pub(crate) fn search_path(env: &BTreeMap<String, Secret>) -> OsString {
    match env.get("PATH") {
        Some(own) => own.expose().into(),
        None => env::var_os("PATH").unwrap_or_else(|| DEFAULT_PATH.into()),
    }
}
