//! The records of an earlier run.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::Path;

use serde::{Deserialize, Serialize};
use serde_json::json;
use taskferry_files::FolderEntry;
use taskferry_sdk::json::{Document, Node, Text};
use taskferry_sdk::{ErrorKind, RunContext, StageDigest, StageError};

use crate::files;
use crate::index::Index;
use crate::line::{self, FORMAT_VERSION, LineKind, damaged, parse};

/// The file with the complete runs, which the engine writes.
const COMPLETE_RUNS: &str = "last_complete.json";

/// The file of an earlier run.
#[derive(Debug)]
pub(crate) struct Baseline {
    pub(crate) run_id: String,
    /// The number of records that were not removed.
    pub(crate) live: u64,
    entry: FolderEntry,
    file: BufReader<File>,
    /// The offset of the next byte that `file` returns.
    offset: u64,
}

/// The stages and the key that determine the records of a run. Two runs can be compared if their headers are equal.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Header {
    layout: u64,
    inputs: Vec<Input>,
    #[serde(skip_serializing_if = "Option::is_none")]
    key: Option<Vec<String>>,
}

/// The source or an earlier transform.
#[derive(Debug, Serialize, Deserialize)]
struct Input {
    name: String,
    digest: String,
}

/// The baseline of a run, or the reason why there is none.
#[derive(Debug)]
pub(crate) enum Opened {
    Found(Baseline, Index),
    /// There is no baseline. Contains the reason if an earlier run was complete.
    New(Option<String>),
}

impl Header {
    pub(crate) fn new(inputs: &[StageDigest], key: Option<Vec<String>>) -> Self {
        let input = |it: &StageDigest| Input { name: it.name.clone(), digest: it.digest.clone() };
        Self { layout: FORMAT_VERSION, inputs: inputs.iter().map(input).collect(), key }
    }

    pub(crate) fn text(&self) -> Text {
        Text::value(json!(self))
    }

    /// Reads a header; `None` if another version wrote it.
    fn read(line: Vec<u8>) -> Result<Option<Self>, StageError> {
        let line = parse(line)?;
        let layout = line.root().get("layout").and_then(Node::as_number);
        if layout != Some(&FORMAT_VERSION.to_string()) {
            return Ok(None);
        }
        serde_json::from_slice(line.as_bytes()).map(Some).map_err(|_| damaged())
    }

    /// What differs from an earlier run; `None` if the records can be compared.
    fn difference(&self, earlier: &Self) -> Option<String> {
        if self.key != earlier.key {
            return Some("`key` has changed".to_owned());
        }
        if self.inputs.len() != earlier.inputs.len() {
            return Some("an earlier transform was added or removed".to_owned());
        }
        let mut inputs = self.inputs.iter().zip(&earlier.inputs).enumerate();
        let (index, (changed, _)) = inputs.find(|(_, (now, old))| now.digest != old.digest)?;
        let role = if index == 0 { "source" } else { "transform" };
        Some(format!("the options of {role} `{}` have changed", changed.name))
    }
}

impl Opened {
    /// Opens the file of the last complete run whose records can be compared with the records of this run.
    ///
    /// # Errors
    /// A file can't be read, or the complete runs are unknown.
    pub(crate) fn open(run: &RunContext, header: &Header) -> Result<Self, StageError> {
        if run.complete_runs_unreadable {
            let file = run.compared_with.as_deref().unwrap_or(Path::new("")).join(COMPLETE_RUNS);
            let message = format!(
                "the last complete run is unknown, because `{}` can't be read",
                file.display()
            );
            return Err(StageError::new(ErrorKind::Malformed, message)
                .fatal()
                .hint("restore the file, or remove it: all records then count as added"));
        }
        let (Some(folder), Some(last)) = (&run.compared_with, run.complete_runs.first()) else {
            return Ok(Self::New(None));
        };
        let mut reason = None;
        for run_id in &run.complete_runs {
            let entry = files::earlier(folder, run_id, &run.stage.name);
            let entry = entry.map_err(|error| {
                let message = format!("can't read the folder `{}`", folder.display());
                StageError::new(ErrorKind::Io, message).caused_by(error)
            })?;
            let Some(entry) = entry else { continue };
            let unusable = |error: StageError| unreadable(&entry, error);
            let mut baseline = Baseline::open(entry.clone(), run_id).map_err(unusable)?;
            let first = baseline.read_line().map_err(unusable)?;
            let difference = match Header::read(first).map_err(unusable)? {
                Some(earlier) => header.difference(&earlier),
                None => Some("the format of the saved records has changed".to_owned()),
            };
            match difference {
                None => {
                    let index = baseline.index().map_err(unusable)?;
                    return Ok(Self::Found(baseline, index));
                }
                Some(difference) => {
                    reason.get_or_insert(format!("{difference} since run {run_id}"));
                }
            }
        }
        let unknown = || {
            format!(
                "the state folder has no records of this transform from the last complete run ({last})"
            )
        };
        Ok(Self::New(Some(reason.unwrap_or_else(unknown))))
    }
}

impl Baseline {
    fn open(entry: FolderEntry, run_id: &str) -> Result<Self, StageError> {
        let file = entry.open().map_err(|error| io_error(&error))?;
        let file = BufReader::with_capacity(1 << 16, file);
        Ok(Self { run_id: run_id.to_owned(), live: 0, entry, file, offset: 0 })
    }

    /// Reads all lines after the header.
    fn index(&mut self) -> Result<Index, StageError> {
        let (mut entries, mut lines) = (Vec::new(), 1);
        loop {
            let offset = self.offset;
            let line = self.read_line()?;
            match LineKind::of(&line) {
                Some(LineKind::Record(key, is_removed)) => {
                    self.live += u64::from(!is_removed);
                    entries.push((key, offset));
                }
                Some(LineKind::Refused) => {}
                Some(LineKind::End) if line::lines(&line) == Some(lines) => {
                    return Ok(Index::new(entries));
                }
                Some(LineKind::End) | None => return Err(damaged()),
            }
            lines += 1;
        }
    }

    /// Parses the line at an offset.
    ///
    /// # Errors
    /// The file can't be read.
    pub(crate) fn read(&mut self, offset: u64) -> Result<Document, StageError> {
        let line =
            self.seek(offset).map_err(|error| io_error(&error)).and_then(|()| self.read_line());
        line.and_then(parse).map_err(|error| unreadable(&self.entry, error))
    }

    /// The error for an invalid line.
    pub(crate) fn damaged(&self) -> StageError {
        unreadable(&self.entry, damaged())
    }

    fn seek(&mut self, offset: u64) -> io::Result<()> {
        // Runs have similar orders of records, so most lines are in the buffer.
        let distance = i64::try_from(i128::from(offset) - i128::from(self.offset));
        self.file.seek_relative(distance.map_err(io::Error::other)?)?;
        self.offset = offset;
        Ok(())
    }

    /// The next line, without the line feed. The end of the file is an error.
    fn read_line(&mut self) -> Result<Vec<u8>, StageError> {
        let mut line = Vec::new();
        let read = self.file.read_until(b'\n', &mut line).map_err(|error| io_error(&error))?;
        self.offset += read as u64;
        if line.pop() != Some(b'\n') {
            return Err(damaged());
        }
        Ok(line)
    }
}

fn io_error(error: &io::Error) -> StageError {
    StageError::new(ErrorKind::Io, error.to_string()).fatal()
}

/// The error for a baseline that can't be used. It concerns all records.
fn unreadable(entry: &FolderEntry, error: StageError) -> StageError {
    let path = entry.path();
    let message =
        format!("can't read the records of the last complete run in `{}`", path.display());
    StageError::new(error.kind(), message)
        .caused_by(error)
        .fatal()
        .hint("restore the file, or remove it: all records then count as added")
}
