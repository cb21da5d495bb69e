//! Writes profiles as records of the API, in both formats.

mod hierarchy;
pub(crate) mod keys;
mod shape;
mod skills;
mod tasks;

use serde::ser::SerializeMap;
use serde::{Serialize, Serializer};

pub(crate) use self::shape::{Expansion, ResponseFormat, Shape, Subject};
use self::tasks::{ShownTask, shown_tasks};
use crate::raw_object::{RawField, RawObject};
use crate::store::{StoredPage, StoredProfile};

/// The body of the response with a page.
pub(crate) fn write_page(page: &StoredPage, shape: &Shape) -> serde_json::Result<Vec<u8>> {
    let records = page
        .profiles
        .iter()
        .map(|profile| Record::new(profile, shape))
        .collect::<serde_json::Result<_>>()?;
    let last = page.profiles.last().filter(|_| page.has_next);
    serde_json::to_vec(&Page {
        has_next: page.has_next,
        records,
        next_starting_after: last.map(|profile| profile.external_id.as_str()),
    })
}

/// The body of the response with one profile: the record alone.
pub(crate) fn write_record(profile: &StoredProfile, shape: &Shape) -> serde_json::Result<Vec<u8>> {
    serde_json::to_vec(&Record::new(profile, shape)?)
}

#[derive(Serialize)]
struct Page<'a> {
    has_next: bool,
    records: Vec<Record<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    next_starting_after: Option<&'a str>,
}

struct Record<'a> {
    external_id: &'a str,
    tasks: Vec<ShownTask<'a>>,
    unknown_fields: Vec<RawField<'a>>,
    shape: &'a Shape,
}

impl<'a> Record<'a> {
    fn new(profile: &'a StoredProfile, shape: &'a Shape) -> serde_json::Result<Self> {
        let tasks = shown_tasks(profile, shape)?;
        let unknown_fields = match &profile.unknown_fields {
            Some(object) => serde_json::from_str::<RawObject<'_>>(object)?.0,
            None => Vec::new(),
        };
        Ok(Self { external_id: &profile.external_id, tasks, unknown_fields, shape })
    }
}

impl Serialize for Record<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut record = serializer.serialize_map(None)?;
        record.serialize_entry("external_id", self.external_id)?;
        match self.shape.format {
            ResponseFormat::List => record.serialize_entry("tasks", &self.tasks)?,
            ResponseFormat::Hierarchy => {
                hierarchy::write(&mut record, &self.tasks, &self.shape.settings)?;
            }
        }
        for (name, value) in &self.unknown_fields {
            record.serialize_entry(name, value)?;
        }
        record.end()
    }
}
