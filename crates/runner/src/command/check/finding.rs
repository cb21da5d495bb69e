//! An error, a warning or a note, for formats that programs read.

use taskferry_config::{Diagnostic, TextPosition, Unverified};
use taskferry_sdk::Severity;

/// The name of variables that are not set.
pub(crate) const UNSET: &str = "unset-variable";

/// How severe a finding is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Level {
    Error,
    Warning,
    Note,
}

/// A finding.
#[derive(Debug)]
pub(crate) struct Finding {
    pub(crate) level: Level,
    pub(crate) name: &'static str,
    /// The message and its help. Includes the position if the position is not in a file.
    pub(crate) message: String,
    pub(crate) place: SourceLocation,
    pub(crate) related: Vec<(SourceLocation, String)>,
}

/// A position in a file. Line and column are 0 for the whole file.
#[derive(Debug, Clone)]
pub(crate) struct SourceLocation {
    pub(crate) file: String,
    pub(crate) line: usize,
    pub(crate) column: usize,
    /// The column after the last character.
    pub(crate) end_column: usize,
}

/// The files of a pipeline: its own file, then the overlays.
#[derive(Debug)]
pub(crate) struct Files(pub(crate) Vec<String>);

impl Files {
    /// The position, if it is in one of the files.
    fn place(&self, position: &TextPosition, length: usize) -> Option<SourceLocation> {
        let TextPosition { file, line, column } = position;
        let (line, column) = (*line, *column);
        let is_file = self.0.contains(file);
        is_file.then(|| SourceLocation {
            file: file.clone(),
            line,
            column,
            end_column: column + length,
        })
    }

    /// The pipeline file as a whole.
    fn whole(&self) -> SourceLocation {
        let file = self.0.first().cloned().unwrap_or_default();
        SourceLocation { file, line: 0, column: 0, end_column: 0 }
    }
}

impl Finding {
    pub(crate) fn of(diagnostic: &Diagnostic, files: &Files) -> Self {
        let level = match diagnostic.severity() {
            Severity::Error => Level::Error,
            Severity::Warning => Level::Warning,
        };
        let place = diagnostic.position().and_then(|at| files.place(&at, diagnostic.length()));
        // A position outside of the files, for example in an argument, is part of the message.
        let text = match place {
            Some(_) => diagnostic.to_string(),
            None => diagnostic.in_one_line(),
        };
        let (mut related, mut elsewhere) = (Vec::new(), String::new());
        for (at, length, label) in diagnostic.related() {
            match files.place(&at, length) {
                Some(place) => related.push((place, label.to_owned())),
                None => elsewhere = format!("{elsewhere}; {at}: {label}"),
            }
        }
        let help = diagnostic.help_text().map(|help| format!("; {help}")).unwrap_or_default();
        Self {
            level,
            name: diagnostic.code(),
            message: format!("{text}{help}{elsewhere}"),
            place: place.unwrap_or_else(|| files.whole()),
            related,
        }
    }

    /// A variable that is not set.
    pub(crate) fn note(one: &Unverified, files: &Files) -> Self {
        let place = one.position.as_ref().and_then(|at| files.place(at, 1));
        Self {
            level: Level::Note,
            name: UNSET,
            message: unverified(one),
            place: place.unwrap_or_else(|| files.whole()),
            related: Vec::new(),
        }
    }
}

/// The message about a variable that is not set.
pub(crate) fn unverified(one: &Unverified) -> String {
    let option = &one.option;
    let reason = match one.file() {
        Some(file) => format!("`{file}` can't be read"),
        None => format!("`{}` is not set", one.variable),
    };
    format!("the value of `{option}` is not checked, because {reason}")
}
