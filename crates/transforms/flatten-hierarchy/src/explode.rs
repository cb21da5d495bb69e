//! One row for every element of a list field.

use std::borrow::Cow;

use taskferry_profile::{LINKED_SKILLS, Mismatch};
use taskferry_sdk::json::{Kind, Node, TextWriter};

use crate::row::{Cell, Field, Row, write_field};

/// Writes one row for every element of the list `field`. The members of an object, or any other element, replace the list.
/// An empty list gives one row.
///
/// # Errors
/// A field that is not a list, or a skill that is not an object.
pub(crate) fn explode(row: &Row<'_>, field: &str, texts: &mut TextWriter) -> Result<(), Mismatch> {
    let list = match row.get(field) {
        Some(Cell::Node(list)) if list.kind() == Kind::Array => Some(*list),
        Some(Cell::Node(other)) if !other.is_null() => {
            return Err(Mismatch::new(field, *other, "a list"));
        }
        Some(Cell::Label(_)) => return Err(Mismatch::of_kind(field, Kind::String, "a list")),
        Some(_) | None => None,
    };
    let items = || list.into_iter().flat_map(Node::items);
    if field == LINKED_SKILLS
        && let Some((index, item)) =
            items().enumerate().find(|(_, item)| item.kind() != Kind::Object)
    {
        return Err(Mismatch::new(format!("{field}[{index}]"), item, "a skill"));
    }
    if items().next().is_none() {
        write(row, field, None, texts);
    }
    items().for_each(|item| write(row, field, Some(item), texts));
    Ok(())
}

/// Writes the row with the list replaced by the fields of one element. Appends the fields if the row has no such list.
fn write(row: &Row<'_>, field: &str, item: Option<Node<'_>>, texts: &mut TextWriter) {
    let (fields, parts) = (row.fields(), parts(row, field, item));
    let position = fields.iter().position(|(name, _)| name == field).unwrap_or(fields.len());
    let (before, after) = (fields.iter().take(position), fields.iter().skip(position + 1));
    texts.object(|object| {
        for (name, cell) in before.chain(&parts).chain(after) {
            write_field(object, name, cell);
        }
    });
}

/// The fields of one element. A name that the row already contains gets a prefix.
fn parts<'a>(row: &Row<'_>, field: &'a str, item: Option<Node<'a>>) -> Vec<Field<'a>> {
    let mut parts: Vec<Field<'a>> = Vec::new();
    let mut add = |mut name: Cow<'a, str>, cell: Cell<'a>| {
        while name != field && row.get(&name).is_some() {
            name = format!("{field}_{name}").into();
        }
        match parts.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = cell,
            None => parts.push((name, cell)),
        }
    };
    match item {
        Some(item) if item.kind() != Kind::Object => add(field.into(), item.into()),
        Some(item) if !item.is_empty() => {
            item.members().for_each(|(key, member)| add(key.as_str(), member.into()));
        }
        _ if field == LINKED_SKILLS => {
            add("skill_id".into(), Cell::Null);
            add("skill".into(), Cell::Null);
        }
        _ => add(field.into(), Cell::Null),
    }
    parts
}
