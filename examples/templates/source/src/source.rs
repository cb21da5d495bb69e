//! The source, and how it is built from the options.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::PathBuf;

use taskferry_sdk::{
    BuildContext, Cursor, ErrorKind, KeyPath, Page, Plugin, Position, Problem, Record, RunContext,
    Source, SourcePlugin, SourceRecord, StageError, async_trait,
};

use crate::config::MyPlugin;

impl Plugin for MyPlugin {
    /// The value of `type` in a pipeline file.
    const TYPE: &'static str = "my_plugin";
}

impl SourcePlugin for MyPlugin {
    /// Checks what the types of the options can't express. `taskferry check` shows the position of each error. Opens nothing.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Source>, Vec<Problem>> {
        if self.page_size == 0 {
            let problem = Problem::at(
                KeyPath::of("page_size"),
                "invalid-value",
                "`page_size` is 0",
            );
            return Err(vec![problem.help("write a whole number from 1")]);
        }
        let path = context.files().resolve(&self.path);
        Ok(Box::new(Lines {
            path,
            page_size: self.page_size,
            file: None,
            read: 0,
        }))
    }
}

/// The source. The engine requests the next page while transforms process earlier pages.
#[derive(Debug)]
struct Lines {
    path: PathBuf,
    page_size: usize,
    file: Option<BufReader<File>>,
    /// The number of lines read.
    read: u64,
}

#[async_trait]
impl Source for Lines {
    /// Opens the file. A resumed run continues at `from`, after the last page that all sinks have committed.
    async fn open(&mut self, _: &RunContext, from: Option<&Position>) -> Result<(), StageError> {
        let file = File::open(&self.path).map_err(|error| self.cannot_read(error))?;
        self.file = Some(BufReader::new(file));
        if let Some(cursor) = from.and_then(|from| from.cursor.as_ref()) {
            let lines = cursor.as_str().parse::<u64>().map_err(|error| {
                StageError::new(ErrorKind::Defect, "the cursor is not a number").caused_by(error)
            })?;
            while self.read < lines && self.next_line()?.is_some() {}
        }
        Ok(())
    }

    /// Reads the next page. Its cursor is the number of lines read.
    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let mut records = Vec::new();
        let mut bytes = 0;
        while records.len() < self.page_size {
            let Some(line) = self.next_line()? else { break };
            bytes += line.len() as u64;
            records.push(self.record(line)?);
        }
        if records.is_empty() {
            return Ok(None);
        }
        let mut page = Page::new(records);
        page.bytes = bytes;
        if !self.is_at_end()? {
            page = page.followed_by(Cursor::new(self.read.to_string()));
        }
        Ok(Some(page))
    }
}

impl Lines {
    fn next_line(&mut self) -> Result<Option<String>, StageError> {
        let file = self.file.as_mut().ok_or_else(not_open)?;
        let mut line = String::new();
        let length = file
            .read_line(&mut line)
            .map_err(|error| self.cannot_read(error))?;
        self.read += u64::from(length > 0);
        Ok((length > 0).then_some(line))
    }

    fn is_at_end(&mut self) -> Result<bool, StageError> {
        let file = self.file.as_mut().ok_or_else(not_open)?;
        file.fill_buf()
            .map(<[u8]>::is_empty)
            .map_err(|error| self.cannot_read(error))
    }

    /// The record of the last line. The id of a line must be the same each time the line is read.
    fn record(&self, line: String) -> Result<SourceRecord, StageError> {
        let record = Record::parse(line).map_err(|error| {
            let message = format!("line {} of `{}`", self.read, self.path.display());
            StageError::new(ErrorKind::Malformed, message).caused_by(error)
        })?;
        let id = record.root()?.get("external_id").and_then(|id| id.as_str());
        let id = id.map_or_else(|| format!("line {}", self.read), |id| id.into_owned());
        Ok(SourceRecord::new(record, id))
    }

    fn cannot_read(&self, error: io::Error) -> StageError {
        let message = format!("can't read `{}`", self.path.display());
        StageError::new(ErrorKind::Io, message).caused_by(error)
    }
}

fn not_open() -> StageError {
    StageError::new(ErrorKind::Defect, "the source was not opened")
}
