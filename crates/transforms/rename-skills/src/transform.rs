//! The work: new names for skills.

use async_trait::async_trait;
use serde_json::Value;
use taskferry_core::{Emitter, ErrorKind, Record, StageError, Transform};
use taskferry_json::{Member, Reader, only, string};
use taskferry_profile::text::LinkedSkillsText;
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
    fn takes_any_order(&self) -> bool {
        true
    }

    async fn apply(&self, record: Record, out: &mut Emitter) -> Result<(), StageError> {
        match record.text().map(|text| self.by_text(text)).transpose()?.flatten() {
            Some(Renamed::Nothing) => out.emit(record),
            Some(Renamed::Text(text)) => out.emit(Record::from_text(text)),
            None => self.apply_to_tree(record, out)?,
        }
        Ok(())
    }
}

/// What became of a record's text.
enum Renamed {
    Nothing,
    Text(Vec<u8>),
}

impl Rename {
    /// Renames the skills of a record in its text; `None` if it takes the tree to find them.
    fn by_text(&self, text: &[u8]) -> Result<Option<Renamed>, StageError> {
        let Some(found) = LinkedSkillsText::of(text).filter(|found| !found.may_be_one_skill())
        else {
            return Ok(None);
        };
        let (mut out, mut copied) = (Vec::with_capacity(text.len() + text.len() / 8), 0);
        for place in found.lists() {
            let list = text.get(place.clone()).unwrap_or_default();
            let before = text.get(copied..place.start).unwrap_or_default();
            let begin = out.len();
            out.extend_from_slice(before);
            match self.rename_text(list, &mut out) {
                Some(true) => {}
                Some(false) => {
                    out.truncate(begin);
                    continue;
                }
                None => {
                    out.truncate(begin + before.len());
                    self.rename_in_tree(list, &mut out)?;
                }
            }
            copied = place.end;
        }
        if copied == 0 {
            return Ok(Some(Renamed::Nothing));
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        Ok(Some(Renamed::Text(out)))
    }

    /// Renames the skills of one list as a tree.
    fn rename_in_tree(&self, list: &[u8], out: &mut Vec<u8>) -> Result<(), StageError> {
        let malformed = |error| {
            StageError::new(ErrorKind::Malformed, "a list of skills is not JSON that can be read")
                .caused_by(error)
        };
        let mut skills: Vec<Value> = serde_json::from_slice(list).map_err(malformed)?;
        self.rename_list(&mut skills)?;
        serde_json::to_writer(out, &skills).map_err(malformed)
    }

    /// Writes one list with its skills renamed, and says whether any was; `None` if it takes a tree to do so, as for skills
    /// that become one.
    fn rename_text(&self, list: &[u8], out: &mut Vec<u8>) -> Option<bool> {
        if self.unmapped != Unmapped::Keep {
            return None;
        }
        let (mut changed, mut known) = (false, Vec::with_capacity(8));
        let (mut reader, mut members) = (Reader::new(list), Vec::with_capacity(4));
        reader.enter(b'[')?;
        out.push(b'[');
        while reader.more(b']')? {
            let begin = reader.position();
            members.clear();
            reader.members(&mut members)?;
            let skill = list.get(begin..reader.position())?;
            let (name, id) =
                (text_in(&members, "skill").ok()?, text_in(&members, "skill_id").ok()?);
            if !known.is_empty() {
                out.push(b',');
            }
            let identity = match (self.mapping.find(id, name), name) {
                (Some(entry), _) => {
                    changed = true;
                    write_renamed(out, &members, entry)?;
                    Identity::of(entry)
                }
                (None, name) => {
                    out.extend_from_slice(skill);
                    name.map_or(Identity::Unique, |name| Identity::Unchanged(name.into()))
                }
            };
            if known.iter().any(|other| identity.is_same(other)) {
                return None;
            }
            known.push(identity);
        }
        out.push(b']');
        Some(changed)
    }

    fn apply_to_tree(&self, mut record: Record, out: &mut Emitter) -> Result<(), StageError> {
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
    fn rename(&self, skill: &mut Object) -> Result<Option<Identity<'_>>, StageError> {
        if let Some(entry) = self.entry(skill) {
            skill.insert("skill".to_owned(), entry.skill.as_str().into());
            if let Some(id) = &entry.id {
                skill.insert("skill_id".to_owned(), id.as_str().into());
            }
            return Ok(Some(Identity::of(entry)));
        }
        match self.unmapped {
            Unmapped::Keep => {
                let name = text_of(skill, "skill");
                Ok(Some(
                    name.map_or(Identity::Unique, |name| {
                        Identity::Unchanged(name.to_owned().into())
                    }),
                ))
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

/// A skill with its other name, and its other id if there is one, where they stood before.
fn write_renamed(out: &mut Vec<u8>, skill: &[Member<'_>], entry: &Entry) -> Option<()> {
    let (name, id) = (("skill", Some(&entry.skill)), ("skill_id", entry.id.as_ref()));
    let mut to_come = [name, id];
    out.push(b'{');
    for (index, Member { key, value }) in skill.iter().enumerate() {
        put_key(out, key, index == 0);
        let new = to_come.iter_mut().find(|(name, _)| name.as_bytes() == *key);
        match new.and_then(|(_, new)| new.take()) {
            Some(new) => serde_json::to_writer(&mut *out, new).ok()?,
            None => out.extend_from_slice(value),
        }
    }
    for (name, new) in to_come {
        if let Some(new) = new {
            put_key(out, name.as_bytes(), false);
            serde_json::to_writer(&mut *out, new).ok()?;
        }
    }
    out.push(b'}');
    Some(())
}

fn put_key(out: &mut Vec<u8>, key: &[u8], first: bool) {
    out.extend_from_slice(if first { b"\"" } else { b",\"" });
    out.extend_from_slice(key);
    out.extend_from_slice(b"\":");
}

/// A text that takes a parser to be read, or that is there twice.
struct TakesATree;

/// The text that the member with this key holds, if there is one and it is a text.
fn text_in<'a>(skill: &[Member<'a>], key: &str) -> Result<Option<&'a str>, TakesATree> {
    match only(skill, key).ok_or(TakesATree)? {
        Some(value) if value.first() == Some(&b'"') => string(value).map(Some).ok_or(TakesATree),
        _ => Ok(None),
    }
}

fn text_of<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}
