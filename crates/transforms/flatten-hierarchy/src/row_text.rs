//! How a job becomes rows where its text only has to be cut and put together anew.

use std::ops::Range;

use bytes::Bytes;
use taskferry_json::{Member, members, only};
use taskferry_profile::text::JobText;
use taskferry_sdk::{Output, Record};

/// What a task that stands in a plain list gets from the hierarchy above it.
const NOTHING_ABOVE: &[u8] =
    br#","domain":null,"subdomain":null,"cluster":null,"canonical_task":null}"#;

/// Members of a task that stand for levels of a hierarchy, or hold them.
const ABOVE: [&[u8]; 5] = [b"domain", b"subdomain", b"cluster", b"canonical_task", b"hierarchy"];

/// The rows of one job, one after the other in one piece of memory.
pub(crate) struct Rows {
    text: Vec<u8>,
    places: Vec<Range<usize>>,
}

impl Rows {
    /// The rows of a job that stands in a plain list. `None` where a field would be called like another one, or is not copied as
    /// it stands.
    pub(crate) fn of(job: &JobText<'_>) -> Option<Self> {
        let beginning = beginning(job.fields())?;
        let more = beginning.len() + NOTHING_ABOVE.len() + 40;
        let size = job.tasks().map(|task| task.text().len() + more).sum();
        let (mut text, mut places) =
            (Vec::with_capacity(size), Vec::with_capacity(job.tasks().len()));
        for task in job.tasks() {
            let begin = text.len();
            text.extend_from_slice(&beginning);
            write_task(&mut text, task.members())?;
            text.extend_from_slice(NOTHING_ABOVE);
            places.push(begin..text.len());
        }
        Some(Self { text, places })
    }

    pub(crate) fn emit(self, out: &mut Output) {
        let text = Bytes::from(self.text);
        for place in self.places {
            if let Ok(record) = Record::parse(text.slice(place)) {
                out.emit(record);
            }
        }
    }
}

/// What all rows of a job begin with: `job_external_id`, then its other fields as `job_…`.
fn beginning(fields: &[Member<'_>]) -> Option<Vec<u8>> {
    let mut text = b"{\"job_external_id\":".to_vec();
    text.extend_from_slice(only(fields, "external_id")??);
    let mut keys = vec![b"job_external_id".to_vec()];
    for field in fields.iter().filter(|field| field.key != b"external_id") {
        let prefix: &[u8] = if field.key.starts_with(b"job_") { b"" } else { b"job_" };
        let key = [prefix, field.key].concat();
        if keys.contains(&key) {
            return None;
        }
        put(&mut text, &key, field.value);
        keys.push(key);
    }
    Some(text)
}

fn write_task(row: &mut Vec<u8>, task: &[Member<'_>]) -> Option<()> {
    for (index, Member { key, value }) in task.iter().enumerate() {
        let is_taken = task.get(..index)?.iter().any(|other| other.key == *key);
        // Such a key may be that of a field of the job, or of the impact.
        if is_taken
            || key.starts_with(b"job_")
            || key.starts_with(b"ai_impact_")
            || ABOVE.contains(key)
        {
            return None;
        }
        match (*key, value.first()) {
            (b"ai_impact", Some(b'{')) => put_impact(row, value)?,
            (b"ai_impact", Some(b'n')) => put_impact(row, b"{}")?,
            (b"ai_impact", _) => return None,
            _ => put(row, key, value),
        }
    }
    Some(())
}

fn put_impact(row: &mut Vec<u8>, impact: &[u8]) -> Option<()> {
    let members = members(impact)?;
    let (level, rationale) = (only(&members, "level")?, only(&members, "rationale")?);
    let known = usize::from(level.is_some()) + usize::from(rationale.is_some());
    if members.len() > known {
        return None;
    }
    put(row, b"ai_impact_level", level.unwrap_or(b"null"));
    put(row, b"ai_impact_rationale", rationale.unwrap_or(b"null"));
    Some(())
}

fn put(row: &mut Vec<u8>, key: &[u8], value: &[u8]) {
    row.extend_from_slice(b",\"");
    row.extend_from_slice(key);
    row.extend_from_slice(b"\":");
    row.extend_from_slice(value);
}
