//! The work: new names for skills.

use std::borrow::Cow;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use serde_json::Value;
use taskferry_json::{Member, Reader, only, string};
use taskferry_profile::text::LinkedSkillsText;
use taskferry_profile::walk::{
    Misplaced, Object, Shape, shape, visit_linked_skills, visit_linked_skills_mut,
};
use taskferry_sdk::{Counters, ErrorKind, Output, Record, StageError, Transform};

use crate::config::Unmapped;
use crate::mapping::{Entry, Mapping};
use crate::merge::{Identity, merge};
use crate::tally::Tally;

const LINKED_SKILLS: &str = "linked_skills";

#[derive(Debug)]
pub(crate) struct Rename {
    pub(crate) vendor: String,
    pub(crate) mapping: Mapping,
    pub(crate) unmapped: Unmapped,
}

impl Transform for Rename {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        match self.by_text(record.as_bytes()) {
            Some((renamed, tally)) => {
                tally.count(out);
                out.emit(match renamed {
                    Renamed::Nothing => record,
                    Renamed::Text(text) => Record::parse(text)?,
                });
            }
            None => self.apply_to_tree(record, out)?,
        }
        Ok(())
    }

    fn warnings(&self, records_in: u64, totals: &Counters) -> Vec<String> {
        self.mapping.warning(records_in, totals).into_iter().collect()
    }
}

/// What became of a record's text.
enum Renamed {
    Nothing,
    Text(Vec<u8>),
}

impl Rename {
    /// Renames the skills of a record in its text; `None` if it takes the tree to find them, or to say what is wrong.
    fn by_text<'a>(&self, text: &'a [u8]) -> Option<(Renamed, Tally<'a>)> {
        let found = LinkedSkillsText::of(text).filter(|found| !found.may_be_one_skill())?;
        if may_misplace_tasks(text) {
            return None;
        }
        let (mut out, mut copied) = (Vec::with_capacity(text.len() + text.len() / 8), 0);
        let mut tally = Tally::default();
        for place in found.lists() {
            let list = text.get(place.clone()).unwrap_or_default();
            let before = text.get(copied..place.start).unwrap_or_default();
            let (begin, counted) = (out.len(), tally.mark());
            out.extend_from_slice(before);
            match self.rename_text(list, &mut out, &mut tally) {
                Some(true) => {}
                Some(false) => {
                    out.truncate(begin);
                    continue;
                }
                None => {
                    out.truncate(begin + before.len());
                    tally.back_to(counted);
                    self.rename_in_tree(list, &mut out, &mut tally).ok()?;
                }
            }
            copied = place.end;
        }
        if copied == 0 {
            return Some((Renamed::Nothing, tally));
        }
        out.extend_from_slice(text.get(copied..).unwrap_or_default());
        Some((Renamed::Text(out), tally))
    }

    /// Renames the skills of one list as a tree.
    fn rename_in_tree(
        &self,
        list: &[u8],
        out: &mut Vec<u8>,
        tally: &mut Tally<'_>,
    ) -> Result<(), StageError> {
        let malformed = |error| {
            StageError::new(ErrorKind::Malformed, "a list of skills is not JSON that can be read")
                .caused_by(error)
        };
        let mut skills: Vec<Value> = serde_json::from_slice(list).map_err(malformed)?;
        check_skills(&skills)?;
        self.rename_list(&mut skills, tally)?;
        serde_json::to_writer(out, &skills).map_err(malformed)
    }

    /// Writes one list with its skills renamed, and says whether any was; `None` if it takes a tree to do so, as for skills
    /// that become one.
    fn rename_text<'a>(
        &self,
        list: &'a [u8],
        out: &mut Vec<u8>,
        tally: &mut Tally<'a>,
    ) -> Option<bool> {
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
                    tally.renamed += 1;
                    write_renamed(out, &members, entry)?;
                    Identity::of(entry)
                }
                (None, name) => {
                    tally.unknown.extend(name.or(id).map(Cow::Borrowed));
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

    fn apply_to_tree(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let mut tree = record.value()?;
        let value = &tree;
        check_record(value)?;
        let (in_lists, as_row) = (self.changes_lists(value), is_row_of_one_skill(value));
        let mut tally = Tally::default();
        if in_lists {
            visit_linked_skills_mut(&mut tree, &mut |skills| self.rename_list(skills, &mut tally))?;
        } else {
            tally.note_all_unknown(value);
        }
        let mut stays = true;
        if as_row && let Value::Object(row) = &mut tree {
            stays = self.rename(row, &mut tally)?.is_some();
        }
        tally.count(out);
        if stays && !in_lists && !as_row {
            out.emit(record);
        } else if stays {
            out.emit(tree);
        }
        Ok(())
    }

    /// Whether any list holds a skill that does not stay as it is: a record without one keeps its text.
    fn changes_lists(&self, record: &Value) -> bool {
        let changes = |skill: &Value| {
            let skill = skill.as_object();
            skill
                .is_some_and(|skill| self.unmapped != Unmapped::Keep || self.entry(skill).is_some())
        };
        let visit = &mut |skills: &Value| match skills.as_array() {
            Some(skills) if skills.iter().any(changes) => Err(()),
            _ => Ok(()),
        };
        visit_linked_skills(record, visit).is_err()
    }

    fn rename_list(
        &self,
        skills: &mut Vec<Value>,
        tally: &mut Tally<'_>,
    ) -> Result<(), StageError> {
        let mut renamed = Vec::with_capacity(skills.len());
        for mut skill in std::mem::take(skills) {
            if let Value::Object(members) = &mut skill
                && let Some(identity) = self.rename(members, tally)?
            {
                renamed.push((identity, skill));
            }
        }
        *skills = merge(renamed);
        Ok(())
    }

    /// Renames one skill and says what it is now; `None` if it is to be left out.
    fn rename(
        &self,
        skill: &mut Object,
        tally: &mut Tally<'_>,
    ) -> Result<Option<Identity<'_>>, StageError> {
        if let Some(entry) = self.entry(skill) {
            tally.renamed += 1;
            skill.insert("skill".to_owned(), entry.skill.as_str().into());
            if let Some(id) = &entry.id {
                skill.insert("skill_id".to_owned(), id.as_str().into());
            }
            return Ok(Some(Identity::of(entry)));
        }
        tally.note_unknown(skill);
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

/// Refuses a record whose skills can't be read: they would keep names that nobody has looked at.
fn check_record(record: &Value) -> Result<(), StageError> {
    if shape(record) == Shape::Job
        && let Some(tasks) = record.get("tasks").filter(|tasks| is_misplaced(tasks))
    {
        return Err(misplaced(&Misplaced::new("tasks", tasks, "a list of tasks")));
    }
    visit_linked_skills(record, &mut |skills| match skills {
        Value::Null => Ok(()),
        Value::Array(skills) => check_skills(skills),
        other => Err(misplaced(&Misplaced::new(LINKED_SKILLS, other, "a list of skills"))),
    })
}

fn is_misplaced(tasks: &Value) -> bool {
    matches!(tasks, Value::Bool(_) | Value::Number(_) | Value::String(_))
}

fn check_skills(skills: &[Value]) -> Result<(), StageError> {
    skills.iter().enumerate().try_for_each(|(index, skill)| {
        let place = format!("{LINKED_SKILLS}[{index}]");
        let found = match skill {
            Value::Object(members) => match members.get("skill") {
                None | Some(Value::Null | Value::String(_)) => return Ok(()),
                Some(name) => Misplaced::new(format!("{place}.skill"), name, "a name"),
            },
            other => Misplaced::new(place, other, "an object with `skill` or `skill_id`"),
        };
        Err(misplaced(&found))
    })
}

fn misplaced(found: &Misplaced) -> StageError {
    StageError::new(ErrorKind::Record, found.to_string()).hint(Misplaced::HINT)
}

/// Whether something else than a list or an object may stand under a key `tasks`.
fn may_misplace_tasks(text: &[u8]) -> bool {
    static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"tasks\""));
    NAME.find_iter(text).any(|at| {
        let mut reader = Reader::at(text, at + NAME.needle().len());
        if reader.peek() != Some(b':') {
            return false;
        }
        reader.step();
        !matches!(reader.peek(), Some(b'[' | b'{' | b'n'))
    })
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

/// A text that takes a parser to be read, one that is there twice, or a name that is no text.
struct TakesATree;

/// The text that the member with this key holds, if there is one and it is a text.
fn text_in<'a>(skill: &[Member<'a>], key: &str) -> Result<Option<&'a str>, TakesATree> {
    match only(skill, key).ok_or(TakesATree)? {
        Some(value) if value.first() == Some(&b'"') => string(value).map(Some).ok_or(TakesATree),
        Some(value) if key == "skill" && value != b"null" => Err(TakesATree),
        _ => Ok(None),
    }
}

pub(crate) fn text_of<'a>(object: &'a Object, key: &str) -> Option<&'a str> {
    object.get(key).and_then(Value::as_str)
}
