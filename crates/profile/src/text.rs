//! The same records by their text: what [`crate::walk`] finds in a tree, found without one.
//!
//! Only what is common is read this way: a job whose tasks all stand in one plain list, or a row. Of anything else (a
//! hierarchy, a member that is there twice, a key with an escape in it) [`RecordText::of`] says `None`, and the tree has
//! to be asked. So whatever is found here is what the tree would say; a property test holds that.
//!
//! ```
//! use taskferry_json::string;
//! use taskferry_profile::text::RecordText;
//!
//! let text = br#"{"external_id":"j1","tasks":[{"task_id":"t1","ai_impact":{"level":"H2"}}]}"#;
//! let Some(RecordText::Job(job)) = RecordText::of(text) else { panic!() };
//! let task = job.tasks().next().unwrap();
//! assert_eq!(task.level().and_then(|level| string(level?)), Some("H2"));
//! ```

use std::ops::Range;
use std::sync::LazyLock;

use memchr::memmem::Finder;
use taskferry_json::{Member, Reader, is_plain, members, only};

use crate::walk::means_branch;

/// A record whose text can be worked on.
#[derive(Debug)]
pub enum RecordText<'a> {
    /// A job with a plain list of tasks.
    Job(JobText<'a>),
    /// One task on its own.
    Row(TaskText<'a, Vec<Member<'a>>>),
}

/// A job with a plain list of tasks.
#[derive(Debug)]
pub struct JobText<'a> {
    text: &'a [u8],
    fields: Vec<Member<'a>>,
    /// Where the list stands, without its brackets.
    list: Range<usize>,
    /// Of all tasks, one after the other.
    members: Vec<Member<'a>>,
    tasks: Vec<(Range<usize>, Range<usize>)>,
}

/// One task of a job, or a row.
#[derive(Debug, Clone, Copy)]
pub struct TaskText<'a, M> {
    text: &'a [u8],
    members: M,
}

impl<'a> RecordText<'a> {
    /// Reads a record's text, which is known to be JSON; `None` if it takes a tree to tell what it is.
    pub fn of(text: &'a [u8]) -> Option<Self> {
        if !is_plain(text) {
            return None;
        }
        if let Some(job) = JobText::of(text) {
            return Some(Self::Job(job));
        }
        let members = members(text)?;
        only(&members, "task_id")??;
        // A job that has a `task_id` of its own is for a tree to read.
        let has = |name: &[u8]| members.iter().any(|member| member.key == name);
        (!has(b"external_id") || !has(b"tasks")).then_some(Self::Row(TaskText { text, members }))
    }
}

impl<'a> JobText<'a> {
    fn of(text: &'a [u8]) -> Option<Self> {
        let mut reader = Reader::new(text);
        let mut fields = Vec::with_capacity(4);
        let mut lists = None;
        reader.enter(b'{')?;
        while reader.more(b'}')? {
            let key = reader.key()?;
            match reader.peek()? {
                b'[' if key == b"tasks" && lists.is_none() => {
                    lists = Some(read_tasks(&mut reader)?);
                }
                // It might hold tasks as well, and what is deep in it is for a tree to tell.
                b'[' | b'{' => return None,
                _ => fields.push(Member { key, value: reader.value()? }),
            }
        }
        let (list, members, tasks) = lists?;
        let has_id = only(&fields, "external_id")?.is_some();
        // What is no list of tasks where one is expected, is for a tree to tell.
        let is_other = |field: &Member<'_>| field.key == b"task_id" || means_branch(field.key);
        (has_id && !fields.iter().any(is_other)).then_some(Self {
            text,
            fields,
            list,
            members,
            tasks,
        })
    }

    /// The job's members but its tasks.
    pub fn fields(&self) -> &[Member<'a>] {
        &self.fields
    }

    /// The tasks, in their order.
    pub fn tasks(&self) -> impl ExactSizeIterator<Item = TaskText<'a, &[Member<'a>]>> {
        self.tasks.iter().map(|(place, members)| TaskText {
            text: self.text.get(place.clone()).unwrap_or_default(),
            members: self.members.get(members.clone()).unwrap_or_default(),
        })
    }

    /// The job's text with only those tasks for which `kept` says so, in the tasks' order.
    pub fn with_tasks(&self, kept: &[bool]) -> Vec<u8> {
        let mut out = Vec::with_capacity(self.text.len());
        out.extend_from_slice(self.text.get(..self.list.start).unwrap_or_default());
        let mut first = true;
        for (task, _) in self.tasks().zip(kept).filter(|(_, kept)| **kept) {
            if !std::mem::take(&mut first) {
                out.push(b',');
            }
            out.extend_from_slice(task.text);
        }
        out.extend_from_slice(self.text.get(self.list.end..).unwrap_or_default());
        out
    }
}

type List<'a> = (Range<usize>, Vec<Member<'a>>, Vec<(Range<usize>, Range<usize>)>);

/// A list in which everything is a task.
fn read_tasks<'a>(reader: &mut Reader<'a>) -> Option<List<'a>> {
    let (mut members, mut tasks) = (Vec::with_capacity(128), Vec::with_capacity(16));
    reader.enter(b'[')?;
    let begin = reader.position();
    while reader.more(b']')? {
        let (place, first) = (reader.position(), members.len());
        reader.members(&mut members)?;
        only(members.get(first..)?, "task_id")??;
        tasks.push((place..reader.position(), first..members.len()));
    }
    Some((begin..reader.position() - 1, members, tasks))
}

impl<'a, M: AsRef<[Member<'a>]>> TaskText<'a, M> {
    /// All of it.
    pub fn text(&self) -> &'a [u8] {
        self.text
    }

    /// What stands directly in it.
    pub fn members(&self) -> &[Member<'a>] {
        self.members.as_ref()
    }

    /// Its AI impact level as it is written: in `ai_impact` as the API sends it (EXPORT-JOBS, seen), or in `ai_impact_level` as
    /// rows carry it. `Some(None)` where there is none; `None` if it takes a tree to tell.
    pub fn level(&self) -> Option<Option<&'a [u8]>> {
        let nested = match only(self.members(), "ai_impact")? {
            Some(impact) if impact.first() == Some(&b'{') => only(&members(impact)?, "level")?,
            Some(b"null") | None => None,
            Some(_) => return None,
        };
        match nested {
            Some(level) => Some(Some(level)),
            None => only(self.members(), "ai_impact_level"),
        }
    }
}

/// Where lists of linked skills stand in a record's text.
#[derive(Debug)]
pub struct LinkedSkillsText {
    lists: Vec<Range<usize>>,
    skill_elsewhere: bool,
}

impl LinkedSkillsText {
    /// Looks for every `linked_skills` list, at any depth; `None` if it takes a tree to find them.
    ///
    /// A name in quotes stands in plain JSON for itself, a key or a text, unless a quote of it is escaped: so the lists are
    /// found without stepping over what stands between them.
    pub fn of(text: &[u8]) -> Option<Self> {
        static NAME: LazyLock<Finder<'static>> =
            LazyLock::new(|| Finder::new(b"\"linked_skills\""));
        if !is_plain(text) {
            return None;
        }
        let (mut lists, mut skill_elsewhere, mut at) = (Vec::new(), false, 0);
        while let Some(found) = NAME.find(text.get(at..)?) {
            let (name, end) = (at + found, at + found + NAME.needle().len());
            skill_elsewhere |= names_a_skill(text.get(at..name)?);
            at = end;
            let is_escaped =
                name.checked_sub(1).and_then(|before| text.get(before)) == Some(&b'\\');
            let mut reader = Reader::at(text, end);
            if is_escaped || reader.peek() != Some(b':') {
                continue;
            }
            reader.step();
            reader.peek()?;
            let begin = reader.position();
            match reader.value()? {
                list if list.starts_with(b"[") => {
                    at = reader.position();
                    lists.push(begin..at);
                }
                b"null" => {}
                _ => return None,
            }
        }
        skill_elsewhere |= names_a_skill(text.get(at..)?);
        Some(Self { lists, skill_elsewhere })
    }

    /// The places of the lists, brackets included, in their order.
    pub fn lists(&self) -> &[Range<usize>] {
        &self.lists
    }

    /// Whether `skill` or `skill_id` may be a key outside of the lists, as in a row of one skill.
    pub fn may_be_one_skill(&self) -> bool {
        self.skill_elsewhere
    }
}

fn names_a_skill(text: &[u8]) -> bool {
    static NAME: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new(b"\"skill"));
    NAME.find(text).is_some()
}

#[cfg(test)]
mod tests {
    use std::convert::Infallible;

    use proptest::prelude::*;
    use serde_json::Value;

    use super::*;
    use crate::arbitrary::record_text;
    use crate::walk::{Shape, check_tasks, shape, visit_linked_skills, visit_tasks};

    fn value(text: &[u8]) -> Value {
        serde_json::from_slice(text).unwrap()
    }

    proptest! {
        #[test]
        fn text_holds_what_a_tree_holds(text in record_text()) {
            let tree = value(text.as_bytes());
            match RecordText::of(text.as_bytes()) {
                Some(RecordText::Job(job)) => {
                    prop_assert_eq!((shape(&tree), check_tasks(&tree)), (Shape::Job, Ok(0)));
                    let mut tasks = Vec::new();
                    let Ok(()) = visit_tasks(&tree, |task, above| {
                        tasks.push((Value::Object(task.clone()), above.is_empty()));
                        Ok::<(), Infallible>(())
                    });
                    let found: Vec<_> = job.tasks().map(|task| (value(task.text()), true)).collect();
                    prop_assert_eq!(found, tasks);
                }
                Some(RecordText::Row(_)) => prop_assert_eq!(shape(&tree), Shape::Row),
                None => {}
            }
            if let Some(found) = LinkedSkillsText::of(text.as_bytes()) {
                let mut lists = Vec::new();
                let Ok(()) = visit_linked_skills(&tree, &mut |skills| {
                    lists.extend(skills.is_array().then(|| skills.clone()));
                    Ok::<(), Infallible>(())
                });
                let found: Vec<Value> =
                    found.lists().iter().map(|place| value(&text.as_bytes()[place.clone()])).collect();
                // Of two lists under one key a tree holds the last.
                prop_assert!(found == lists || found.len() > lists.len(), "{found:?} {lists:?}");
            }
        }
    }

    #[test]
    fn what_only_looks_like_a_list_of_skills_is_none() {
        let text = br#"{"task":"\"linked_skills\":[1]","x":["linked_skills",[2]],"y":{"linked_skills" : [3]},"linked_skills":null}"#;
        let found = LinkedSkillsText::of(text).unwrap();
        let lists: Vec<&[u8]> = found.lists().iter().map(|place| &text[place.clone()]).collect();
        assert_eq!(lists, [b"[3]"]);
        assert!(LinkedSkillsText::of(br#"{"linked_skills":{"linked_skills":[3]}}"#).is_none());
    }
}
