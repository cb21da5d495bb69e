//! Plugins: they build stages from the tables of a pipeline file.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::de::DeserializeOwned;

use crate::{
    AnyTransform, BuildContext, FieldRule, Problem, RecordFields, Sink, Source, Subject, Vocabulary,
};

/// The options of a plugin, and its type name.
///
/// The reference of the plugin is generated from doc comments. The comment of the struct describes the plugin; the comment of each
/// field describes the option.
///
/// # Options
///
/// Options have the types of serde, or those of this crate for values with a unit, secrets and paths. `#[serde(default)]` makes an
/// option optional. What a type can't express is checked in `build`, which returns all errors, each at the path of its option.
///
/// ```
/// use std::path::PathBuf;
///
/// use taskferry_sdk::schemars::JsonSchema;
/// use taskferry_sdk::serde::Deserialize;
/// use taskferry_sdk::serde_json::json;
/// use taskferry_sdk::testing::{Files, TransformTest};
/// use taskferry_sdk::{
///     AnyTransform, BuildContext, ByteCount, Duration, KeyPath, Plugin, Problem, Secret, TransformPlugin,
/// };
///
/// /// Adds the title of a job.
/// #[derive(Debug, Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct JobTitles {
///     /// The file with one title on each line. A relative path starts at the folder of the pipeline file.
///     file: PathBuf,
///     /// The key for the title service, for example `"${TITLES_KEY}"`. It is never printed.
///     key: Secret,
///     /// The time limit of a request.
///     #[serde(default = "ten_seconds")]
///     timeout: Duration,
///     /// The largest size of the file.
///     #[serde(default = "one_mebibyte")]
///     max_size: ByteCount,
/// }
///
/// fn ten_seconds() -> Duration {
///     Duration::from_secs(10)
/// }
///
/// fn one_mebibyte() -> ByteCount {
///     ByteCount::new(1 << 20)
/// }
///
/// impl Plugin for JobTitles {
///     const TYPE: &'static str = "job_titles";
/// }
///
/// impl TransformPlugin for JobTitles {
///     fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
///         let mut problems = Vec::new();
///         if self.key.is_empty() {
///             let problem = Problem::at(KeyPath::of("key"), "empty-value", "`key` is empty");
///             problems.push(problem.help("set the variable that it names"));
///         }
///         if self.timeout.get().is_zero() {
///             problems.push(Problem::at(KeyPath::of("timeout"), "invalid-value", "`timeout` must be greater than zero"));
///         }
///         match context.files().read(&self.file) {
///             Ok(file) if file.len() as u64 > self.max_size.get() => {
///                 let message = format!("the file is larger than {}", self.max_size);
///                 problems.push(Problem::at(KeyPath::of("file"), "invalid-value", message));
///             }
///             Ok(_) => {}
///             Err(error) => {
///                 let message = format!("can't read the file `{}`: {error}", self.file.display());
///                 problems.push(Problem::at(KeyPath::of("file"), "unreadable-file", message));
///             }
///         }
///         if problems.is_empty() { Ok(AnyTransform::filter(|_| Ok(true))) } else { Err(problems) }
///     }
/// }
///
/// let files = Files::new().with("titles.txt", "Recruiter\nNurse\n");
/// let options = json!({"file": "titles.txt", "key": "k-1", "timeout": "500ms", "max_size": "2 KiB"});
/// assert!(TransformTest::with_files::<JobTitles>(&options, &files).is_ok());
///
/// let options = json!({"file": "titels.txt", "key": "", "max_size": "8 B"});
/// let problems = TransformTest::with_files::<JobTitles>(&options, &files).unwrap_err();
/// let paths: Vec<String> = problems.iter().map(|problem| problem.path.to_string()).collect();
/// assert_eq!(paths, ["key", "file"]);
/// ```
///
/// # `--sandbox`
///
/// `--sandbox` runs a pipeline on generated data, which must not reach a real receiver. The schema of each source and sink must
/// declare what changes:
///
/// - `#[schemars(extend("x-sandbox" = "sandbox:"))]` on an option replaces its value. `= null` removes the option, for example
///   credentials. Variables in the replaced value may be unset.
/// - `#[schemars(extend("x-sandbox" = true))]` on the options struct of a sink declares that the sink keeps generated output on this
///   machine, and marks it ([`RunContext::sandbox`](crate::RunContext::sandbox)).
pub trait Plugin: DeserializeOwned + JsonSchema + Send + Sync + 'static {
    /// The value of `type` in a pipeline file.
    const TYPE: &'static str;

    /// Options that are valid but probably wrong, as [warnings](Problem::warning): `check` and `run` show them. Called after the
    /// stage was built without errors.
    fn warnings(&self, _context: &BuildContext<'_>) -> Vec<Problem> {
        Vec::new()
    }
}

/// A plugin that builds a [`Source`].
///
/// ```
/// use schemars::JsonSchema;
/// use taskferry_sdk::{BuildContext, FieldSet, Plugin, Problem, RecordFields, Source, SourcePlugin};
/// # use taskferry_sdk::{Page, Position, RunContext, StageError, async_trait};
///
/// /// Reads jobs from a database.
/// #[derive(Debug, serde::Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Database {
///     /// The name of the table.
///     table: String,
/// }
///
/// impl Plugin for Database {
///     const TYPE: &'static str = "database";
/// }
///
/// impl SourcePlugin for Database {
///     fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Source>, Vec<Problem>> {
///         Ok(Box::new(Rows { table: self.table.clone() }))
///     }
///
///     fn fields(&self) -> RecordFields {
///         RecordFields { own: FieldSet::new(["external_id"]), tasks: FieldSet::none() }
///     }
/// }
/// # #[derive(Debug)]
/// # struct Rows {
/// #     table: String,
/// # }
/// # #[async_trait]
/// # impl Source for Rows {
/// #     async fn open(&mut self, _: &RunContext, _: Option<&Position>) -> Result<(), StageError> {
/// #         Ok(())
/// #     }
/// #     async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
/// #         Ok(None)
/// #     }
/// # }
/// ```
pub trait SourcePlugin: Plugin {
    /// Builds the source. Must not open anything.
    ///
    /// # Errors
    /// All errors in the options.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Source>, Vec<Problem>>;

    /// The known fields of the source's records. By default, nothing is known. If the options exclude a field,
    /// [remove](crate::FieldSet::remove) the field, with a hint that names the option.
    fn fields(&self) -> RecordFields {
        RecordFields::default()
    }

    /// The vocabulary in which skills are named, if it is not TechWolf's. `check` warns if a transform renames skills to
    /// another vocabulary.
    fn vocabulary(&self) -> Option<Vocabulary> {
        None
    }

    /// The kind of entity that the records describe. It determines the names of fields in rows.
    fn subject(&self) -> Subject {
        Subject::default()
    }
}

/// A plugin that builds a transform, of one of the three [kinds](AnyTransform).
///
/// ```
/// use schemars::JsonSchema;
/// use taskferry_sdk::{AnyTransform, BuildContext, FieldRule, Plugin, Problem, TransformPlugin};
///
/// /// Drops rows without a field.
/// #[derive(Debug, serde::Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Has {
///     /// The field.
///     field: String,
/// }
///
/// impl Plugin for Has {
///     const TYPE: &'static str = "has";
/// }
///
/// impl TransformPlugin for Has {
///     fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
///         let field = self.field.clone();
///         Ok(AnyTransform::filter(move |record| Ok(record.get(&field).is_some())))
///     }
///
///     fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
///         FieldRule::unchanged()
///     }
/// }
/// ```
pub trait TransformPlugin: Plugin {
    /// Builds the transform. Must not open anything.
    ///
    /// # Errors
    /// All errors in the options.
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>>;

    /// The fields that the transform requires, and the fields that it emits. By default, nothing is known.
    fn fields(&self, _context: &BuildContext<'_>) -> FieldRule {
        FieldRule::default()
    }

    /// The options whose effects the transform [explains](crate::Output::explain). `taskferry preview` reports options from this list
    /// that had no effect.
    fn explained_options() -> &'static [&'static str] {
        &[]
    }
}

/// A plugin that builds a [`Sink`].
///
/// ```
/// use schemars::JsonSchema;
/// use taskferry_sdk::{BuildContext, CountingSink, Plugin, Problem, Sink, SinkPlugin};
///
/// /// Delivers nothing.
/// #[derive(Debug, serde::Deserialize, JsonSchema)]
/// #[serde(deny_unknown_fields)]
/// struct Nowhere {}
///
/// impl Plugin for Nowhere {
///     const TYPE: &'static str = "nowhere";
/// }
///
/// impl SinkPlugin for Nowhere {
///     fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
///         Ok(Box::new(CountingSink::default()))
///     }
///
///     fn output_id(&self, _: &BuildContext<'_>) -> Option<String> {
///         Some("nowhere".to_owned())
///     }
/// }
/// ```
pub trait SinkPlugin: Plugin {
    /// Builds the sink. Must not open anything.
    ///
    /// # Errors
    /// All errors in the options.
    fn build(&self, context: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>>;

    /// Identifies the output, such as a path or `stdout`. Two sinks of a pipeline can't have the same output.
    fn output_id(&self, _context: &BuildContext<'_>) -> Option<String> {
        None
    }

    /// The files that the sink writes, in the form of [`PathTemplate::for_pipeline`](crate::PathTemplate::for_pipeline), the
    /// file of the option `path` first. None of them may be an input of the pipeline or an output of another sink.
    fn files(&self, _context: &BuildContext<'_>) -> Vec<PathBuf> {
        Vec::new()
    }

    /// The fields in the option `columns`, in order. `check` warns about fields that no record has.
    fn columns(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Receives the plugins of a crate.
///
/// A plugin crate exports a function with the name `register`. `taskferry build` and hand-written runners call it, so they
/// do not name the types of the crate:
///
/// ```
/// # use taskferry_sdk::*;
/// # #[derive(Debug, serde::Deserialize, schemars::JsonSchema)]
/// # struct DropShortTasks {}
/// # impl Plugin for DropShortTasks { const TYPE: &'static str = "drop_short_tasks"; }
/// # impl TransformPlugin for DropShortTasks {
/// #     fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> { Err(Vec::new()) }
/// # }
/// /// Registers the plugins of this crate.
/// pub fn register(plugins: &mut impl Plugins) {
///     plugins.transform::<DropShortTasks>();
/// }
/// ```
///
/// Two plugins of one role can't have the same [`TYPE`](Plugin::TYPE). A binary with two such plugins reports them when it starts.
pub trait Plugins {
    /// Adds a source.
    fn source<P: SourcePlugin>(&mut self) -> &mut Self;

    /// Adds a transform.
    fn transform<P: TransformPlugin>(&mut self) -> &mut Self;

    /// Adds a sink.
    fn sink<P: SinkPlugin>(&mut self) -> &mut Self;
}
