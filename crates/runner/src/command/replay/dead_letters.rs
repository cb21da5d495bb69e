//! Reads dead letters as the pages of a source.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Seek, SeekFrom};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use async_trait::async_trait;
use bytes::Bytes;
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};
use taskferry_pipeline::{DeadLetterReader, ReplayPage, ReplayRecord, StageId};
use taskferry_sdk::{Cursor, ErrorKind, Origin, Record, StageError, hex};

/// The minimum number of dead letters on a page. Dead letters of one page of the export stay together, so that counts within a
/// page, for example of a job's records, are the same as in the export.
const PAGE: usize = 100;

/// A line of the file.
#[derive(Deserialize)]
struct DeadLetter<'a> {
    pipeline: String,
    run_id: String,
    #[serde(default)]
    sandbox: bool,
    stage: Stage,
    origin: RecordOrigin,
    #[serde(borrow)]
    record: &'a RawValue,
}

#[derive(Deserialize)]
struct Stage {
    role: String,
    name: String,
}

#[derive(Deserialize)]
struct RecordOrigin {
    page: u64,
    cursor: Option<String>,
    index: usize,
    job: Option<String>,
}

impl<'a> DeadLetter<'a> {
    fn parse(line: &'a str) -> Result<Self, String> {
        serde_json::from_str(line).map_err(|error| {
            format!("this line is not a dead letter: {error}; pass the dead-letter file of a run")
        })
    }

    /// The stage that refused the record.
    fn stage(&self, stages: &[Arc<StageId>]) -> Result<Arc<StageId>, String> {
        let Stage { role, name } = &self.stage;
        let mut found =
            stages.iter().filter(|known| known.role.to_string() == *role && known.name == *name);
        found.next().cloned().ok_or_else(|| {
            let names: Vec<String> = stages.iter().map(ToString::to_string).collect();
            format!(
                "{role} `{name}` refused this record, but the pipeline does not contain that stage; its stages are {}",
                names.join(", ")
            )
        })
    }
}

/// Whether the first line of a file is a dead letter.
pub(crate) fn is_dead_letter_file(path: &Path) -> bool {
    let mut line = String::new();
    let read = File::open(path).and_then(|file| BufReader::new(file).read_line(&mut line));
    read.is_ok() && DeadLetter::parse(&line).is_ok()
}

/// The program that compressed a file with these first bytes.
fn compressed_by(start: &[u8]) -> Option<&'static str> {
    let programs: [(&[u8], _); 2] = [(&[0x1f, 0x8b], "gzip"), (&[0x28, 0xb5, 0x2f, 0xfd], "zstd")];
    programs.into_iter().find_map(|(magic, program)| start.starts_with(magic).then_some(program))
}

#[derive(Debug)]
pub(crate) struct DeadLetterFile {
    path: PathBuf,
    sha256: String,
    stages: Vec<Arc<StageId>>,
    refused_at: Vec<Arc<StageId>>,
}

impl DeadLetterFile {
    /// Checks every line of the file.
    pub(crate) fn check(
        path: &Path,
        pipeline: &str,
        sandbox: bool,
        stages: &[Arc<StageId>],
    ) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| format!("can't read the file: {error}"))?;
        let (mut lines, mut line) = (BufReader::new(file), String::new());
        if let Some(program) = lines.fill_buf().ok().and_then(compressed_by) {
            return Err(format!(
                "the file is compressed with {program}; decompress it with `{program} -d`, and pass the result"
            ));
        }
        let (mut hash, mut number) = (Sha256::new(), 0);
        let mut refused_at = Vec::new();
        let unreadable = |error: io::Error, number: u64| match error.kind() {
            io::ErrorKind::InvalidData => {
                format!("line {} is not UTF-8 text; pass the dead-letter file of a run", number + 1)
            }
            _ => format!("can't read the file: {error}"),
        };
        while lines.read_line(&mut line).map_err(|error| unreadable(error, number))? > 0 {
            number += 1;
            hash.update(line.as_bytes());
            let located = |message: String| format!("line {number}: {message}");
            let dead_letter = DeadLetter::parse(&line).map_err(located)?;
            if dead_letter.pipeline != pipeline {
                let other = &dead_letter.pipeline;
                return Err(located(format!(
                    "this dead letter belongs to the pipeline `{other}`, not to `{pipeline}`; replay it with the file of that \
                     pipeline"
                )));
            }
            if dead_letter.sandbox && !sandbox {
                let message = "this dead letter comes from a run with `--sandbox`; add `--sandbox` to replay it";
                return Err(located(message.to_owned()));
            }
            let stage = dead_letter.stage(stages).map_err(located)?;
            if !refused_at.contains(&stage) {
                refused_at.push(stage);
            }
            line.clear();
        }
        let sha256 = hex(hash.finalize());
        Ok(Self { path: path.to_owned(), sha256, stages: stages.to_vec(), refused_at })
    }

    /// The stages that refused the records.
    pub(crate) fn refused_at(&self) -> &[Arc<StageId>] {
        &self.refused_at
    }

    /// The checksum of the file, in hexadecimal digits.
    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    fn error(&self, error: io::Error) -> StageError {
        let message = format!("can't read `{}`", self.path.display());
        StageError::new(ErrorKind::Io, message).caused_by(error)
    }

    fn record(&self, line: &str) -> Result<ReplayRecord, StageError> {
        let malformed = |message: String| StageError::new(ErrorKind::Malformed, message);
        let dead_letter = DeadLetter::parse(line).map_err(malformed)?;
        let stage = dead_letter.stage(&self.stages).map_err(malformed)?;
        let origin = Origin {
            page: dead_letter.origin.page,
            cursor: dead_letter.origin.cursor.map(Cursor::new),
            index: dead_letter.origin.index,
            job: dead_letter.origin.job.map(Into::into),
        };
        let text = Bytes::copy_from_slice(dead_letter.record.get().as_bytes());
        Ok(ReplayRecord { record: Record::parse(text)?, origin, stage })
    }
}

/// The run and the page that a line comes from.
fn page_of(line: &str) -> Option<(String, u64)> {
    let dead_letter = DeadLetter::parse(line).ok()?;
    Some((dead_letter.run_id, dead_letter.origin.page))
}

/// Reads a checked file page by page. A cursor is the offset in the file at which a page ends.
#[derive(Debug)]
pub(crate) struct FileReader {
    file: Arc<DeadLetterFile>,
    open: Option<OpenFile>,
}

#[derive(Debug)]
struct OpenFile {
    lines: BufReader<File>,
    /// The first line of the next page, if it is read already.
    next_line: Option<String>,
    offset: u64,
}

impl FileReader {
    pub(crate) fn new(file: DeadLetterFile) -> Self {
        Self { file: Arc::new(file), open: None }
    }
}

impl OpenFile {
    /// Opens the file at an offset; `None` is its end.
    fn open(path: &Path, offset: Option<u64>) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let offset = match offset {
            Some(offset) => offset,
            None => file.metadata()?.len(),
        };
        file.seek(SeekFrom::Start(offset))?;
        Ok(Self { lines: BufReader::new(file), next_line: None, offset })
    }

    fn read_lines(&mut self) -> io::Result<Vec<String>> {
        let mut read: Vec<String> = self.next_line.take().into_iter().collect();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line)? == 0 {
                return Ok(read);
            }
            let same_page = |last: &String| page_of(last) == page_of(&line);
            if read.len() >= PAGE && !read.last().is_some_and(same_page) {
                self.next_line = Some(line);
                return Ok(read);
            }
            read.push(line);
        }
    }

    fn next_page(&mut self, file: &DeadLetterFile) -> Result<Option<ReplayPage>, StageError> {
        let lines = self.read_lines().map_err(|error| file.error(error))?;
        if lines.is_empty() {
            return Ok(None);
        }
        let records = lines.iter().map(|line| file.record(line)).collect::<Result<_, _>>()?;
        let bytes: u64 = lines.iter().map(|line| line.len() as u64).sum();
        self.offset += bytes;
        let next = self.next_line.as_ref().map(|_| Cursor::new(self.offset.to_string()));
        Ok(Some(ReplayPage { records, next, bytes }))
    }
}

#[async_trait]
impl DeadLetterReader for FileReader {
    async fn open(&mut self, from: Option<(u64, Option<&Cursor>)>) -> Result<(), StageError> {
        let parse = |cursor: &Cursor| cursor.as_str().parse().ok();
        let offset = from.map_or(Some(0), |(_, cursor)| cursor.and_then(parse));
        let file = Arc::clone(&self.file);
        let opening = move || OpenFile::open(&file.path, offset).map_err(|error| file.error(error));
        self.open = Some(tokio::task::spawn_blocking(opening).await.map_err(panicked)??);
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<ReplayPage>, StageError> {
        let Some(mut open) = self.open.take() else { return Ok(None) };
        let file = Arc::clone(&self.file);
        let reading = move || {
            let page = open.next_page(&file);
            (open, page)
        };
        let (open, page) = tokio::task::spawn_blocking(reading).await.map_err(panicked)?;
        self.open = Some(open);
        page
    }
}

fn panicked(error: tokio::task::JoinError) -> StageError {
    StageError::new(ErrorKind::Defect, "reading the dead letters panicked").caused_by(error)
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};
    use taskferry_pipeline::Role;

    fn stages() -> Vec<Arc<StageId>> {
        vec![Arc::new(StageId { role: Role::Transform, name: "jq".to_owned() })]
    }

    fn file(content: &[u8]) -> tempfile::NamedTempFile {
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), content).unwrap();
        file
    }

    fn dead_letter(record: &Value, page: u64, job: Option<&str>) -> Value {
        json!({
            "pipeline": "jobs", "run_id": "r1", "stage": {"role": "transform", "name": "jq"},
            "error": {"message": "no", "hint": null},
            "origin": {"page": page, "cursor": null, "index": 0, "job": job}, "record": record,
        })
    }

    fn read_all(file: DeadLetterFile) -> Vec<ReplayRecord> {
        let mut source = FileReader::new(file);
        let reading = async {
            source.open(None).await.unwrap();
            let mut records = Vec::new();
            while let Some(page) = source.next_page().await.unwrap() {
                records.extend(page.records);
            }
            records
        };
        tokio::runtime::Builder::new_current_thread().build().unwrap().block_on(reading)
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let scalar = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<f64>().prop_map(Value::from),
            any::<String>().prop_map(Value::from),
        ];
        scalar.prop_recursive(3, 16, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::vec((any::<String>(), inner), 0..4)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_not_dead_letters(content in prop::collection::vec(any::<u8>(), 1..300)) {
            let file = file(&content);
            prop_assert!(DeadLetterFile::check(file.path(), "jobs", false, &stages()).is_err());
        }

        #[test]
        fn a_changed_line_is_read_or_reported(
            record in any_json(), position in 0..400_usize, byte in any::<u8>(), cut in 0..400_usize,
        ) {
            let good = format!("{}\n", dead_letter(&record, 1, Some("j1"))).into_bytes();
            let mut changed = good.clone();
            if let Some(old) = changed.get_mut(position) {
                *old = byte;
            }
            let mut short = good;
            short.truncate(cut);
            for content in [changed, short] {
                let file = file(&content);
                if let Ok(checked) = DeadLetterFile::check(file.path(), "jobs", false, &stages()) {
                    read_all(checked);
                }
            }
        }

        #[test]
        fn dead_letters_survive_a_round_trip(
            records in prop::collection::vec(any_json(), 0..5),
            page in any::<u64>(),
            job in prop::option::of(any::<String>()),
        ) {
            let lines: Vec<String> =
                records.iter().map(|record| format!("{}\n", dead_letter(record, page, job.as_deref()))).collect();
            let file = file(lines.concat().as_bytes());
            let read = read_all(DeadLetterFile::check(file.path(), "jobs", false, &stages()).unwrap());
            let texts: Vec<String> = read.iter().map(|returned| returned.record.to_json()).collect();
            let expected: Vec<String> = records.iter().map(Value::to_string).collect();
            prop_assert_eq!(texts, expected);
            for ReplayRecord { origin, .. } in read {
                prop_assert_eq!((origin.page, origin.job.as_deref()), (page, job.as_deref()));
            }
        }
    }
}
