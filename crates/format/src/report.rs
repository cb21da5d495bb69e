//! The report on a written output, and the errors of writing.

use std::io;

use taskferry_sdk::StageError;

/// A report on a complete output.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WriteReport {
    /// Records written.
    pub records: u64,
    /// The first hundred fields that `columns` does not name, in order of first appearance.
    pub left_out: Vec<String>,
    /// Whether there are more fields than in `left_out`.
    pub more_left_out: bool,
    /// Columns of `columns` that no record has.
    pub unseen: Vec<String>,
    /// Columns of `columns` that are empty in every record.
    pub empty: Vec<String>,
    /// The number of NUL characters in cells, which were replaced by U+FFFD.
    pub nul_replaced: u64,
    /// The columns with cells that got a leading `'`, with the number of these cells.
    pub escaped: Vec<(String, u64)>,
}

impl WriteReport {
    /// The warnings for the summary, without a full stop.
    ///
    /// ```
    /// let report = taskferry_format::WriteReport { left_out: vec!["a".into(), "b".into()], ..Default::default() };
    /// assert_eq!(report.warnings(), ["fields omitted because `columns` does not name them: `a`, `b`"]);
    /// ```
    pub fn warnings(&self) -> Vec<String> {
        let mut warnings = Vec::new();
        if !self.left_out.is_empty() {
            let names = quoted(&self.left_out);
            let more = if self.more_left_out { " and more" } else { "" };
            warnings.push(format!(
                "fields omitted because `columns` does not name them: {names}{more}"
            ));
        }
        if self.records > 0 && !self.unseen.is_empty() {
            warnings.push(format!("columns that no record has: {}", quoted(&self.unseen)));
        }
        if !self.empty.is_empty() {
            let records = match self.records {
                1 => "the only record".to_owned(),
                count => format!("all {count} records"),
            };
            warnings.push(format!("columns that are empty in {records}: {}", quoted(&self.empty)));
        }
        match self.nul_replaced {
            0 => {}
            1 => warnings.push("1 NUL character was replaced by U+FFFD (�)".to_owned()),
            count => warnings.push(format!("{count} NUL characters were replaced by U+FFFD (�)")),
        }
        if !self.escaped.is_empty() {
            warnings.push(format!(
                "cells that begin like a formula got a leading `'`: {}; set `escape_formulas = false` if no spreadsheet opens \
                 the table",
                self.escaped
                    .iter()
                    .map(|(name, count)| format!("{count} in `{name}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        warnings
    }
}

fn quoted(names: &[String]) -> String {
    names.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ")
}

/// Why a record could not be written.
#[derive(Debug, thiserror::Error)]
pub enum WriteError {
    /// The output failed. The sink adds the name of the output.
    #[error(transparent)]
    Output(#[from] io::Error),
    /// The record can't be written in this format.
    #[error(transparent)]
    Record(StageError),
    /// The storage of the rows failed.
    #[error(transparent)]
    Spool(StageError),
}

impl WriteError {
    /// Converts to the error of a sink. `explain` describes a failed output.
    pub fn explained(self, explain: impl FnOnce(io::Error) -> StageError) -> StageError {
        match self {
            Self::Output(error) => explain(error),
            Self::Record(error) | Self::Spool(error) => error,
        }
    }
}
