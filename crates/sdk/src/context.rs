//! The context in which stages are built, and in which they run.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::{KeyPath, LocalEndpoint, Lookups, Problem, Shard, Subject};

/// Reads the files that a plugin's options name.
///
/// While a stage is built, this is the only access to the file system. `check`, `run` and tests therefore read the same files.
///
/// ```
/// use taskferry_sdk::{BuildContext, InputFiles, KeyPath, Problem};
///
/// /// Reads the file of the option `mapping`.
/// fn mapping(context: &BuildContext<'_>, path: &std::path::Path) -> Result<Vec<u8>, Problem> {
///     context.files().read(path).map_err(|error| {
///         let shown = context.files().resolve(path).display().to_string();
///         Problem::at(KeyPath::of("mapping"), "unreadable-file", format!("can't read `{shown}`: {error}"))
///     })
/// }
/// ```
pub trait InputFiles: fmt::Debug + Send + Sync {
    /// Resolves a path of the pipeline file. Relative paths start at the pipeline file's folder.
    fn resolve(&self, path: &Path) -> PathBuf;

    /// As [`resolve`](Self::resolve), from the root of the file system, for messages.
    fn absolute(&self, path: &Path) -> PathBuf {
        self.resolve(path)
    }

    /// The pipeline file's folder, where relative paths start.
    fn folder(&self) -> PathBuf {
        PathBuf::from(".")
    }

    /// Reads a whole file.
    ///
    /// # Errors
    /// Errors of the file system.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// Reads a whole file that does not affect the output, such as a key or a certificate. A run can resume after the file
    /// has changed.
    ///
    /// # Errors
    /// Errors of the file system.
    fn read_untracked(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read(path)
    }
}

/// An [`InputFiles`] without files, for tests and examples.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoFiles;

impl InputFiles for NoFiles {
    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
        Err(io::ErrorKind::NotFound.into())
    }
}

/// Builds an endpoint from a URL, without starting it.
///
/// The paths of problems are empty, because the key of the URL is unknown here. [`Part::Within`](crate::Part::Within)
/// counts bytes of the URL.
pub type EndpointFactory =
    fn(&str, &BuildContext<'_>) -> Result<Box<dyn LocalEndpoint>, Vec<Problem>>;

/// The URL schemes that are served inside the process.
#[derive(Debug, Clone, Default)]
pub struct Endpoints(BTreeMap<&'static str, EndpointFactory>);

impl Endpoints {
    /// Registers the factory of a scheme, such as `sandbox` (without the colon).
    pub fn register(&mut self, scheme: &'static str, factory: EndpointFactory) {
        self.0.insert(scheme, factory);
    }

    /// Whether a URL is served inside the process.
    pub fn serves(&self, url: &str) -> bool {
        self.find(url).is_some()
    }

    fn find(&self, url: &str) -> Option<EndpointFactory> {
        let (scheme, _) = url.split_once(':')?;
        self.0.get(scheme).copied()
    }
}

/// What a plugin may use while it builds its stage. Nothing here opens a connection or creates a file.
///
/// ```
/// use taskferry_sdk::testing::Files;
/// use taskferry_sdk::{BuildContext, Endpoints, Subject};
///
/// let (files, endpoints) = (Files::new().with("names.csv", "id,name\n"), Endpoints::default());
/// let context = BuildContext::new(&files, &endpoints).for_pipeline("jobs");
/// assert_eq!((context.pipeline(), context.subject()), ("jobs", Subject::Job));
/// assert!(context.files().read("names.csv".as_ref()).is_ok());
/// assert!(context.local_endpoint("https://acme.example.com").is_none());
/// ```
#[derive(Debug, Clone, Copy)]
pub struct BuildContext<'a> {
    files: &'a dyn InputFiles,
    endpoints: &'a Endpoints,
    pipeline: &'a str,
    subject: Subject,
}

impl<'a> BuildContext<'a> {
    /// A context for a pipeline that has no name, and whose source returns jobs.
    pub fn new(files: &'a dyn InputFiles, endpoints: &'a Endpoints) -> Self {
        Self { files, endpoints, pipeline: "", subject: Subject::Job }
    }

    /// Sets the pipeline's name.
    #[must_use]
    pub fn for_pipeline(mut self, name: &'a str) -> Self {
        self.pipeline = name;
        self
    }

    /// Sets the kind of entity that the pipeline's source returns.
    #[must_use]
    pub fn for_subject(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// The kind of entity that the pipeline's source returns. Must not be called by a source.
    pub fn subject(&self) -> Subject {
        self.subject
    }

    /// The pipeline's name.
    pub fn pipeline(&self) -> &'a str {
        self.pipeline
    }

    /// The files that options may name.
    pub fn files(&self) -> &'a dyn InputFiles {
        self.files
    }

    /// The problem with an option whose file can't be read. `what` stands for the file in the message: `the mapping`.
    ///
    /// ```
    /// use taskferry_sdk::testing::Files;
    /// use taskferry_sdk::{BuildContext, Endpoints};
    ///
    /// let (files, endpoints) = (Files::new(), Endpoints::default());
    /// let context = BuildContext::new(&files, &endpoints);
    /// let problem = context.unreadable_file("file", "names.csv".as_ref(), "the file", &"it is empty");
    /// assert_eq!(problem.message, "can't read the file `names.csv`: it is empty");
    /// assert_eq!(problem.help.as_deref(), Some("the path resolves to names.csv"));
    /// ```
    pub fn unreadable_file(
        &self,
        option: &str,
        path: &Path,
        what: &str,
        reason: &dyn fmt::Display,
    ) -> Problem {
        let message = format!("can't read {what} `{}`: {reason}", path.display());
        let help = format!("the path resolves to {}", self.files.absolute(path).display());
        Problem::at(KeyPath::of(option), "unreadable-file", message).help(help)
    }

    /// Builds the endpoint for the scheme of `url`, such as `sandbox:`. Returns `None` if no endpoint serves the
    /// scheme.
    ///
    /// # Errors
    /// All errors in the URL, with empty paths. The plugin adds the key of the URL.
    pub fn local_endpoint(
        &self,
        url: &str,
    ) -> Option<Result<Box<dyn LocalEndpoint>, Vec<Problem>>> {
        self.endpoints.find(url).map(|factory| factory(url, self))
    }
}

/// The context of a run, for its stages.
///
/// ```
/// use taskferry_sdk::RunContext;
///
/// let mut run = RunContext::new("jobs", "2026-11-23T20:42:43Z".parse()?, "20261123T204243Z-0a1b2c");
/// run.dry_run = true;
/// assert_eq!((run.pipeline.as_str(), run.resumable), ("jobs", false));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is an independent property of a run")]
pub struct RunContext {
    /// The pipeline's name.
    pub pipeline: String,
    /// The start time of the run. A resumed run keeps the start time. Stages must use it instead of the clock, so that resumed runs
    /// and tests with a `clock` have the same output.
    pub started_at: Timestamp,
    /// The time zone of local times, by its IANA name; `None` is the zone of the machine.
    pub time_zone: Option<String>,
    /// The run's id. A resumed run keeps it.
    pub run_id: String,
    /// The folder with the pipeline's state, if any. It exists, and no other run uses it at the same time.
    pub state_dir: Option<PathBuf>,
    /// Whether a later attempt can resume the run. If so, sinks must keep committed output.
    pub resumable: bool,
    /// Whether nothing is published or sent, and no state is kept.
    pub dry_run: bool,
    /// Whether the run replays dead letters. Its output must not replace the output of an export.
    pub replay: bool,
    /// Whether `--sandbox` was given. The output of the run must not replace the output of a real export.
    pub sandbox: bool,
    /// The shard of the export; `None` for the whole export.
    pub shard: Option<Shard>,
    /// In the run of a shard, the state folder of the whole export. It is only read. It can be missing, and another run
    /// can write to it.
    pub whole_dir: Option<PathBuf>,
    /// The stage that receives this context.
    pub stage: StageContext,
    /// The ids of earlier complete runs of the pipeline: the last run of each listing, the newest first.
    pub complete_runs: Vec<String>,
    /// Whether the list of complete runs is unreadable. [`complete_runs`](Self::complete_runs) is then empty, although complete runs
    /// may exist.
    pub complete_runs_unreadable: bool,
    /// The state folder of the [`complete_runs`](Self::complete_runs). If it is not [`state_dir`](Self::state_dir), it is only read,
    /// and another run can write to it.
    pub compared_with: Option<PathBuf>,
    /// Whether the run reads only a part of the listing, as previews do. The absence of a record then means nothing.
    pub is_sample: bool,
    /// The earlier run whose [withheld removals](crate::OrderedTransform::withheld_removals) are accepted.
    pub accept_removals: Option<String>,
    /// Where the answers to lookups come from.
    pub lookups: Lookups,
}

/// A stage in its pipeline.
///
/// ```
/// use taskferry_sdk::{RunContext, StageContext, StageDigest};
///
/// let mut run = RunContext::default();
/// run.stage = StageContext::new("sums", vec![StageDigest::new("techwolf", "4f1a")]);
/// assert_eq!(run.stage.inputs[0].name, "techwolf");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageContext {
    /// Its name, which no other stage of its role has.
    pub name: String,
    /// The stages before it, the source first.
    pub inputs: Vec<StageDigest>,
}

/// Identifies the work of a stage: with the same digest and the same files, the stage emits the same records for the same input.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct StageDigest {
    /// The name of the stage.
    pub name: String,
    /// A digest of its options, without secrets. The content of files is not part of it.
    pub digest: String,
}

impl StageContext {
    /// A stage after `inputs`.
    pub fn new(name: impl Into<String>, inputs: Vec<StageDigest>) -> Self {
        Self { name: name.into(), inputs }
    }
}

impl StageDigest {
    /// The digest of the stage `name`.
    pub fn new(name: impl Into<String>, digest: impl Into<String>) -> Self {
        Self { name: name.into(), digest: digest.into() }
    }
}

impl RunContext {
    /// A run of `pipeline`.
    pub fn new(
        pipeline: impl Into<String>,
        started_at: Timestamp,
        run_id: impl Into<String>,
    ) -> Self {
        let (pipeline, run_id) = (pipeline.into(), run_id.into());
        Self { pipeline, started_at, run_id, ..Self::default() }
    }
}
