//! The formats of the findings, and where each is written.

use std::fs;
use std::path::{Path, PathBuf};

use super::finding::Finding;
use super::{github, sarif};
use crate::command::arguments::CheckArguments;
use crate::command::check_format::CheckFormat;
use crate::command_error::{CommandError, printed};
use crate::console;

impl CheckArguments {
    /// Whether the findings are written as text. This is the default.
    pub(super) fn has_text(&self) -> bool {
        self.formats.is_empty() || self.formats.contains(&CheckFormat::Text)
    }
}

/// The files that define a pipeline: its own file, the overlays, and the file with its tests.
pub(super) fn inputs(arguments: &CheckArguments, file: &Path) -> Vec<PathBuf> {
    let files = arguments.layers.files(file).map(Path::to_owned);
    files.chain([taskferry_config::test_file(file)]).collect()
}

/// Checks that the outputs do not conflict.
///
/// # Errors
/// Two outputs go to standard output, or an output would overwrite an input.
pub(super) fn conflict(arguments: &CheckArguments) -> Result<(), String> {
    let pipelines = taskferry_config::pipeline_files(&arguments.files);
    if arguments.print && pipelines.len() > 1 {
        return Err("`--print` prints one pipeline; name one file".to_owned());
    }
    let mut on_stdout: Vec<&str> = arguments.print.then_some("`--print`").into_iter().collect();
    for format in &arguments.formats {
        match format {
            CheckFormat::Text => {}
            CheckFormat::Github => on_stdout.push("`--format github`"),
            CheckFormat::Sarif(None) => on_stdout.push("`--format sarif`"),
            CheckFormat::Sarif(Some(path)) => {
                let mut files = pipelines.iter().flat_map(|file| inputs(arguments, file));
                if let Some(input) = files.find(|it| taskferry_config::is_same_file(it, path)) {
                    let (path, input) = (path.display(), input.display());
                    return Err(format!("`--format sarif={path}` would overwrite `{input}`"));
                }
            }
        }
    }
    match &on_stdout[..] {
        [first, second, ..] => Err(format!(
            "{first} and {second} both write to standard output; write SARIF to a file with `--format sarif=FILE`, \
             or run `check` twice"
        )),
        _ => Ok(()),
    }
}

/// Writes the findings in each format except text.
///
/// # Errors
/// What could not be written.
pub(super) fn write(arguments: &CheckArguments, findings: &[Finding]) -> Result<(), CommandError> {
    for format in &arguments.formats {
        match format {
            CheckFormat::Text => {}
            CheckFormat::Github => _ = printed(console::data(&github::commands(findings)))?,
            CheckFormat::Sarif(None) => _ = printed(console::data(&sarif::log(findings)))?,
            CheckFormat::Sarif(Some(file)) => {
                fs::write(file, sarif::log(findings))
                    .map_err(|error| CommandError::cannot_write(file, &error))?;
            }
        }
    }
    Ok(())
}
