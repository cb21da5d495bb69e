//! Faults of pages. The export applies them to its cursor and to its page.

use std::sync::{Arc, Mutex};

use axum::body::Bytes;
use serde_json::{Map, Value, json};

use super::kind::Kind;
use super::memory::{Export, Memory, lock};

const NEXT: &str = "next_starting_after";

/// The faults of a request for a page. The request has a valid token.
#[derive(Clone)]
pub(crate) struct PageFaults {
    pub(super) memory: Arc<Mutex<Memory>>,
    pub(super) kinds: Vec<Kind>,
    pub(super) token: String,
    pub(super) export: Export,
    pub(super) cursors: Cursors,
}

#[derive(Debug, Clone, Default)]
pub(super) struct Cursors {
    sent: Option<String>,
    /// The cursor that the export uses.
    used: Option<String>,
    /// The cursor of the second page; `None` in a request for the first page.
    second_page: Option<String>,
    /// A fault has deleted the job of the cursor.
    is_deleted: bool,
}

impl PageFaults {
    fn has(&self, kind: Kind) -> bool {
        self.kinds.contains(&kind)
    }

    /// Whether the job of the cursor has been deleted.
    pub(crate) fn is_deleted(&self) -> bool {
        self.cursors.is_deleted
    }

    /// Replaces the cursor of the request.
    pub(crate) fn before(&mut self, cursor: &mut Option<String>) {
        let Some(sent) = cursor.clone() else { return };
        let mut memory = lock(&self.memory);
        let progress = memory.progress(&self.token, self.export.path);
        let mut is_deleted = memory.is_deleted(&self.export, &sent);
        let mut used = memory.resolve(&self.export, sent.clone());
        if let (true, Some(progress)) = (self.has(Kind::RepeatedPage), &progress) {
            used.clone_from(&progress.last_cursor);
            is_deleted = false;
        }
        if let (true, Some(id)) = (self.has(Kind::DeletedCursor), &used) {
            memory.delete(&self.export, id);
            // An alias of a deleted cursor must not resolve to its page either.
            memory.delete(&self.export, &sent);
            is_deleted = true;
        }
        drop(memory);
        let second_page = used.as_ref().map(|_| {
            // Without a recorded second page, this request is for the second page.
            progress.and_then(|progress| progress.second_page).unwrap_or_else(|| sent.clone())
        });
        cursor.clone_from(&used);
        self.cursors = Cursors { sent: Some(sent), used, second_page, is_deleted };
    }

    /// Changes the page.
    pub(crate) fn after(self, body: Bytes) -> Bytes {
        let Cursors { sent, used, second_page, is_deleted } = self.cursors.clone();
        let mut page = Map::new();
        if self.has(Kind::StuckPage) {
            empty(&mut page, sent);
            return Value::Object(page).to_string().into();
        }
        // After a deleted cursor, the export returned the first page.
        let used = used.filter(|_| !is_deleted);
        let mut memory = lock(&self.memory);
        memory.record(&self.token, self.export.path, used.clone());
        let changes =
            [Kind::EmptyPage, Kind::LoopingCursor, Kind::ExtraFields, Kind::UnknownLevels];
        if !changes.into_iter().any(|kind| self.has(kind)) && !memory.has_deleted(&self.export) {
            return body;
        }
        let Ok(read) = serde_json::from_slice(&body) else { return body };
        page = read;
        if let Some(records) = records(&mut page).as_array_mut() {
            records.retain(|record| {
                let id = record["external_id"].as_str();
                !id.is_some_and(|id| memory.is_deleted(&self.export, id))
            });
        }
        if let Some(Value::String(next)) = page.get_mut(NEXT)
            && memory.is_deleted(&self.export, next)
        {
            *next = memory.alias(&self.export, Some(next.clone()));
        }
        if self.has(Kind::EmptyPage) {
            empty(&mut page, Some(memory.alias(&self.export, used)));
        }
        drop(memory);
        if let (true, Some(back)) = (self.has(Kind::LoopingCursor), second_page) {
            page.insert("has_next".to_owned(), true.into());
            page.insert(NEXT.to_owned(), back.into());
        }
        if self.has(Kind::UnknownLevels) {
            replace_levels(&mut page);
        }
        if self.has(Kind::ExtraFields) {
            add_fields(&mut page);
        }
        Value::Object(page).to_string().into()
    }
}

/// Removes all records, and announces more records after `cursor`.
fn empty(page: &mut Map<String, Value>, cursor: Option<String>) {
    page.insert("has_next".to_owned(), true.into());
    page.insert("records".to_owned(), json!([]));
    if let Some(cursor) = cursor {
        page.insert(NEXT.to_owned(), cursor.into());
    }
}

fn add_fields(page: &mut Map<String, Value>) {
    /// As text, because `json!` would write 2.50 as 2.5.
    const UNKNOWN: &str = r#"{"since": "2027-01-01", "values": [1, 2.50, null, {"deep": true}]}"#;
    let unknown = || serde_json::from_str::<Value>(UNKNOWN).unwrap_or_default();
    each_object(records(page), &mut |object| {
        if object.contains_key("task_id") || object.contains_key("external_id") {
            object.insert("x_sandbox_unknown".to_owned(), unknown());
        }
    });
    page.insert("x_sandbox_unknown".to_owned(), unknown());
}

fn replace_levels(page: &mut Map<String, Value>) {
    let mut levels = ["H0", "H6", "high", ""].iter().cycle();
    each_object(records(page), &mut |object| {
        if let Some(level) = object.get_mut("ai_impact").and_then(|impact| impact.get_mut("level"))
        {
            *level = levels.next().copied().unwrap_or_default().into();
        }
    });
}

fn records(page: &mut Map<String, Value>) -> &mut Value {
    page.entry("records").or_insert_with(|| json!([]))
}

/// Visits all objects within `value`. The recursion is bounded, because the depth of records is limited.
fn each_object(value: &mut Value, visit: &mut impl FnMut(&mut Map<String, Value>)) {
    match value {
        Value::Array(values) => values.iter_mut().for_each(|value| each_object(value, visit)),
        Value::Object(object) => {
            object.values_mut().for_each(|value| each_object(value, visit));
            visit(object);
        }
        _ => {}
    }
}
