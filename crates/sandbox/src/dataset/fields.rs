//! The fields of a dataset's lines. One that is much like a known field is a slip, and is refused; any other that is not
//! known is kept, because the API grows.

use std::collections::HashSet;

use serde_json::value::RawValue;
use taskferry_sdk::nearest;

use crate::members::Members;
use crate::record::keys::{HIERARCHY_KEYS, NODE_KEYS};

/// What an object may hold.
struct Fields {
    known: &'static [(&'static str, Holds)],
    /// Whether others may stand there as well.
    open: bool,
}

/// What stands in a field.
enum Holds {
    /// Something without fields.
    Value,
    Object(&'static Fields),
    Array(&'static Fields),
}

use Holds::{Array, Object, Value};

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

/// These names are ours: the API sends none, so no other can come from it.
static HIERARCHY: Fields = Fields {
    known: &[
        ("domain", Value),
        ("subdomain", Value),
        ("cluster", Value),
        ("canonical_task", Value),
    ],
    open: false,
};

/// The names of a task's fields.
pub(crate) fn is_of_task(name: &str) -> bool {
    TASK.known.iter().any(|(known, _)| *known == name)
}

/// The fields of a job that are not known, as an object; none if there are none.
///
/// # Errors
/// A field, anywhere in the job, that is likely to be a slip.
pub(super) fn unknown_fields(job: &RawValue) -> Result<Option<String>, String> {
    let members = check(job, &JOB, "")?;
    let unknown = members
        .into_iter()
        .filter(|(name, _)| JOB.known.iter().all(|(known, _)| known != name))
        .map(|(name, value)| {
            if [HIERARCHY_KEYS[0].0, NODE_KEYS[0]].contains(&name.as_ref()) {
                return Err(format!("`{name}` is what hierarchy records are made of: the tasks of a dataset stand in `tasks`"));
            }
            Ok(format!("{}:{}", serde_json::Value::from(name.as_ref()), value.get()))
        })
        .collect::<Result<Vec<_>, String>>()?;
    Ok((!unknown.is_empty()).then(|| format!("{{{}}}", unknown.join(","))))
}

type Found<'a> = Vec<(std::borrow::Cow<'a, str>, &'a RawValue)>;

/// The members of an object that has no slips in it.
fn check<'a>(object: &'a RawValue, fields: &Fields, path: &str) -> Result<Found<'a>, String> {
    let at = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
    let Ok(Members(members)) = serde_json::from_str(object.get()) else {
        return Err(format!("`{path}`: it must be an object"));
    };
    let mut seen = HashSet::new();
    for (name, value) in &members {
        let at = at(name);
        if !seen.insert(name) {
            return Err(format!("`{at}`: it stands here twice"));
        }
        match fields.known.iter().find(|(known, _)| known == name) {
            Some((_, Value)) => {}
            Some(_) if value.get() == "null" => {}
            Some((_, Object(fields))) => {
                check(value, fields, &at)?;
            }
            Some((_, Array(fields))) => {
                let elements: Vec<&RawValue> = serde_json::from_str(value.get())
                    .map_err(|_| format!("`{at}`: it must be an array"))?;
                for (index, element) in elements.into_iter().enumerate() {
                    check(element, fields, &format!("{at}[{index}]"))?;
                }
            }
            None => {
                let near = nearest(name, fields.known.iter().map(|(known, _)| *known));
                match near {
                    Some(near) => {
                        return Err(format!(
                            "`{at}`: there is no such field; did you mean `{near}`?"
                        ));
                    }
                    None if fields.open => {}
                    None => return Err(format!("`{at}`: there is no such field")),
                }
            }
        }
    }
    Ok(members)
}
