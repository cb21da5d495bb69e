//! Stages that were built, with what is known of them before they run.

use std::fmt;
use std::path::PathBuf;

use taskferry_sdk::{AnyTransform, FieldRule, Need, RecordFields, Sink, Source};

/// A source that was built, and what is known of it before it runs.
#[derive(Debug)]
pub struct BuiltSource {
    /// The plugin's type.
    pub type_name: &'static str,
    /// The stage.
    pub source: Box<dyn Source>,
    /// What its tasks will carry.
    pub offer: Offer,
    /// What is known of the fields of its records.
    pub fields: RecordFields,
}

type MissingField = dyn Fn(&str) -> Option<String>;

/// What the tasks of a source will carry, as its options have it.
pub struct Offer(pub(crate) Box<MissingField>);

impl Offer {
    /// What to add to the source's options so that tasks carry `field`, when they do not as it stands.
    pub fn missing_field(&self, field: &str) -> Option<String> {
        (self.0)(field)
    }
}

impl fmt::Debug for Offer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("Offer")
    }
}

/// A transform that was built, and what is known of it before it runs.
#[derive(Debug)]
pub struct BuiltTransform {
    /// The plugin's type.
    pub type_name: &'static str,
    /// The stage.
    pub transform: AnyTransform,
    /// What it needs tasks to carry.
    pub needs: Vec<Need>,
    /// Whether records may come out in a shape of the user's own making.
    pub changes_schema: bool,
    /// What it makes of the fields of records.
    pub fields: FieldRule,
}

/// A sink that was built, and what is known of it before it runs.
#[derive(Debug)]
pub struct BuiltSink {
    /// The plugin's type.
    pub type_name: &'static str,
    /// The stage.
    pub sink: Box<dyn Sink>,
    /// What it writes to, if nothing else may.
    pub output_id: Option<String>,
    /// The files that it writes, that which `path` names first.
    pub files: Vec<PathBuf>,
    /// The fields that its columns name.
    pub columns: Vec<String>,
}
