//! The part of a record that an expression looks at, and the rest, which stays text.

use std::collections::hash_map::RandomState;
use std::hash::BuildHasher;
use std::iter::Peekable;
use std::sync::LazyLock;

use bytes::Bytes;
use jaq_json::{Map, Val};
use taskferry_json::{Member, members, only};

use crate::read::{key, read_part};
use crate::write::{write, write_key, write_member};

/// Stands for the rest: what an expression adds comes behind it, what it leaves or changes in its place comes before. It is
/// another one in each process, so that neither an expression nor a record can hold it.
static REST: LazyLock<String> =
    LazyLock::new(|| format!("\0{:016x}", RandomState::new().hash_one("the rest")));

/// A record whose fields are looked at one by one.
pub(crate) struct RecordPart<'a> {
    text: &'a Bytes,
    fields: &'a [String],
    members: Vec<Member<'a>>,
}

impl<'a> RecordPart<'a> {
    /// `None` of a record that is no object, or that has one of the fields twice.
    pub(crate) fn of(text: &'a Bytes, fields: &'a [String]) -> Option<Self> {
        let members = members(text)?;
        fields.iter().try_for_each(|field| only(&members, field).map(drop))?;
        Some(Self { text, fields, members })
    }

    /// The fields alone, and something in the place of the rest; `None` where one is nested too deep.
    pub(crate) fn input(&self) -> Option<Val> {
        let mut input = Map::default();
        for member in self.members.iter().filter(|member| self.is_seen(member)) {
            input.insert(key(self.text, member.key)?, read_part(self.text, member.value)?);
        }
        input.insert(Val::utf8_str(REST.as_bytes()), Val::Null);
        Some(Val::obj(input))
    }

    /// Appends a result: with the rest where it stood, if the rest is in it. `None` where that can't be told.
    pub(crate) fn write(&self, result: &Val, out: &mut Vec<u8>) -> Result<Option<()>, String> {
        let rest = Val::utf8_str(REST.as_bytes());
        match result {
            Val::Obj(members) if members.contains_key(&rest) => self.write_with_rest(members, out),
            other => write(other, out).map(Some),
        }
    }

    fn write_with_rest(&self, result: &Map, out: &mut Vec<u8>) -> Result<Option<()>, String> {
        let mut seen = result.iter().peekable();
        out.push(b'{');
        let mut first = true;
        for member in &self.members {
            if !self.is_seen(member) {
                separate(out, &mut first);
                out.push(b'"');
                out.extend_from_slice(member.key);
                out.extend_from_slice(b"\":");
                out.extend_from_slice(member.value);
            } else if let Some((key, value)) = next_called(&mut seen, member.key) {
                separate(out, &mut first);
                write_key(key, out)?;
                write_member(value, out)?;
            }
        }
        if next_called(&mut seen, REST.as_bytes()).is_none() {
            return Ok(None);
        }
        for (key, value) in seen {
            separate(out, &mut first);
            write_key(key, out)?;
            write_member(value, out)?;
        }
        out.push(b'}');
        Ok(Some(()))
    }

    fn is_seen(&self, member: &Member<'_>) -> bool {
        self.fields.iter().any(|field| field.as_bytes() == member.key)
    }
}

fn next_called<'m>(
    members: &mut Peekable<impl Iterator<Item = (&'m Val, &'m Val)>>,
    key: &[u8],
) -> Option<(&'m Val, &'m Val)> {
    members.next_if(|(name, _)| matches!(name, Val::TStr(name) if &name[..] == key))
}

fn separate(out: &mut Vec<u8>, first: &mut bool) {
    if !std::mem::take(first) {
        out.push(b',');
    }
}
