//! Reading dataset files, line by line.

pub(crate) mod fields;

use std::collections::HashSet;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
#[cfg(unix)]
use std::os::unix::fs::FileTypeExt;
use std::path::Path;

use flate2::bufread::MultiGzDecoder;
use serde::de::Error;
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use taskferry_profile::model::JobProfile;

use crate::quote::shortened;
use crate::store::{Inserted, Loading, NewJob};
use crate::{SandboxError, moment};

/// The longest line that is read, in bytes: far more than any job needs. A page of 100 such jobs can still be written.
const LONGEST_LINE: u64 = 1024 * 1024;

/// What those have to be told whose jobs stand in an array, or stretch over lines.
const ONE_A_LINE: &str = "a dataset has one job a line";

/// Stores all jobs of the file.
pub(crate) fn load(path: &Path, loading: &mut Loading) -> Result<(), SandboxError> {
    let mut lines =
        open(path).map_err(|source| SandboxError::Open { path: path.to_owned(), source })?;
    let mut text = Vec::new();
    let mut is_empty = true;
    for line in 1.. {
        text.clear();
        let read = (&mut lines)
            .take(LONGEST_LINE + 1)
            .read_until(b'\n', &mut text)
            .map_err(|source| SandboxError::Read { path: path.to_owned(), line, source })?;
        if read == 0 {
            break;
        }
        if !text.trim_ascii().is_empty() {
            let stored = store_line(&text, line, loading)?;
            stored.map_err(|message| SandboxError::Dataset {
                path: path.to_owned(),
                line,
                message,
            })?;
            is_empty = false;
        }
    }
    if is_empty {
        tracing::warn!("the dataset `{}` is empty: there are no jobs to serve", path.display());
    }
    Ok(())
}

/// Opens a file that may be compressed with gzip, whatever its name is.
fn open(path: &Path) -> io::Result<Box<dyn BufRead>> {
    // The system lets whoever opens it wait until somebody writes.
    #[cfg(unix)]
    if std::fs::metadata(path)?.file_type().is_fifo() {
        tracing::info!(
            "the dataset `{}` is a pipe: waiting for what is written to it",
            path.display()
        );
    }
    let mut file = BufReader::new(File::open(path)?);
    if file.fill_buf()?.starts_with(&[0x1f, 0x8b]) {
        return Ok(Box::new(BufReader::new(MultiGzDecoder::new(file))));
    }
    Ok(Box::new(file))
}

/// Stores the job of one line. The inner error says what is wrong with the line.
fn store_line(
    line: &[u8],
    number: u64,
    loading: &mut Loading,
) -> Result<Result<(), String>, SandboxError> {
    let Line { profile, more, unknown } = match parse(line) {
        Ok(parsed) => parsed,
        Err(message) => return Ok(Err(message)),
    };
    let inserted = loading.insert(&NewJob {
        // Counting by lines lets the message about a duplicate say where the first one stands.
        position: number,
        external_id: &profile.external_id,
        name: profile.job_name.as_deref(),
        family_id: profile.job_family_id.as_deref(),
        family_name: profile.job_family_name.as_deref(),
        last_updated: more.last_updated.map(|time| time.0),
        more: unknown.as_deref(),
        tasks: more.tasks.get(),
    })?;
    Ok(match inserted {
        Inserted::New => Ok(()),
        Inserted::Duplicate { of } => Err(format!(
            "external_id `{}` is that of the job on line {of} already",
            profile.external_id
        )),
        Inserted::OtherName { name, of } => Err(format!(
            "`job_family_name`: line {of} calls the family `{}` {name:?}",
            profile.job_family_id.unwrap_or_default()
        )),
    })
}

/// What a line says.
struct Line<'a> {
    profile: JobProfile,
    more: More<'a>,
    /// Fields that nobody knows, as an object.
    unknown: Option<String>,
}

/// What a line holds besides the job's known fields, and the tasks as they are written.
#[derive(Deserialize)]
struct More<'a> {
    #[serde(borrow)]
    tasks: &'a RawValue,
    /// When the job was last updated. Without it: when it was loaded.
    #[serde(default, deserialize_with = "moment")]
    last_updated: Option<Moment>,
}

/// In microseconds since 1970.
struct Moment(i64);

fn moment<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Moment>, D::Error> {
    let Some(text) = Option::<String>::deserialize(deserializer)? else { return Ok(None) };
    let time = moment::parse(&text).filter(|time| moment::can_be_shown(time.start));
    time.map(|time| Some(Moment(time.start))).ok_or_else(|| {
        let shown = shortened(&text);
        D::Error::custom(format!("it must be a date or a timestamp; it is {shown:?}"))
    })
}

/// What a line says, or what is wrong with it.
fn parse(line: &[u8]) -> Result<Line<'_>, String> {
    if line.len() as u64 > LONGEST_LINE {
        return Err(format!("it is longer than {} MiB", LONGEST_LINE / (1024 * 1024)));
    }
    let text = std::str::from_utf8(line).map_err(|_| "it is not UTF-8".to_owned())?;
    // Some editors put a byte order mark at the beginning of a file.
    let text = text.trim_start_matches('\u{feff}');
    if !text.trim_start().starts_with('{') {
        return Err(format!("it is no JSON object; {ONE_A_LINE}"));
    }
    let profile: JobProfile = read(text)?;
    let more: More<'_> = read(text)?;
    // The path-aware reader stops after the job; this one refuses what may follow it.
    let whole: &RawValue = serde_json::from_str(text).map_err(|error| in_words(&error))?;
    let unknown = fields::unknown_fields(whole)?;
    check(&profile)?;
    Ok(Line { profile, more, unknown })
}

fn read<'a, T: Deserialize<'a>>(text: &'a str) -> Result<T, String> {
    let deserializer = &mut serde_json::Deserializer::from_str(text);
    serde_path_to_error::deserialize(deserializer).map_err(|error| describe(&error))
}

fn describe(error: &serde_path_to_error::Error<serde_json::Error>) -> String {
    let cause = error.inner();
    let (reason, column) = (in_words(cause), cause.column());
    if cause.is_eof() {
        return reason;
    }
    if cause.is_data() && error.path().iter().next().is_some() {
        return format!("`{}`: {reason} (column {column})", error.path());
    }
    if cause.is_data() {
        return format!("{reason} (column {column})");
    }
    format!("it is not JSON: {reason} (column {column})")
}

/// The reason in JSON's words instead of Rust's. Every line is parsed on its own, so the line that `serde_json` counts
/// says nothing.
fn in_words(error: &serde_json::Error) -> String {
    let reason = error.to_string();
    if error.is_eof() {
        return format!("the line ends before the object does; {ONE_A_LINE}");
    }
    if reason.starts_with("trailing characters") {
        let column = error.column();
        return format!("something follows the object, from column {column} on; {ONE_A_LINE}");
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

/// The rules that types don't express.
fn check(profile: &JobProfile) -> Result<(), String> {
    check_id("external_id", &profile.external_id)?;
    if let Some(family) = &profile.job_family_id {
        check_id("job_family_id", family)?;
    }
    if profile.job_family_name.is_some() && profile.job_family_id.is_none() {
        return Err(
            "`job_family_name`: there is no `job_family_id` that it is the name of".to_owned()
        );
    }
    let mut seen = HashSet::new();
    for (index, task) in profile.tasks.iter().enumerate() {
        if task.task_id.is_empty() || task.task_id.chars().count() > 100 {
            return Err(format!("`tasks[{index}].task_id` must have 1 to 100 characters"));
        }
        if !seen.insert(&task.task_id) {
            return Err(format!(
                "`tasks[{index}].task_id`: the job has two tasks `{}`",
                task.task_id
            ));
        }
        if task.validation_state.0.is_empty() {
            return Err(format!("`tasks[{index}].validation_state` must not be empty"));
        }
    }
    Ok(())
}

/// TechWolf's rule for the ids that customers choose.
fn check_id(key: &str, id: &str) -> Result<(), String> {
    let allowed = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-';
    if (1..=100).contains(&id.len()) && id.bytes().all(allowed) {
        return Ok(());
    }
    let shown = shortened(id);
    Err(format!("`{key}` must be 1 to 100 letters, digits, `_` and `-`; it is {shown:?}"))
}
