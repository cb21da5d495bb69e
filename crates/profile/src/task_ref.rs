//! Reads the fields of a task.

use std::borrow::Cow;

use taskferry_json::{Kind, Node};

use crate::{Mismatch, ai_level, task_name};

/// A task in any layout: an item of a job, or a row. Copying is cheap.
///
/// ```
/// use taskferry_json::Document;
/// use taskferry_profile::TaskRef;
///
/// let row = Document::parse(r#"{"task_id": "t1", "task": "Write reports", "weekly_hours": 1.50}"#)?;
/// let task = TaskRef::new(row.root());
/// assert_eq!(task.text().unwrap(), "Write reports");
/// assert_eq!(task.weekly_hours()?, Some(1.5));
/// assert_eq!(task.ai_level()?, None);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy)]
pub struct TaskRef<'a>(Node<'a>);

impl<'a> TaskRef<'a> {
    /// The task in this node.
    pub fn new(node: Node<'a>) -> Self {
        Self(node)
    }

    /// The node, to read all other fields and to change the task.
    pub fn node(self) -> Node<'a> {
        self.0
    }

    /// The value of a field.
    pub fn get(self, field: &str) -> Option<Node<'a>> {
        self.0.get(field)
    }

    /// The id, for messages: `without an id` if there is none.
    pub fn name(self) -> String {
        task_name(self.0)
    }

    /// The description, in the field `task`. `None` if it is missing or no string.
    pub fn text(self) -> Option<Cow<'a, str>> {
        self.get("task")?.as_str()
    }

    /// The hours a week. `None` if the field is missing or null.
    ///
    /// # Errors
    /// A value that is not a number.
    pub fn weekly_hours(self) -> Result<Option<f64>, Mismatch> {
        let Some(hours) = self.get("weekly_hours").filter(|hours| !hours.is_null()) else {
            return Ok(None);
        };
        let number = hours.as_number().and_then(|number| number.parse().ok());
        number.map(Some).ok_or_else(|| Mismatch::new("weekly_hours", hours, "a number"))
    }

    /// The AI impact level, in `ai_impact` of jobs or `ai_impact_level` of rows. `None` without a level.
    ///
    /// # Errors
    /// A level that is not a string.
    pub fn ai_level(self) -> Result<Option<Cow<'a, str>>, Mismatch> {
        ai_level(self.0)
    }

    /// The linked skills. No skills if the field is missing or null.
    ///
    /// # Errors
    /// A value that is not a list.
    pub fn linked_skills(self) -> Result<impl Iterator<Item = Node<'a>>, Mismatch> {
        let skills = self.get(crate::LINKED_SKILLS).filter(|skills| !skills.is_null());
        match skills.filter(|skills| skills.kind() != Kind::Array) {
            Some(wrong) => Err(Mismatch::new(crate::LINKED_SKILLS, wrong, "a list")),
            None => Ok(skills.into_iter().flat_map(Node::items)),
        }
    }
}
