//! The fields of a dataset's lines. A field whose name resembles a known one is refused as a typing error. Other unknown
//! fields are kept, because the API may add some.

use std::borrow::Cow;
use std::collections::HashSet;
use std::fmt;

use serde::de::{MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;
use taskferry_sdk::nearest;

use crate::record::keys::{HIERARCHY_KEYS, NODE_KEYS};

struct Fields {
    known: &'static [(&'static str, Content)],
    /// Whether unknown fields are kept.
    open: bool,
}

enum Content {
    /// A value without fields.
    Value,
    Object(&'static Fields),
    Array(&'static Fields),
}

use Content::{Array, Object, Value};

static JOB: Fields = Fields {
    known: &[
        ("external_id", Value),
        ("job_name", Value),
        ("job_family_id", Value),
        ("job_family_name", Value),
        ("last_updated", Value),
        ("tasks", Array(&TASK)),
    ],
    open: true,
};

static TASK: Fields = Fields {
    known: &[
        ("task_id", Value),
        ("task", Value),
        ("validation_state", Value),
        ("weekly_hours", Value),
        ("ai_impact", Object(&AI_IMPACT)),
        ("linked_skills", Array(&SKILL)),
        ("source_data", Array(&SOURCE)),
        ("hierarchy", Object(&HIERARCHY)),
    ],
    open: true,
};

static AI_IMPACT: Fields = Fields { known: &[("level", Value), ("rationale", Value)], open: true };
static SKILL: Fields = Fields { known: &[("skill_id", Value), ("skill", Value)], open: true };
static SOURCE: Fields = Fields { known: &[("external_id", Value)], open: true };

/// The API does not have this object, and can't add fields to it.
static HIERARCHY: Fields = Fields {
    known: &[
        ("domain", Value),
        ("subdomain", Value),
        ("cluster", Value),
        ("canonical_task", Value),
    ],
    open: false,
};

impl Fields {
    fn find(&self, name: &str) -> Option<&Content> {
        self.known.iter().find(|(known, _)| *known == name).map(|(_, content)| content)
    }
}

/// Whether a task has a known field of this name.
pub(crate) fn is_of_task(name: &str) -> bool {
    TASK.find(name).is_some()
}

/// The unknown fields of a job as a JSON object, or `None` if it has none.
///
/// # Errors
/// The name of a field anywhere in the job is likely a typing error.
pub(super) fn unknown_fields(job: &RawValue) -> Result<Option<String>, String> {
    let mut unknown = Vec::new();
    for (name, value) in check(job, &JOB, "")? {
        if JOB.find(&name).is_some() {
            continue;
        }
        if [HIERARCHY_KEYS[0].0, NODE_KEYS[0]].contains(&&*name) {
            return Err(format!(
                "`{name}` is a key of hierarchy records; in a dataset, write all tasks in `tasks`"
            ));
        }
        unknown.push(format!("{}:{}", serde_json::Value::from(&*name), value.get()));
    }
    Ok((!unknown.is_empty()).then(|| format!("{{{}}}", unknown.join(","))))
}

/// A field of an object: its name, and its value as text.
type RawField<'a> = (Cow<'a, str>, &'a RawValue);

/// The fields of an object in their order, duplicates included.
struct RawObject<'a>(Vec<RawField<'a>>);

/// A name, borrowed unless it contains escapes. Serde never borrows a plain `Cow`.
#[derive(Deserialize)]
struct Name<'a>(#[serde(borrow)] Cow<'a, str>);

impl<'de: 'a, 'a> Deserialize<'de> for RawObject<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct FieldVisitor;

        impl<'de> Visitor<'de> for FieldVisitor {
            type Value = Vec<RawField<'de>>;

            fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                formatter.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Self::Value, A::Error> {
                let mut fields = Vec::new();
                while let Some(Name(name)) = map.next_key()? {
                    fields.push((name, map.next_value()?));
                }
                Ok(fields)
            }
        }

        deserializer.deserialize_map(FieldVisitor).map(Self)
    }
}

fn check<'a>(
    object: &'a RawValue,
    fields: &Fields,
    path: &str,
) -> Result<Vec<RawField<'a>>, String> {
    let Ok(RawObject(found)) = serde_json::from_str(object.get()) else {
        return Err(format!("`{path}` must be an object"));
    };
    let mut seen = HashSet::new();
    for (name, value) in &found {
        let path = if path.is_empty() { name.to_string() } else { format!("{path}.{name}") };
        if !seen.insert(name) {
            return Err(format!("`{path}` is given twice"));
        }
        match fields.find(name) {
            Some(Value) => {}
            Some(_) if value.get() == "null" => {}
            Some(Object(fields)) => {
                check(value, fields, &path)?;
            }
            Some(Array(fields)) => {
                let elements: Vec<&RawValue> = serde_json::from_str(value.get())
                    .map_err(|_| format!("`{path}` must be an array"))?;
                for (index, element) in elements.into_iter().enumerate() {
                    check(element, fields, &format!("{path}[{index}]"))?;
                }
            }
            None => match nearest(name, fields.known.iter().map(|(known, _)| *known)) {
                Some(near) => {
                    return Err(format!("unknown field `{path}`; did you mean `{near}`?"));
                }
                None if fields.open => {}
                None => return Err(format!("unknown field `{path}`")),
            },
        }
    }
    Ok(found)
}
