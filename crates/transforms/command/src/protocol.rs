//! The lines that are sent to the program, and its answers.

use bytes::Bytes;
use serde::Serialize;
use taskferry_json::{Body, Kind, Node};
use taskferry_sdk::{Record, RunContext, shortened};

use crate::program::Program;

/// The version of the protocol.
const VERSION: u32 = 1;
/// The maximum number of characters of an invalid line that a message shows.
const MAX_SHOWN: usize = 80;

/// The first line for a program.
#[derive(Debug, Clone, Default, Serialize)]
pub(crate) struct Hello {
    protocol: u32,
    pipeline: String,
    run_id: String,
    started_at: String,
    dry_run: bool,
}

impl Hello {
    pub(crate) fn of(run: &RunContext) -> Self {
        Self {
            protocol: VERSION,
            pipeline: run.pipeline.clone(),
            run_id: run.run_id.clone(),
            started_at: run.started_at.to_string(),
            dry_run: run.dry_run,
        }
    }

    /// Appends the line to `out`.
    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        // Texts and numbers can be serialized, and writing to a vector can't fail.
        _ = serde_json::to_writer(&mut *out, self);
        out.push(b'\n');
    }
}

/// Checks the first line of a program.
pub(crate) fn check_greeting(line: &[u8], program: &Program) -> Result<(), String> {
    let version = Body::parse(line.to_vec())
        .ok()
        .and_then(|body| body.root().get("protocol")?.as_number().map(str::to_owned));
    match version {
        Some(version) if version == VERSION.to_string() => Ok(()),
        Some(version) => Err(format!(
            "the program uses version {} of the protocol, but taskferry supports version {VERSION}",
            shown(version.as_bytes(), program)
        )),
        None => {
            let wrote = shown(line, program);
            Err(format!("the program wrote `{wrote}` instead of its protocol version"))
        }
    }
}

/// Appends the line of a record to `out`.
pub(crate) fn write_request(id: u64, record: &Record, out: &mut Vec<u8>) {
    out.extend_from_slice(b"{\"id\":");
    out.extend_from_slice(id.to_string().as_bytes());
    out.extend_from_slice(b",\"record\":");
    out.extend_from_slice(record.as_bytes());
    out.extend_from_slice(b"}\n");
}

/// The answer to a record.
#[derive(Debug)]
pub(crate) enum Answer {
    Results(Vec<Record>),
    /// The reason may be empty.
    Drop(String),
    Error(String),
}

/// Reads an answer to the record `expected`.
///
/// # Errors
/// The end of a message that begins with "the program", for example "wrote …".
pub(crate) fn read_answer(
    line: &Bytes,
    expected: u64,
    program: &Program,
) -> Result<Answer, String> {
    let wrote = || format!("wrote `{}` instead of an answer", shown(line, program));
    let Ok(body) = Body::parse(line.clone()) else { return Err(wrote()) };
    let (mut id, mut answer) = (None, None);
    for (key, value) in body.root().members() {
        let key = key.as_str();
        let content = match &*key {
            "id" => {
                id = value.as_number().and_then(|number| number.parse::<u64>().ok());
                continue;
            }
            "results" => results(value)?,
            "drop" => Answer::Drop(text(&key, value)?),
            "error" => Answer::Error(text(&key, value)?),
            other => {
                let key = shown(other.as_bytes(), program);
                return Err(format!("wrote an answer with the unknown key `{key}`"));
            }
        };
        if answer.replace(content).is_some() {
            return Err(
                "wrote an answer with more than one of `results`, `drop` and `error`".into()
            );
        }
    }
    match id.zip(answer) {
        Some((id, answer)) if id == expected => Ok(answer),
        Some((id, _)) if id < expected => {
            Err(format!("answered record {id} twice, instead of record {expected}"))
        }
        Some((id, _)) => Err(format!("answered record {id} out of turn, before record {expected}")),
        None => Err(wrote()),
    }
}

fn results(value: Node<'_>) -> Result<Answer, String> {
    if value.kind() != Kind::Array {
        return Err("wrote an answer in which `results` is not an array".to_owned());
    }
    Ok(Answer::Results(value.items().map(Record::from_node).collect()))
}

fn text(key: &str, value: Node<'_>) -> Result<String, String> {
    if value.kind() != Kind::String {
        return Err(format!("wrote an answer in which `{key}` is not a string"));
    }
    // A string with half of a surrogate pair can't be decoded. Its JSON is used instead.
    let text = value.as_str().unwrap_or_else(|| String::from_utf8_lossy(value.raw()));
    Ok(text.into_owned())
}

/// The beginning of a text of the program. Secrets are masked first, because a part of a secret would not be recognized.
fn shown(text: &[u8], program: &Program) -> String {
    let text = program.without_secrets(&String::from_utf8_lossy(text));
    shortened(text.trim(), MAX_SHOWN).into_owned()
}
