//! The transform.

use std::borrow::Cow;

use taskferry_profile::{LINKED_SKILLS, Mismatch, is_job, visit_linked_skills};
use taskferry_sdk::json::{Edit, Kind, Node};
use taskferry_sdk::{Counters, ErrorKind, Output, Record, StageError, Transform};

use crate::config::Unmapped;
use crate::mapping::Mapping;
use crate::merge::{Identity, Merge};
use crate::tally::Tally;

#[derive(Debug)]
pub(crate) struct Rename {
    pub(crate) vendor: String,
    pub(crate) mapping: Mapping,
    pub(crate) unmapped: Unmapped,
}

impl Transform for Rename {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let (root, mut edit) = (record.root()?, record.edit()?);
        check_record(root).map_err(|found| refused(&found))?;
        let (mut tally, mut merge) = (Tally::new(out), Merge::default());
        visit_linked_skills(root, &mut |skills| {
            merge.clear();
            skills.items().try_for_each(|skill| {
                match self.rename(skill, &mut edit, &mut tally)? {
                    Some(identity) => {
                        if merge.add(skill, identity, &mut edit) {
                            tally.merged += 1;
                            tally.out.explain("mapping", || {
                                let name = text_of(skill, "skill").unwrap_or_default();
                                format!("merges the skill `{name}` with another skill of the same name or id")
                            });
                        }
                    }
                    None => _ = edit.remove(skill),
                }
                Ok::<(), StageError>(())
            })
        })?;
        let stays =
            !is_row_of_one_skill(root) || self.rename(root, &mut edit, &mut tally)?.is_some();
        tally.count();
        if stays {
            out.emit(edit.finish_if_changed().map_or(record, Record::from));
        }
        Ok(())
    }

    fn warnings(&self, records_in: u64, totals: &Counters) -> Vec<String> {
        self.mapping.warning(records_in, totals).into_iter().collect()
    }
}

impl Rename {
    /// Renames one skill and returns its new identity. `None` drops the skill.
    fn rename<'a>(
        &'a self,
        skill: Node<'a>,
        edit: &mut Edit<'a>,
        tally: &mut Tally<'_>,
    ) -> Result<Option<Identity<'a>>, StageError> {
        let (name, id) = (text_of(skill, "skill"), text_of(skill, "skill_id"));
        if let Some(entry) = self.mapping.find(id.as_deref(), name.as_deref()) {
            tally.renamed += 1;
            tally.out.explain("mapping", || {
                let skill = name.as_deref().or(id.as_deref()).unwrap_or_default();
                format!("renames the skill `{skill}` to `{}`", entry.skill)
            });
            edit.set(skill, "skill", &entry.skill);
            if let Some(id) = &entry.id {
                edit.set(skill, "skill_id", id);
            }
            return Ok(Some(Identity::of(entry)));
        }
        if let Some(unknown) = name.as_deref().or(id.as_deref()) {
            tally.unknown(unknown);
        }
        tally.out.explain("unmapped", || {
            let skill = name.as_deref().or(id.as_deref()).unwrap_or_default();
            let action = match self.unmapped {
                Unmapped::Keep => "keeps",
                Unmapped::Drop => "drops",
                Unmapped::Null => "sets to null",
                Unmapped::Fail => "refuses the record because of",
            };
            format!("{action} the skill `{skill}`, which is not in the mapping")
        });
        match self.unmapped {
            Unmapped::Keep => Ok(Some(name.map_or(Identity::Unique, Identity::Unchanged))),
            Unmapped::Drop => {
                tally.dropped += 1;
                Ok(None)
            }
            Unmapped::Null => {
                edit.set(skill, "skill", ());
                if self.mapping.has_ids() {
                    edit.set(skill, "skill_id", ());
                }
                Ok(Some(Identity::Unique))
            }
            Unmapped::Fail => Err(self.without_name(name.as_deref(), id.as_deref())),
        }
    }

    fn without_name(&self, name: Option<&str>, id: Option<&str>) -> StageError {
        let (name, id, vendor) = (name.unwrap_or_default(), id.unwrap_or_default(), &self.vendor);
        let message = format!("the skill `{name}` (id `{id}`) has no {vendor} name in the mapping");
        StageError::new(ErrorKind::Record, message)
            .hint("add it to the mapping, or set `unmapped = \"keep\"`, `\"drop\"` or `\"null\"`")
    }
}

/// Refuses a record with skills of an unexpected form, which could not be renamed.
fn check_record(record: Node<'_>) -> Result<(), Mismatch> {
    let is_misplaced =
        |tasks: &Node<'_>| matches!(tasks.kind(), Kind::Bool | Kind::Number | Kind::String);
    if let Some(tasks) = record.get("tasks").filter(is_misplaced)
        && is_job(record)
    {
        return Err(Mismatch::new("tasks", tasks, "a list of tasks"));
    }
    visit_linked_skills(record, &mut |skills| match skills.kind() {
        Kind::Null | Kind::Array => skills.items().enumerate().try_for_each(check_skill),
        _ => Err(Mismatch::new(LINKED_SKILLS, skills, "a list of skills")),
    })
}

fn check_skill((index, skill): (usize, Node<'_>)) -> Result<(), Mismatch> {
    let path = || format!("{LINKED_SKILLS}[{index}]");
    if skill.kind() != Kind::Object {
        return Err(Mismatch::new(path(), skill, "an object with `skill` or `skill_id`"));
    }
    match skill.get("skill") {
        Some(name) if !matches!(name.kind(), Kind::Null | Kind::String) => {
            Err(Mismatch::new(path() + ".skill", name, "a name"))
        }
        _ => Ok(()),
    }
}

/// Whether a record is a row of one skill, which `flatten_hierarchy` with `explode` emits.
fn is_row_of_one_skill(record: Node<'_>) -> bool {
    record.get(LINKED_SKILLS).is_none()
        && (text_of(record, "skill").is_some() || text_of(record, "skill_id").is_some())
        && !is_job(record)
}

fn text_of<'a>(object: Node<'a>, key: &str) -> Option<Cow<'a, str>> {
    object.get(key)?.as_str()
}

fn refused(found: &Mismatch) -> StageError {
    StageError::new(ErrorKind::Record, found.to_string()).hint(found.hint("rename_skills"))
}
