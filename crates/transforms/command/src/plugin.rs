//! Checks the options, finds the program and builds the transform.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use taskferry_sdk::{
    AnyTransform, BuildContext, KeyPath, Plugin, Problem, TransformPlugin, printable,
};

use crate::config::Command;
use crate::pool::Pool;
use crate::program::{Program, find, search_path};
use crate::protocol::Hello;
use crate::shared::Shared;
use crate::stderr::MessageLog;
use crate::transform::CommandTransform;

/// An argument with one of these extensions is a script, which must exist.
const SCRIPTS: [&str; 11] = ["py", "js", "mjs", "cjs", "ts", "rb", "pl", "sh", "php", "lua", "jar"];
const MAX_WORKERS: usize = 64;

impl Plugin for Command {
    const TYPE: &'static str = "command";
}

impl TransformPlugin for Command {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let mut problems = self.problems();
        let path = self.program(context, &mut problems);
        self.read_files(context, &mut problems);
        let Some(path) = path.filter(|_| problems.is_empty()) else { return Err(problems) };
        let program = Program {
            path,
            arguments: self.command.iter().skip(1).cloned().collect(),
            folder: folder(context),
            env: self.env.clone(),
            label: self.label(),
        };
        let max_answer = usize::try_from(self.max_answer_bytes.get()).unwrap_or(usize::MAX);
        let shared = Shared {
            program: Arc::new(program),
            hello: Hello::default(),
            timeout: self.timeout.get(),
            start_timeout: self.start_timeout.get(),
            max_answer,
            log: Arc::new(MessageLog::new()),
            restarts: Arc::default(),
        };
        let pool = Pool::new(shared, self.workers);
        let (workers, label) = (self.workers, self.label());
        Ok(AnyTransform::asynchronous(CommandTransform { pool, workers, label }))
    }

    fn explained_options() -> &'static [&'static str] {
        &["command"]
    }
}

impl Command {
    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        let mut add = |path, code, message: &str, help: &str| {
            problems.push(Problem::at(path, code, message).help(help));
        };
        if self.command.first().is_none_or(String::is_empty) {
            let help = "name a program, for example [\"python3\", \"count_tasks.py\"]";
            add(KeyPath::of("command"), "empty-value", "`command` names no program", help);
        }
        for (index, argument) in self.command.iter().enumerate() {
            if argument.contains('\0') {
                let path = KeyPath::of("command").index(index);
                add(
                    path,
                    "invalid-value",
                    "an argument can't contain a NUL character",
                    "remove it",
                );
            }
        }
        for (name, value) in &self.env {
            if name.is_empty() || name.contains(['=', '\0']) || value.expose().contains('\0') {
                let path = KeyPath::of("env").key(name.clone());
                let message = format!("`{name}` is not a valid environment variable");
                add(
                    path,
                    "invalid-value",
                    &message,
                    "the name must not be empty or contain `=`; name and value must not contain NUL characters",
                );
            }
        }
        if self.workers == 0 || self.workers > MAX_WORKERS {
            let message = format!(
                "{} is out of range, expected a number from 1 to {MAX_WORKERS}",
                self.workers
            );
            let help = "write a number from 1 to 64; start with 1";
            add(KeyPath::of("workers"), "invalid-value", &message, help);
        }
        let limits = [("timeout", self.timeout), ("start_timeout", self.start_timeout)];
        for (key, _) in limits.iter().filter(|(_, limit)| limit.get().is_zero()) {
            let message = format!("`{key}` must be greater than zero");
            add(KeyPath::of(*key), "invalid-value", &message, "write for example \"5s\"");
        }
        problems
    }

    /// The path of the program. A program beside the pipeline file affects the output like any other file.
    fn program(&self, context: &BuildContext<'_>, problems: &mut Vec<Problem>) -> Option<PathBuf> {
        let name = self.command.first().filter(|name| !name.is_empty() && !name.contains('\0'))?;
        let path = KeyPath::of("command").index(0);
        match find(name, &folder(context), &search_path(&self.env)) {
            Ok(found) => {
                if name.contains('/') {
                    read(Path::new(name), path, context, problems);
                }
                Some(found)
            }
            Err((message, help)) => {
                problems.push(Problem::at(path, "unusable-program", message).help(help));
                None
            }
        }
    }

    /// Reads the files that affect the output: the files among the arguments, and the files in `files`.
    fn read_files(&self, context: &BuildContext<'_>, problems: &mut Vec<Problem>) {
        for (index, argument) in self.command.iter().enumerate().skip(1) {
            let path = Path::new(argument);
            let is_file = folder(context).join(path).is_file();
            if is_file || (is_script(path) && !argument.starts_with('-')) {
                read(path, KeyPath::of("command").index(index), context, problems);
            }
        }
        for (index, path) in self.files.iter().enumerate() {
            read(path, KeyPath::of("files").index(index), context, problems);
        }
    }

    /// The name for messages: the file name of the script, or else of the program.
    fn label(&self) -> String {
        let mut paths = self.command.iter().map(Path::new);
        let program = paths.next();
        let name = paths.find(|path| is_script(path)).or(program).and_then(Path::file_name);
        printable(&name.unwrap_or_default().to_string_lossy()).into_owned()
    }
}

fn is_script(path: &Path) -> bool {
    path.extension().is_some_and(|extension| SCRIPTS.iter().any(|known| extension == *known))
}

/// Reads a file, so that a run does not resume after the file has changed.
fn read(file: &Path, option: KeyPath, context: &BuildContext<'_>, problems: &mut Vec<Problem>) {
    // The program sees the file from its working folder only.
    let resolved = folder(context).join(file);
    let result = match context.files().read(file) {
        Ok(_) if resolved.is_file() => return,
        Ok(_) => "the file does not exist in the folder of the pipeline file".to_owned(),
        Err(error) => error.to_string(),
    };
    let message = format!("can't read the file `{}`: {result}", file.display());
    let help = format!("the path resolves to {}", resolved.display());
    problems.push(Problem::at(option, "unreadable-file", message).help(help));
}

fn folder(context: &BuildContext<'_>) -> PathBuf {
    let folder = context.files().folder();
    std::path::absolute(&folder).unwrap_or(folder)
}
