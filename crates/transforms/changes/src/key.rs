//! The keys of records.

use taskferry_sdk::json::{Kind, Node};
use taskferry_sdk::{ErrorKind, PartsHash, StageError, Subject, shortened};

const ID: &str = "external_id";
const TASK_ID: &str = "task_id";

/// The fields that identify a record.
#[derive(Debug, Clone)]
pub(crate) struct KeyFields {
    /// As configured.
    pub(crate) fields: Option<Vec<String>>,
    pub(crate) subject: Subject,
}

impl KeyFields {
    /// The fields of the key of `record`.
    fn of<'k>(&'k self, record: Node<'_>) -> Vec<&'k str> {
        match &self.fields {
            Some(fields) => fields.iter().map(String::as_str).collect(),
            None if record.get(self.subject.id_field()).is_some() => {
                vec![self.subject.id_field(), TASK_ID]
            }
            None => vec![ID],
        }
    }

    /// The hash of the record's key. It is stored between runs, so it never changes.
    ///
    /// # Errors
    /// The record is not an object, or has no field of the key.
    pub(crate) fn hash(&self, record: Node<'_>) -> Result<u64, StageError> {
        let (fields, mut hash, mut is_empty) = (self.of(record), PartsHash::default(), true);
        for field in &fields {
            hash.add(field);
            match record.get(field).filter(|value| !value.is_null()) {
                None => hash.add("null"),
                Some(value) => {
                    is_empty = false;
                    match value.as_str() {
                        Some(text) => hash.add(format!("text {text}")),
                        None => hash.add(value.raw()),
                    }
                }
            }
        }
        if record.kind() != Kind::Object {
            return Err(StageError::new(ErrorKind::Record, "the record is not an object"));
        }
        if is_empty {
            let message =
                format!("the record has no key: `{}` is missing or null", fields.join("`, `"));
            let hint = "name the fields that identify a record in `key`";
            return Err(StageError::new(ErrorKind::Record, message).hint(hint));
        }
        Ok(hash.prefix())
    }

    /// The key for messages: "`task_id` = `t1`".
    pub(crate) fn text(&self, record: Node<'_>) -> String {
        let part = |field: &&str| {
            let value = record.get(field);
            let text = value.map(|value| match value.as_str() {
                Some(text) => text.into_owned(),
                None => String::from_utf8_lossy(value.raw()).into_owned(),
            });
            let text = text.unwrap_or_else(|| "null".to_owned());
            format!("`{field}` = `{}`", shortened(&text, 60))
        };
        self.of(record).iter().map(part).collect::<Vec<_>>().join(", ")
    }
}
