//! The work on one record.

use taskferry::sdk::{ErrorKind, Output, Record, StageError, Transform};

use crate::config::Unknown;
use crate::names::Names;

/// The transform, ready to work.
#[derive(Debug)]
pub(crate) struct Join {
    names: Names,
    unknown: Unknown,
}

impl Join {
    pub(crate) fn new(names: Names, unknown: Unknown) -> Self {
        Self { names, unknown }
    }
}

impl Transform for Join {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let mut value = record.value()?;
        let mut ids = ["job_external_id", "external_id"].into_iter();
        let id = ids.find_map(|key| Some((key, value.get(key)?.as_str()?.to_owned())));
        let (key_of_id, id) = id.ok_or_else(|| {
            StageError::new(
                ErrorKind::Record,
                "the record has neither `job_external_id` nor `external_id`",
            )
            .hint("put `join_job_names` before transforms that drop them")
        })?;
        let name = self.names.get(&id);
        if name.is_none() && self.unknown == Unknown::Fail {
            let message = format!("the file knows no job `{id}`");
            return Err(StageError::new(ErrorKind::Record, message)
                .hint("add it, or set `unknown = \"null\"`"));
        }
        let added = [
            ("job_name", name.map(|name| name.job_name.clone())),
            ("job_family", name.map(|name| name.job_family.clone())),
        ];
        if let Some(fields) = value.as_object_mut() {
            // What the record says of names already gives way.
            fields.retain(|key, _| added.iter().all(|(name, _)| key != name));
            let behind_id = fields.keys().position(|key| key == key_of_id).map_or(0, |at| at + 1);
            for (position, (key, text)) in added.into_iter().enumerate() {
                fields.shift_insert(behind_id + position, key.to_owned(), text.into());
            }
        }
        out.emit(value);
        Ok(())
    }
}
