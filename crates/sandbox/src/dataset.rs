//! Loads dataset files: one job a line.

pub(crate) mod fields;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use taskferry_profile::model::JobProfile;

use crate::quote::shortened;
use crate::store::{Inserted, Loader, NewJob};
use crate::{SandboxError, timestamp};

/// The maximum length of a line in bytes. A page of 100 such jobs still fits into memory.
const MAX_LINE_LENGTH: u64 = 1024 * 1024;

/// The end of messages about jobs in an array or on several lines.
const ONE_JOB_PER_LINE: &str = "a dataset has one job per line";

/// Loads all jobs of the file.
pub(crate) fn load(path: &Path, loader: &mut Loader) -> Result<(), SandboxError> {
    const FILE: &str = "dataset";
    let path_buf = || path.to_owned();
    let mut lines =
        open(path).map_err(|source| SandboxError::Open { file: FILE, path: path_buf(), source })?;
    let error = |line, message| SandboxError::Line { file: FILE, path: path_buf(), line, message };
    let mut text = Vec::new();
    let mut is_empty = true;
    for line in 1.. {
        text.clear();
        let read = (&mut lines)
            .take(MAX_LINE_LENGTH + 1)
            .read_until(b'\n', &mut text)
            .map_err(|source| error(line, format!("the line can't be read: {source}")))?;
        if read == 0 {
            break;
        }
        if !text.trim_ascii().is_empty() {
            load_line(&text, line, loader)?.map_err(|message| error(line, message))?;
            is_empty = false;
        }
    }
    if is_empty {
        tracing::warn!("the dataset `{}` is empty: there are no jobs to serve", path.display());
    }
    Ok(())
}

/// Opens a file and decompresses it if it begins like a gzip file.
fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    if std::fs::metadata(path)?.file_type().is_fifo() {
        // Opening a pipe blocks until a writer opens it.
        tracing::info!("the dataset `{}` is a pipe: waiting for a writer", path.display());
    }
    let mut file = BufReader::new(File::open(path)?);
    if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// Loads the job of one line. The inner error says what is wrong in the line.
fn load_line(
    line: &[u8],
    number: u64,
    loader: &mut Loader,
) -> Result<Result<(), String>, SandboxError> {
    let Line { profile, details, unknown_fields } = match parse(line) {
        Ok(parsed) => parsed,
        Err(message) => return Ok(Err(message)),
    };
    let inserted = loader.insert(&NewJob {
        // The line number, so that the message about a duplicate can name the line of the first one.
        position: number,
        profile: &profile,
        last_updated: details.last_updated,
        unknown_fields: unknown_fields.as_deref(),
        tasks: details.tasks.get(),
    })?;
    Ok(match inserted {
        Inserted::New => Ok(()),
        Inserted::DuplicateId { of } => Err(format!(
            "the external_id `{}` is already used by the job on line {of}",
            profile.external_id
        )),
        Inserted::OtherFamilyName { name, of } => Err(format!(
            "`job_family_name`: on line {of} the job family `{}` has the name {name:?}; use one name",
            profile.job_family_id.unwrap_or_default()
        )),
    })
}

struct Line<'a> {
    profile: JobProfile,
    details: Details<'a>,
    /// As a JSON object.
    unknown_fields: Option<String>,
}

/// Fields of a line that [`JobProfile`] does not have, or does not keep as they are written.
#[derive(Deserialize)]
struct Details<'a> {
    #[serde(borrow)]
    tasks: &'a RawValue,
    /// In microseconds since 1970.
    #[serde(default, deserialize_with = "timestamp")]
    last_updated: Option<i64>,
}

fn timestamp<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<i64>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let time = timestamp::parse(&text).filter(|time| timestamp::is_displayable(time.start));
    time.map(|time| Some(time.start)).ok_or_else(|| {
        let shown = shortened(&text);
        D::Error::custom(format!("it must be a date or a timestamp; it is {shown:?}"))
    })
}

/// Parses and checks a line. The error says what is wrong in the line.
fn parse(line: &[u8]) -> Result<Line<'_>, String> {
    if line.len() as u64 > MAX_LINE_LENGTH {
        return Err(format!("the line is longer than {} MiB", MAX_LINE_LENGTH / (1024 * 1024)));
    }
    let text = std::str::from_utf8(line).map_err(|_| "the line is not UTF-8".to_owned())?;
    // Some editors put a byte order mark at the beginning of a file.
    let text = text.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with('{') {
        return Err(format!("the line is not a JSON object; {ONE_JOB_PER_LINE}"));
    }
    let profile: JobProfile = deserialize(text)?;
    let details: Details<'_> = deserialize(text)?;
    // Unlike `deserialize`, this refuses text after the object.
    let object: &RawValue = serde_json::from_str(text).map_err(|error| reason(&error))?;
    let unknown_fields = fields::unknown_fields(object)?;
    check(&profile)?;
    Ok(Line { profile, details, unknown_fields })
}

fn deserialize<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    let deserializer = &mut serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(deserializer).map_err(|error| {
        let cause = error.inner();
        let (reason, column) = (reason(cause), cause.column());
        if cause.is_eof() {
            reason
        } else if !cause.is_data() {
            format!("the line is not JSON: {reason} (column {column})")
        } else if error.path().iter().next().is_some() {
            format!("`{}`: {reason} (column {column})", error.path())
        } else {
            format!("{reason} (column {column})")
        }
    })
}

/// The error in terms of JSON instead of Rust. The line number of `serde_json` is left out: it is always 1.
fn reason(error: &serde_json::Error) -> String {
    let reason = error.to_string();
    if error.is_eof() {
        return format!("the line ends inside the object; {ONE_JOB_PER_LINE}");
    }
    if reason.starts_with("trailing characters") {
        let column = error.column();
        return format!("there is text after the object, from column {column}; {ONE_JOB_PER_LINE}");
    }
    let reason = reason.split(" at line ").next().unwrap_or(&reason);
    let reason = match reason.split_once("expected struct ") {
        Some((before, _)) => format!("{before}expected an object"),
        None => reason.to_owned(),
    };
    reason
        .replace("invalid type: map", "invalid type: object")
        .replace("invalid type: sequence", "invalid type: array")
        .replace("expected a map", "expected an object")
        .replace("expected a sequence", "expected an array")
}

/// Checks the rules that the types do not express.
fn check(profile: &JobProfile) -> Result<(), String> {
    check_id("external_id", &profile.external_id)?;
    if let Some(family) = &profile.job_family_id {
        check_id("job_family_id", family)?;
    } else if profile.job_family_name.is_some() {
        return Err("`job_family_name` requires `job_family_id`".to_owned());
    }
    let mut ids = HashSet::new();
    for (index, task) in profile.tasks.iter().enumerate() {
        let id = &task.task_id;
        if id.is_empty() || id.chars().count() > 100 {
            return Err(format!("`tasks[{index}].task_id` must have 1 to 100 characters"));
        }
        if !ids.insert(id) {
            return Err(format!("`tasks[{index}].task_id`: the job has two tasks `{id}`"));
        }
        if task.validation_state.0.is_empty() {
            return Err(format!("`tasks[{index}].validation_state` must not be empty"));
        }
    }
    Ok(())
}

/// Checks an id by the API's rule for ids of customers.
fn check_id(key: &str, id: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=100).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(());
    }
    let shown = shortened(id);
    Err(format!("`{key}` must be 1 to 100 letters, digits, `_` and `-`; it is {shown:?}"))
}
