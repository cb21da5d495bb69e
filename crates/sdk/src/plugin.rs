//! Plugins: what makes stages of the tables of a pipeline file.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{AnyTransform, BuildContext, FieldRule, Problem, RecordFields, Sink, Source, Subject};

/// What all plugins have in common: a type name and options that can be read, described and checked.
///
/// The options' doc comments are their reference: the first line of the struct's says what the plugin is
/// for, each field's what it does.
///
/// # `--sandbox`
///
/// With `--sandbox` a pipeline runs on made-up data, which must not reach anybody who takes it for real. A source and a sink
/// say in their schema what that means for them, and a pipeline with one that does not is refused:
///
/// - `#[schemars(extend("x-sandbox" = "sandbox:"))]` on an option says what stands there then, whatever the file says;
///   `= null` takes the option out, credentials for example. Variables in it need not be set.
/// - `#[schemars(extend("x-sandbox" = true))]` on the options as a whole says that a sink takes made-up data as it is: its
///   output stays on this machine and can be told apart ([`RunContext::sandbox`](crate::RunContext::sandbox)).
pub trait Plugin: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// What stands behind `type =` in a pipeline file.
    const TYPE: &'static str;
}

/// A plugin that makes a [`Source`].
pub trait SourcePlugin: Plugin {
    /// Makes the source. Opens nothing.
    ///
    /// # Errors
    /// All that is wrong with the options.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Source>, Vec<Problem>>;

    /// What is known of the fields of its records; nothing by default. A field that the options leave out is
    /// [taken away](crate::FieldSet::remove), with the advice what to add to them.
    fn fields(&self) -> RecordFields {
        RecordFields::default()
    }

    /// The kind of entity that its records describe. Rows name the entity's fields after it.
    fn subject(&self) -> Subject {
        Subject::default()
    }
}

/// A plugin that makes a transform, of one of the three [kinds](AnyTransform).
pub trait TransformPlugin: Plugin {
    /// Makes the transform. Opens nothing.
    ///
    /// # Errors
    /// All that is wrong with the options.
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>>;

    /// Which fields it needs, and which records carry behind it. By default nothing is known of either.
    fn fields(&self, _context: &BuildContext<'_>) -> FieldRule {
        FieldRule::default()
    }
}

/// A plugin that makes a [`Sink`].
pub trait SinkPlugin: Plugin {
    /// Makes the sink. Opens nothing.
    ///
    /// # Errors
    /// All that is wrong with the options.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>>;

    /// What the sink writes to, so that two sinks of one pipeline can't claim the same: a path, `stdout`.
    fn output_id(&self, _context: &BuildContext<'_>) -> Option<String> {
        None
    }

    /// The files that the sink writes, as [`PathTemplate::for_pipeline`](crate::PathTemplate::for_pipeline) returns paths: that which `path` names, then those
    /// beside it. None of them may be an input of the pipeline, or an output of another sink.
    fn files(&self, _context: &BuildContext<'_>) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The fields that its option `columns` names, in order: those which are never there are warned of.
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }
}
