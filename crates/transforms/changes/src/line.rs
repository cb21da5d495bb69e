//! The lines of the files.
//!
//! The first line is the header. Each record has one line. The last line contains the number of preceding lines; a file without
//! the last line belongs to an incomplete run.

use taskferry_sdk::jiff::Timestamp;
use taskferry_sdk::json::{Document, Node, Text};
use taskferry_sdk::{ErrorKind, Origin, StageError};

/// The version of the format. A baseline with another version is not read.
pub(crate) const FORMAT_VERSION: u64 = 1;

/// The beginning of the line of a record. The 16 digits of its key follow.
const RECORD: &[u8] = b"{\"key\":\"";
const DIGITS: usize = 16;

/// The state of a record at the end of a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum State {
    Present,
    /// It is missing, but its removal was not emitted.
    Withheld,
    Removed(Timestamp),
}

impl State {
    fn name(self) -> &'static str {
        match self {
            Self::Present => "present",
            Self::Withheld => "withheld",
            Self::Removed(_) => "removed",
        }
    }
}

/// The line of a record.
#[derive(Debug)]
pub(crate) struct RecordLine<'a> {
    pub(crate) key: u64,
    pub(crate) state: State,
    /// The id of the job from which the record was made, if it is known.
    pub(crate) job: Option<String>,
    /// The position of the record in its run: page, and position in the page.
    pub(crate) position: (u64, u64),
    pub(crate) record: Node<'a>,
}

impl<'a> RecordLine<'a> {
    pub(crate) fn new(key: u64, origin: Option<&Origin>, record: Node<'a>) -> Self {
        let job = origin.and_then(|origin| origin.job.as_deref()).map(str::to_owned);
        let position = origin.map_or((0, 0), |it| (it.page, it.index as u64));
        Self { key, state: State::Present, job, position, record }
    }

    /// Reads a line.
    pub(crate) fn read(line: &'a Document) -> Option<Self> {
        let line = line.root();
        let text = |name: &str| line.get(name).and_then(Node::as_str);
        let number = |name: &str| line.get(name)?.as_number()?.parse().ok();
        let state = match &*text("state")? {
            "present" => State::Present,
            "withheld" => State::Withheld,
            "removed" => State::Removed(text("removed_at")?.parse().ok()?),
            _ => return None,
        };
        Some(Self {
            key: u64::from_str_radix(&text("key")?, 16).ok()?,
            state,
            job: text("job").map(std::borrow::Cow::into_owned),
            position: (number("page")?, number("index")?),
            record: line.get("record")?,
        })
    }

    pub(crate) fn text(&self) -> Text {
        Text::object(|line| {
            line.member("key", format!("{:016x}", self.key));
            line.member("state", self.state.name());
            line.member("job", self.job.as_deref());
            line.member("page", self.position.0);
            line.member("index", self.position.1);
            if let State::Removed(at) = self.state {
                line.member("removed_at", at.to_string());
            }
            line.member("record", self.record);
        })
    }
}

/// The kind of a line, read from its first bytes.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum LineKind {
    /// A record: its key, and whether it was removed.
    Record(u64, bool),
    /// The job of a refused record.
    Refused,
    End,
}

impl LineKind {
    pub(crate) fn of(line: &[u8]) -> Option<Self> {
        if let Some(rest) = line.strip_prefix(RECORD) {
            let (digits, rest) = rest.split_at_checked(DIGITS)?;
            let digits = std::str::from_utf8(digits).ok()?;
            let is_removed = rest.starts_with(b"\",\"state\":\"removed\"");
            return Some(Self::Record(u64::from_str_radix(digits, 16).ok()?, is_removed));
        }
        if line.starts_with(b"{\"refused\":") {
            return Some(Self::Refused);
        }
        line.starts_with(b"{\"lines\":").then_some(Self::End)
    }
}

/// The line of a refused record. `None` if its job is unknown.
pub(crate) fn refused(job: Option<&str>) -> Text {
    Text::object(|line| line.member("refused", job))
}

/// The job in the line of a refused record.
pub(crate) fn refused_job(line: &Document) -> Option<String> {
    line.root().get("refused").and_then(Node::as_str).map(std::borrow::Cow::into_owned)
}

/// The last line, after this number of lines.
pub(crate) fn end(lines: u64) -> Text {
    Text::object(|line| line.member("lines", lines))
}

/// The number of lines in the last line.
pub(crate) fn lines(line: &[u8]) -> Option<u64> {
    let line = Document::parse(line.to_vec()).ok()?;
    line.root().get("lines")?.as_number()?.parse().ok()
}

/// Parses a line.
///
/// # Errors
/// The file was changed or damaged.
pub(crate) fn parse(line: Vec<u8>) -> Result<Document, StageError> {
    Document::parse(line).map_err(|error| damaged().caused_by(error))
}

/// The error for an invalid line.
pub(crate) fn damaged() -> StageError {
    StageError::new(ErrorKind::Malformed, "the file is damaged").fatal()
}
