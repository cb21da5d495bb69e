//! Changes documents.

use std::ops::Range;

use crate::entry::{ARRAY, HAS_LINE_BREAK, KIND, OBJECT};
use crate::scan::{compact, skip_space, skip_space_back};
use crate::write::sealed::Name as _;
use crate::{Node, Part, Text};

/// Changes to one document, which are applied in one pass over its text. Unchanged values keep their bytes.
///
/// Values and keys are those of the original document, regardless of earlier changes. A later change to a value overrides an
/// earlier one. A change within a removed or replaced value has no effect. Every method returns whether the value to change
/// exists, and changes nothing otherwise.
///
/// ```
/// use taskferry_json::Document;
///
/// let job = Document::parse(r#"{"id": "j1", "tasks": [{"hours": 1.50}, {"hours": 2}]}"#)?;
/// let mut edit = job.edit();
/// let tasks: Vec<_> = job.root().get("tasks").unwrap().items().collect();
/// edit.remove(tasks[1]);
/// edit.rename(tasks[0], "hours", "weekly_hours");
/// edit.set(tasks[0], "level", "H1");
/// let text = edit.finish();
/// assert_eq!(text.to_string(), r#"{"id": "j1", "tasks": [{"weekly_hours": 1.50,"level":"H1"}]}"#);
/// # Ok::<(), taskferry_json::Error>(())
/// ```
#[derive(Debug)]
pub struct Edit<'a> {
    root: Node<'a>,
    changes: Vec<Change>,
    /// All new text.
    new: Vec<u8>,
}

#[derive(Debug)]
struct Change {
    /// The value that changes.
    at: u32,
    kind: ChangeKind,
    /// The range of its new text in the field `new` of [`Edit`].
    text: Range<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ChangeKind {
    Remove,
    Replace,
    Rename,
    /// The text is an item or member before the value.
    Insert,
    /// The text is the last item or member of the value. The number is the length of its key.
    Append(usize),
}

impl<'a> Edit<'a> {
    pub(crate) fn new(root: Node<'a>) -> Self {
        Self { root, changes: Vec::new(), new: Vec::new() }
    }

    /// Whether there are no changes.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert!(Document::parse("{}")?.edit().is_empty());
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn is_empty(&self) -> bool {
        self.changes.is_empty()
    }

    /// Replaces a value.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let document = Document::parse("[1, 2.0]")?;
    /// let mut edit = document.edit();
    /// edit.replace(document.root().item(0).unwrap(), "one");
    /// assert_eq!(edit.finish().to_string(), r#"["one", 2.0]"#);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn replace(&mut self, node: Node<'_>, value: impl Part) -> bool {
        let is_part = self.root.spans(node);
        if is_part {
            let begin = self.new.len();
            value.write(&mut self.new);
            self.change_all(node, ChangeKind::Replace, begin);
        }
        is_part
    }

    /// Sets a member of an object: replaces its value, or appends it.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let document = Document::parse(r#"{"a": 1}"#)?;
    /// let mut edit = document.edit();
    /// edit.set(document.root(), "a", 2);
    /// edit.set(document.root(), "b", 3);
    /// assert_eq!(edit.finish().to_string(), r#"{"a": 2,"b":3}"#);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn set(&mut self, object: Node<'_>, key: &str, value: impl Part) -> bool {
        if let Some(member) = object.get(key) {
            return self.replace(member, value);
        }
        let is_object = self.root.spans(object) && object.entry().tag & KIND == OBJECT;
        if is_object {
            let begin = self.new.len();
            key.write_name(&mut self.new);
            let key_length = self.new.len() - begin;
            self.new.push(b':');
            value.write(&mut self.new);
            self.change(object, ChangeKind::Append(key_length), begin);
        }
        is_object
    }

    /// Appends an item to an array.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let document = Document::parse("[1, 2]")?;
    /// let mut edit = document.edit();
    /// edit.push(document.root(), 3);
    /// assert_eq!(edit.finish().to_string(), "[1, 2,3]");
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn push(&mut self, array: Node<'_>, value: impl Part) -> bool {
        let is_array = self.root.spans(array) && array.entry().tag & KIND == ARRAY;
        if is_array {
            let begin = self.new.len();
            value.write(&mut self.new);
            self.change(array, ChangeKind::Append(0), begin);
        }
        is_array
    }

    /// Inserts an item before another item of an array.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let document = Document::parse("[1, 2]")?;
    /// let mut edit = document.edit();
    /// edit.insert_item(document.root().item(1).unwrap(), "new");
    /// assert_eq!(edit.finish().to_string(), r#"[1, "new",2]"#);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn insert_item(&mut self, before: Node<'_>, value: impl Part) -> bool {
        let is_item = self.is_inside(before) && before.key().is_none();
        if is_item {
            let begin = self.new.len();
            value.write(&mut self.new);
            self.change(before, ChangeKind::Insert, begin);
        }
        is_item
    }

    /// Removes an item of an array, or the member of an object that has this value. The document itself can't be removed.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let document = Document::parse(r#"{"a": 1, "b": 2, "a": 3}"#)?;
    /// let mut edit = document.edit();
    /// edit.remove(document.root().get("a").unwrap());
    /// assert_eq!(edit.finish().to_string(), r#"{"b": 2}"#);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn remove(&mut self, node: Node<'_>) -> bool {
        let is_inside = self.is_inside(node);
        if is_inside {
            self.change_all(node, ChangeKind::Remove, self.new.len());
        }
        is_inside
    }

    /// Renames a member of an object. Another member with the new key is removed, unless it is renamed too.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// let document = Document::parse(r#"{"a": 1, "b": 2, "c": 3}"#)?;
    /// let mut edit = document.edit();
    /// edit.rename(document.root(), "a", "b");
    /// assert_eq!(edit.finish().to_string(), r#"{"b": 1, "c": 3}"#);
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn rename(&mut self, object: Node<'_>, key: &str, new_key: &str) -> bool {
        let Some(member) = object.get(key).filter(|member| self.is_inside(*member)) else {
            return false;
        };
        if let Some(other) = object.get(new_key).filter(|other| other.at != member.at) {
            let is_renamed =
                |change: &Change| change.at == other.at && change.kind == ChangeKind::Rename;
            if !self.changes.iter().any(is_renamed) {
                self.remove(other);
            }
        }
        let begin = self.new.len();
        new_key.write_name(&mut self.new);
        self.change_all(member, ChangeKind::Rename, begin);
        true
    }

    fn is_inside(&self, node: Node<'_>) -> bool {
        self.root.spans(node) && node.at != self.root.at
    }

    fn change(&mut self, node: Node<'_>, kind: ChangeKind, begin: usize) {
        self.changes.push(Change { at: node.at, kind, text: begin..self.new.len() });
    }

    /// Changes all members with the same key.
    fn change_all(&mut self, node: Node<'_>, kind: ChangeKind, begin: usize) {
        let mut member = node;
        loop {
            self.change(member, kind, begin);
            member = member.previous_duplicate();
            if member.at == node.at {
                return;
            }
        }
    }

    /// The changed text, or `None` if there are no changes.
    ///
    /// ```
    /// # use taskferry_json::Document;
    /// assert!(Document::parse("{}")?.edit().finish_if_changed().is_none());
    /// # Ok::<(), taskferry_json::Error>(())
    /// ```
    pub fn finish_if_changed(self) -> Option<Text> {
        (!self.is_empty()).then(|| self.finish())
    }

    /// The changed text.
    pub fn finish(mut self) -> Text {
        // The sort is stable, so the changes to one value keep their order.
        self.changes.sort_by_key(|change| change.at);
        let entry = self.root.entry();
        let mut output = Output {
            root: self.root,
            text: &self.root.shared.text,
            new: &self.new,
            out: Vec::with_capacity(self.root.raw().len() + self.new.len()),
            copied: entry.start as usize,
            appends: Vec::new(),
        };
        for changes in self.changes.chunk_by(|one, other| one.at == other.at) {
            output.apply(changes);
        }
        output.append_before(usize::MAX);
        output.copy(entry.end as usize);
        let mut out = output.out;
        if entry.tag & HAS_LINE_BREAK != 0 {
            let text = std::mem::take(&mut out);
            compact(&text, &mut out);
        }
        Text::of(out.into())
    }
}

struct Output<'e> {
    root: Node<'e>,
    text: &'e [u8],
    new: &'e [u8],
    out: Vec<u8>,
    /// The offset in the text up to which everything is copied or skipped.
    copied: usize,
    /// Open arrays and objects with appended children: the offset of the closing bracket, and the changes.
    appends: Vec<(usize, &'e [Change])>,
}

impl<'e> Output<'e> {
    /// Applies all changes to one value. Values come in the order of the text, parents before children.
    fn apply(&mut self, changes: &'e [Change]) {
        let Some(at) = changes.first().map(|change| change.at) else { return };
        let node = Node { at, ..self.root };
        let (begin, start, end) =
            (self.begin(node), node.entry().start as usize, node.entry().end as usize);
        if start < self.copied {
            return;
        }
        self.append_before(begin);
        let last =
            |wanted: &[ChangeKind]| changes.iter().rfind(|change| wanted.contains(&change.kind));
        let mut inserts =
            changes.iter().filter(|change| change.kind == ChangeKind::Insert).peekable();
        let main = last(&[ChangeKind::Remove, ChangeKind::Replace, ChangeKind::Rename]);
        if main.is_some_and(|change| change.kind == ChangeKind::Remove) {
            if inserts.peek().is_none() {
                return self.remove(node, begin);
            }
            // The first inserted item replaces the value, so that the commas around it stay valid.
            self.copy(begin);
            self.copied = end;
            for (index, insert) in inserts.enumerate() {
                if index > 0 {
                    self.out.push(b',');
                }
                self.write(insert.text.clone());
            }
            return;
        }
        self.copy(begin);
        for insert in inserts {
            self.write(insert.text.clone());
            self.out.push(b',');
        }
        if let (Some(change), Some(key)) = (last(&[ChangeKind::Rename]), node.key()) {
            self.write(change.text.clone());
            self.copied = key.range().end;
        }
        if let Some(change) = last(&[ChangeKind::Replace]) {
            self.copy(start);
            self.write(change.text.clone());
            self.copied = end;
        } else if changes.iter().any(|change| matches!(change.kind, ChangeKind::Append(_))) {
            self.appends.push((end - 1, changes));
        }
    }

    /// Skips a value and the comma before it, or the comma after it if no earlier value remains.
    fn remove(&mut self, node: Node<'_>, begin: usize) {
        let end = node.entry().end as usize;
        let before = skip_space_back(self.text, begin).saturating_sub(1);
        if self.copied < begin && self.text.get(before) == Some(&b',') {
            self.copy(before);
            self.copied = end;
            return;
        }
        self.copy(begin);
        self.copied = match self.text.get(skip_space(self.text, end)) {
            Some(b',') => self.begin(Node { at: node.entry().next, ..self.root }),
            _ => end,
        };
    }

    /// The offset of an item or member.
    fn begin(&self, node: Node<'_>) -> usize {
        match node.key() {
            Some(key) if node.at != self.root.at => key.range().start,
            _ => node.entry().start as usize,
        }
    }

    /// Completes the arrays and objects that end before an offset.
    fn append_before(&mut self, offset: usize) {
        while let Some((close, changes)) = self.appends.pop_if(|(close, _)| *close < offset) {
            self.copy(close);
            let key_of = |change: &Change| match change.kind {
                ChangeKind::Append(length) => {
                    self.new.get(change.text.start..change.text.start + length)
                }
                _ => None,
            };
            let mut added: Vec<&Change> = Vec::new();
            for change in changes.iter().filter(|change| key_of(change).is_some()) {
                let is_same = |other: &&mut &Change| {
                    change.kind != ChangeKind::Append(0) && key_of(other) == key_of(change)
                };
                match added.iter_mut().find(is_same) {
                    Some(other) => *other = change,
                    None => added.push(change),
                }
            }
            for change in added {
                self.out.truncate(skip_space_back(&self.out, self.out.len()));
                if !matches!(self.out.last(), Some(b'{' | b'[')) {
                    self.out.push(b',');
                }
                self.write(change.text.clone());
            }
        }
    }

    fn copy(&mut self, end: usize) {
        self.out.extend_from_slice(self.text.get(self.copied..end).unwrap_or_default());
        self.copied = end;
    }

    fn write(&mut self, text: Range<usize>) {
        self.out.extend_from_slice(self.new.get(text).unwrap_or_default());
    }
}
