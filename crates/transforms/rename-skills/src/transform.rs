//! The work: new names for skills.

use async_trait::async_trait;
use serde_json::Value;
use taskferry_core::{Emitter, ErrorKind, Record, StageError, Transform};
use taskferry_profile::walk::{Object, Shape, shape, visit_linked_skills, visit_linked_skills_mut};

use crate::config::Unmapped;
use crate::mapping::{Entry, Mapping};
use crate::merge::{Identity, merge};

#[derive(Debug)]
pub(crate) struct Rename {
    pub(crate) vendor: String,
    pub(crate) mapping: Mapping,
    pub(crate) unmapped: Unmapped,
}

#[async_trait]
impl Transform for Rename {
    async fn apply(&self, mut record: Record, out: &mut Emitter) -> Result<(), StageError> {
        let value = record.value()?;
        let (in_lists, as_row) = (self.changes_lists(value), is_row_of_one_skill(value));
        if in_lists {
            visit_linked_skills_mut(record.value_mut()?, &mut |skills| self.rename_list(skills))?;
        }
        if as_row {
            let Value::Object(row) = record.value_mut()? else { return Ok(()) };
            if self.rename(row)?.is_none() {
                return Ok(());
            }
        }
        out.emit(record);
        Ok(())
    }
}

impl Rename {
    /// Whether any list holds a skill that does not stay as it is: a record without one keeps its text.
    fn changes_lists(&self, record: &Value) -> bool {
        let mut changes = false;
        visit_linked_skills(record, &mut |skills| {
            changes |= skills
                .iter()
                .filter_map(Value::as_object)
                .any(|skill| self.unmapped != Unmapped::Keep || self.entry(skill).is_some());
        });
        changes
    }

    fn rename_list(&self, skills: &mut Vec<Value>) -> Result<(), StageError> {
        let mut renamed = Vec::with_capacity(skills.len());
        for mut skill in std::mem::take(skills) {
            match &mut skill {
                Value::Object(members) => {
                    if let Some(identity) = self.rename(members)? {
                        renamed.push((identity, skill));
                    }
                }
                _ => renamed.push((Identity::Unique, skill)),
            }
        }
        *skills = merge(renamed);
        Ok(())
    }

    /// Renames one skill and says what it is now; `None` if it is to be left out.
    fn rename(&self, skill: &mut Object) -> Result<Option<Identity>, StageError> {
        if let Some(entry) = self.entry(skill) {
            skill.insert("skill".to_owned(), entry.skill.as_str().into());
            let Some(id) = &entry.id else {
                return Ok(Some(Identity::Name(entry.skill.clone())));
            };
            skill.insert("skill_id".to_owned(), id.as_str().into());
            return Ok(Some(Identity::Id(id.clone())));
        }
        match self.unmapped {
            Unmapped::Keep => {
                let name = text_of(skill, "skill");
                Ok(Some(name.map_or(Identity::Unique, |name| Identity::Unchanged(name.to_owned()))))
            }
            Unmapped::Drop => Ok(None),
            Unmapped::Null => {
                skill.insert("skill".to_owned(), Value::Null);
                if self.mapping.has_ids() {
                    skill.insert("skill_id".to_owned(), Value::Null);
                }
                Ok(Some(Identity::Unique))
            }
            Unmapped::Fail => Err(self.without_name(skill)),
        }
    }

    fn entry(&self, skill: &Object) -> Option<&Entry> {
        self.mapping.find(text_of(skill, "skill_id"), text_of(skill, "skill"))
    }

    fn without_name(&self, skill: &Object) -> StageError {
        let shown = |key| text_of(skill, key).unwrap_or_default();
        let message = format!(
            "the skill `{}` (id `{}`) has no {} name in the mapping",
            shown("skill"),
            shown("skill_id"),
            self.vendor
        );
        StageError::new(ErrorKind::Record, message).hint(
            "add it to the mapping, or choose `unmapped = \"keep\"`, `\"drop\"` or `\"null\"`",
        )
    }
}

/// Whether a record is a row that carries one skill, as `flatten_hierarchy` explodes them. A row whose task has
/// no skill is none.
fn is_row_of_one_skill(record: &Value) -> bool {
    record.as_object().is_some_and(|row| {
        !row.contains_key("linked_skills")
            && (text_of(row, "skill").is_some() || text_of(row, "skill_id").is_some())
            && shape(record) != Shape::Job
    })
}

fn text_of<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}
