//! What a stage is told while it is made, and when a run begins.

use std::collections::BTreeMap;
use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use jiff::Timestamp;

use crate::{LocalEndpoint, Problem, Shard, Subject};

/// How a plugin reads the files that its options name. The only way out of the process while a stage is
/// built, so that `check`, `run` and tests see the same.
pub trait InputFiles: fmt::Debug + Send + Sync {
    /// Where a path of the pipeline file leads: relative ones start at the pipeline file's folder.
    fn resolve(&self, path: &Path) -> PathBuf;

    /// The whole file.
    ///
    /// # Errors
    /// Those of the file system.
    fn read(&self, path: &Path) -> io::Result<Vec<u8>>;

    /// The whole of a file that says nothing about what comes out of a run: a key, a certificate. A run can be gone on
    /// with after it was renewed.
    ///
    /// # Errors
    /// Those of the file system.
    fn read_untracked(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read(path)
    }
}

/// No files at all: reading any fails. For tests and examples.
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

/// Makes an endpoint from a URL, without starting it. The problems' paths are empty, since the factory does
/// not know which key holds the URL; [`Part::Within`](crate::Part::Within) counts bytes of the URL.
pub type EndpointFactory =
    fn(&str, &BuildContext<'_>) -> Result<Box<dyn LocalEndpoint>, Vec<Problem>>;

/// The URL schemes that are served inside the process.
#[derive(Debug, Clone, Default)]
pub struct Endpoints(BTreeMap<&'static str, EndpointFactory>);

impl Endpoints {
    /// Serves `scheme` (without the colon) with what `factory` makes.
    pub fn register(&mut self, scheme: &'static str, factory: EndpointFactory) {
        self.0.insert(scheme, factory);
    }

    /// Whether a URL is served inside the process.
    pub fn serves(&self, url: &str) -> bool {
        self.find(url).is_some()
    }

    pub(crate) fn find(&self, url: &str) -> Option<EndpointFactory> {
        let (scheme, _) = url.split_once(':')?;
        self.0.get(scheme).copied()
    }
}

/// What a plugin may use while it builds its stage. Nothing here opens a connection or creates a file.
#[derive(Debug, Clone, Copy)]
pub struct BuildContext<'a> {
    files: &'a dyn InputFiles,
    endpoints: &'a Endpoints,
    pipeline: &'a str,
    subject: Subject,
}

impl<'a> BuildContext<'a> {
    /// A context with these files and local endpoints, for a pipeline without a name whose source returns jobs.
    pub fn new(files: &'a dyn InputFiles, endpoints: &'a Endpoints) -> Self {
        Self { files, endpoints, pipeline: "", subject: Subject::Job }
    }

    /// The same, for a pipeline of this name.
    #[must_use]
    pub fn for_pipeline(mut self, name: &'a str) -> Self {
        self.pipeline = name;
        self
    }

    /// The same, for a pipeline whose source returns this kind of entity.
    #[must_use]
    pub fn for_subject(mut self, subject: Subject) -> Self {
        self.subject = subject;
        self
    }

    /// The kind of entity that the pipeline's source returns. A source that is being built does not read it.
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

    /// The endpoint that runs inside this process under the scheme of `url` (`sandbox:` for example), not
    /// yet started; `None` when the scheme is nobody's, as `https:` is.
    ///
    /// # Errors
    /// All that is wrong with the URL when the scheme is known. The paths are empty: the plugin knows the key
    /// that holds the URL.
    pub fn local_endpoint(
        &self,
        url: &str,
    ) -> Option<Result<Box<dyn LocalEndpoint>, Vec<Problem>>> {
        self.endpoints.find(url).map(|factory| factory(url, self))
    }
}

/// One execution of a pipeline, as its stages see it.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
#[expect(clippy::struct_excessive_bools, reason = "each is a fact of its own, true of any run")]
pub struct RunContext {
    /// The pipeline's name.
    pub pipeline: String,
    /// When the run began; stays the same when it is resumed.
    pub started_at: Timestamp,
    /// Unique to the run; stays the same when it is resumed.
    pub run_id: String,
    /// The folder in which this pipeline's state is kept from run to run, where there is one. It exists, and
    /// is this run's alone as long as the run lasts.
    pub state_dir: Option<PathBuf>,
    /// Whether a later attempt can go on with this run if it ends early: what is committed stays for it then.
    pub resumable: bool,
    /// Whether nothing is published or sent, and no state is kept.
    pub dry_run: bool,
    /// Whether dead letters are sent on instead of an export: no output of it may take an export's place.
    pub replay: bool,
    /// Whether it was asked to run on made-up data, with `--sandbox`: no output of it may take a real export's place.
    pub sandbox: bool,
    /// The share of the export that this run takes, where several runs take one each; `None` for the whole.
    pub shard: Option<Shard>,
    /// In the run of a share, the folder that runs of the whole export have for their state. It may not exist, another
    /// run may be at work in it, and nothing is to be written there.
    pub whole_dir: Option<PathBuf>,
}

impl RunContext {
    /// A run of `pipeline`.
    pub fn new(
        pipeline: impl Into<String>,
        started_at: Timestamp,
        run_id: impl Into<String>,
    ) -> Self {
        Self {
            pipeline: pipeline.into(),
            started_at,
            run_id: run_id.into(),
            state_dir: None,
            resumable: false,
            dry_run: false,
            replay: false,
            sandbox: false,
            shard: None,
            whole_dir: None,
        }
    }
}
