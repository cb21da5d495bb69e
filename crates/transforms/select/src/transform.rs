//! The two transforms: one writes the selected fields, the other changes the record.

use taskferry_sdk::json::{Kind, Node, Text};
use taskferry_sdk::{ErrorKind, Output, Record, StageError, Transform};

use crate::config::Missing;

/// A field, with its new name.
#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: String,
    pub(crate) new_name: String,
}

impl Field {
    fn is_renamed(&self) -> bool {
        self.name != self.new_name
    }

    fn explain(&self, out: &mut Output) {
        let Self { name, new_name } = self;
        out.explain("rename", || format!("renames `{name}` to `{new_name}`"));
    }
}

/// Keeps these fields, in this order.
#[derive(Debug)]
pub(crate) struct Project {
    pub(crate) fields: Vec<Field>,
    pub(crate) missing: Missing,
}

impl Transform for Project {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = object(&record)?;
        let has = |field: &&Field| root.get(&field.name).is_some();
        if self.missing == Missing::Fail
            && let Some(field) = self.fields.iter().find(|field| !has(field))
        {
            let message = format!("the record has no field `{}`", field.name);
            let hint = "set `missing` to `\"null\"` or `\"skip\"`, or correct `fields`";
            return Err(StageError::new(ErrorKind::Record, message).hint(hint));
        }
        self.fields
            .iter()
            .filter(|field| field.is_renamed())
            .filter(has)
            .for_each(|field| field.explain(out));
        out.emit(Text::object(|selected| {
            for Field { name, new_name } in &self.fields {
                match root.get(name) {
                    Some(value) => selected.member(new_name.as_str(), value),
                    None if self.missing == Missing::Null => selected.member(new_name.as_str(), ()),
                    None => {}
                }
            }
        }));
        Ok(())
    }
}

/// Drops and renames fields. The other fields do not change.
#[derive(Debug)]
pub(crate) struct DropAndRename {
    pub(crate) drop: Vec<String>,
    pub(crate) rename: Vec<Field>,
}

impl Transform for DropAndRename {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = object(&record)?;
        let mut edit = record.edit()?;
        for name in &self.drop {
            if let Some(field) = root.get(name) {
                edit.remove(field);
                out.explain("drop", || format!("drops `{name}`"));
            }
        }
        for field in &self.rename {
            if root.get(&field.name).is_none() || !field.is_renamed() {
                continue;
            }
            let is_taken = root.get(&field.new_name).is_some()
                && !self.drop.contains(&field.new_name)
                && !self.rename.iter().any(|other| other.name == field.new_name);
            if is_taken {
                let message = format!(
                    "the record already has a field `{}`, so `{}` can't get this name",
                    field.new_name, field.name
                );
                let hint = "choose another name in `rename`, or drop the other field";
                return Err(StageError::new(ErrorKind::Record, message).hint(hint));
            }
            edit.rename(root, &field.name, &field.new_name);
            field.explain(out);
        }
        out.emit(edit.finish_if_changed().map_or(record, Record::from));
        Ok(())
    }
}

fn object(record: &Record) -> Result<Node<'_>, StageError> {
    let root = record.root()?;
    if root.kind() == Kind::Object {
        return Ok(root);
    }
    let message = "the record is not an object, so it has no fields";
    Err(StageError::new(ErrorKind::Record, message))
}
