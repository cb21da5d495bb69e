//! Dead letters as a source.

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

/// How many letters make a page at least; letters of one page of the export stay together, so that whatever is counted
/// within a page, of a job for example, is counted as it was.
const PAGE: usize = 100;

/// What is read of a letter.
#[derive(Deserialize)]
struct Letter<'a> {
    pipeline: String,
    run_id: String,
    #[serde(default)]
    sandbox: bool,
    stage: Stage,
    origin: LetterOrigin,
    #[serde(borrow)]
    record: &'a RawValue,
}

#[derive(Deserialize)]
struct Stage {
    role: String,
    name: String,
}

#[derive(Deserialize)]
struct LetterOrigin {
    page: u64,
    cursor: Option<String>,
    index: usize,
    job: Option<String>,
}

/// A file of dead letters, every line of which was looked at.
#[derive(Debug)]
pub(crate) struct Letters {
    path: PathBuf,
    sha256: String,
    stages: Vec<Arc<StageId>>,
    /// Those that a letter names.
    refused_at: Vec<Arc<StageId>>,
}

impl Letters {
    /// Reads all of the file, and remembers none of it.
    ///
    /// # Errors
    /// What is wrong with it, and in which line, for people.
    pub(crate) fn check(
        path: &Path,
        pipeline: &str,
        sandbox: bool,
        stages: &[Arc<StageId>],
    ) -> Result<Self, String> {
        let file = File::open(path).map_err(|error| format!("can't be read: {error}"))?;
        let (mut lines, mut line) = (BufReader::new(file), String::new());
        let (mut hash, mut number) = (Sha256::new(), 0);
        let mut refused_at = Vec::new();
        while lines.read_line(&mut line).map_err(|error| format!("can't be read: {error}"))? > 0 {
            number += 1;
            hash.update(line.as_bytes());
            let told = |why: String| format!("line {number}: {why}");
            let letter = parse(&line).map_err(told)?;
            if letter.pipeline != pipeline {
                let of = &letter.pipeline;
                return Err(told(format!(
                    "a dead letter of `{of}`, and this pipeline is `{pipeline}`"
                )));
            }
            if letter.sandbox && !sandbox {
                let why = "a dead letter of a run on made-up jobs; send it on with `--sandbox`";
                return Err(told(why.to_owned()));
            }
            let stage = find(stages, &letter.stage).map_err(told)?;
            if !refused_at.contains(&stage) {
                refused_at.push(stage);
            }
            line.clear();
        }
        let sha256 = hex(hash.finalize());
        Ok(Self { path: path.to_owned(), sha256, stages: stages.to_vec(), refused_at })
    }

    /// The stages that the letters name.
    pub(crate) fn refused_at(&self) -> &[Arc<StageId>] {
        &self.refused_at
    }

    /// The checksum of the file, in hexadecimal digits.
    pub(crate) fn sha256(&self) -> &str {
        &self.sha256
    }

    fn failed(&self, error: io::Error) -> StageError {
        let message = format!("can't read `{}`", self.path.display());
        StageError::new(ErrorKind::Io, message).caused_by(error)
    }

    fn record(&self, line: &str) -> Result<ReplayRecord, StageError> {
        let malformed = |why: String| StageError::new(ErrorKind::Malformed, why);
        let letter = parse(line).map_err(malformed)?;
        let stage = find(&self.stages, &letter.stage).map_err(malformed)?;
        let origin = Origin {
            page: letter.origin.page,
            cursor: letter.origin.cursor.map(Cursor::new),
            index: letter.origin.index,
            job: letter.origin.job.map(Into::into),
        };
        let text = Bytes::copy_from_slice(letter.record.get().as_bytes());
        Ok(ReplayRecord { record: Record::parse(text)?, origin, stage })
    }
}

fn parse(line: &str) -> Result<Letter<'_>, String> {
    serde_json::from_str(line).map_err(|error| format!("this is no dead letter: {error}"))
}

/// The page of the export, and the run, that a letter came from.
fn page_of(line: &str) -> Option<(String, u64)> {
    let letter = parse(line).ok()?;
    Some((letter.run_id, letter.origin.page))
}

fn find(stages: &[Arc<StageId>], stage: &Stage) -> Result<Arc<StageId>, String> {
    let found = stages
        .iter()
        .find(|known| known.role.to_string() == stage.role && known.name == stage.name);
    found.cloned().ok_or_else(|| {
        let names: Vec<String> = stages.iter().map(ToString::to_string).collect();
        let (role, name, all) = (&stage.role, &stage.name, names.join(", "));
        format!("{role} `{name}` refused it, which the pipeline does not have; there are {all}")
    })
}

/// Reads letters, a hundred a page. A cursor is the place in the file where a page ends.
#[derive(Debug)]
pub(crate) struct DeadLetters {
    letters: Arc<Letters>,
    open: Option<OpenFile>,
}

/// The file, as far as it was read.
#[derive(Debug)]
struct OpenFile {
    lines: BufReader<File>,
    /// The line that the next page begins with.
    ahead: Option<String>,
    at: u64,
}

impl DeadLetters {
    pub(crate) fn new(letters: Letters) -> Self {
        Self { letters: Arc::new(letters), open: None }
    }
}

impl OpenFile {
    /// Opens the file where a page ends; `None` for its end.
    fn open(path: &Path, at: Option<u64>) -> io::Result<Self> {
        let mut file = File::open(path)?;
        let at = match at {
            Some(at) => at,
            None => file.metadata()?.len(),
        };
        file.seek(SeekFrom::Start(at))?;
        Ok(Self { lines: BufReader::new(file), ahead: None, at })
    }

    fn read(&mut self) -> io::Result<Vec<String>> {
        let mut read: Vec<String> = self.ahead.take().into_iter().collect();
        loop {
            let mut line = String::new();
            if self.lines.read_line(&mut line)? == 0 {
                return Ok(read);
            }
            let goes_on = |last: &String| page_of(last) == page_of(&line);
            if read.len() >= PAGE && !read.last().is_some_and(goes_on) {
                self.ahead = Some(line);
                return Ok(read);
            }
            read.push(line);
        }
    }

    fn next_page(&mut self, letters: &Letters) -> Result<Option<ReplayPage>, StageError> {
        let lines = self.read().map_err(|error| letters.failed(error))?;
        if lines.is_empty() {
            return Ok(None);
        }
        let records = lines.iter().map(|line| letters.record(line)).collect::<Result<_, _>>()?;
        let bytes: u64 = lines.iter().map(|line| line.len() as u64).sum();
        self.at += bytes;
        let next = self.ahead.as_ref().map(|_| Cursor::new(self.at.to_string()));
        Ok(Some(ReplayPage { records, next, bytes }))
    }
}

#[async_trait]
impl DeadLetterReader for DeadLetters {
    async fn open(&mut self, from: Option<(u64, Option<&Cursor>)>) -> Result<(), StageError> {
        let place =
            |cursor: Option<&Cursor>| cursor.and_then(|cursor| cursor.as_str().parse().ok());
        let at = from.map_or(Some(0), |(_, cursor)| place(cursor));
        let letters = Arc::clone(&self.letters);
        let opening =
            move || OpenFile::open(&letters.path, at).map_err(|error| letters.failed(error));
        self.open = Some(tokio::task::spawn_blocking(opening).await.map_err(stopped)??);
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<ReplayPage>, StageError> {
        let Some(mut open) = self.open.take() else { return Ok(None) };
        let letters = Arc::clone(&self.letters);
        let reading = move || {
            let page = open.next_page(&letters);
            (open, page)
        };
        let (open, page) = tokio::task::spawn_blocking(reading).await.map_err(stopped)?;
        self.open = Some(open);
        page
    }
}

fn stopped(error: tokio::task::JoinError) -> StageError {
    StageError::new(ErrorKind::Defect, "reading the dead letters stopped").caused_by(error)
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

    fn letter(record: &Value, page: u64, job: Option<&str>) -> Value {
        json!({
            "pipeline": "jobs", "run_id": "r1", "stage": {"role": "transform", "name": "jq"},
            "error": {"message": "no", "hint": null},
            "origin": {"page": page, "cursor": null, "index": 0, "job": job}, "record": record,
        })
    }

    fn read_all(letters: Letters) -> Vec<ReplayRecord> {
        let mut source = DeadLetters::new(letters);
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

    fn anything() -> impl Strategy<Value = Value> {
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
            prop_assert!(Letters::check(file.path(), "jobs", false, &stages()).is_err());
        }

        #[test]
        fn a_changed_line_is_read_or_reported(
            record in anything(), place in 0..400_usize, byte in any::<u8>(), cut in 0..400_usize,
        ) {
            let good = format!("{}\n", letter(&record, 1, Some("j1"))).into_bytes();
            let mut changed = good.clone();
            if let Some(there) = changed.get_mut(place) {
                *there = byte;
            }
            let mut short = good;
            short.truncate(cut);
            for content in [changed, short] {
                let file = file(&content);
                if let Ok(letters) = Letters::check(file.path(), "jobs", false, &stages()) {
                    read_all(letters);
                }
            }
        }

        #[test]
        fn dead_letters_survive_a_round_trip(
            records in prop::collection::vec(anything(), 0..5),
            page in any::<u64>(),
            job in prop::option::of(any::<String>()),
        ) {
            let lines: Vec<String> =
                records.iter().map(|record| format!("{}\n", letter(record, page, job.as_deref()))).collect();
            let file = file(lines.concat().as_bytes());
            let read = read_all(Letters::check(file.path(), "jobs", false, &stages()).unwrap());
            let texts: Vec<String> = read.iter().map(|returned| returned.record.to_json()).collect();
            let expected: Vec<String> = records.iter().map(Value::to_string).collect();
            prop_assert_eq!(texts, expected);
            for ReplayRecord { origin, .. } in read {
                prop_assert_eq!((origin.page, origin.job.as_deref()), (page, job.as_deref()));
            }
        }
    }
}
