//! The transform, and how it is built from the options.

use std::io;
use std::path::PathBuf;

use taskferry_sdk::{
    AnyTransform, AsyncTransform, BuildContext, ErrorKind, FieldRule, KeyPath, Output, Plugin,
    Problem, Record, StageError, TransformPlugin, async_trait,
};

use crate::config::MyPlugin;

const JOB_TITLE: &str = "job_title";

impl Plugin for MyPlugin {
    /// The value of `type` in a pipeline file.
    const TYPE: &'static str = "my_plugin";
}

impl TransformPlugin for MyPlugin {
    /// Reports mistakes that the types of the options can't express. `taskferry check` shows them with their position.
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        if self.concurrency == 0 {
            let message = "`concurrency` is 0";
            let problem = Problem::at(KeyPath::of("concurrency"), "invalid-value", message);
            return Err(vec![problem.help("write a whole number from 1")]);
        }
        let folder = context.files().resolve(&self.folder);
        Ok(AnyTransform::asynchronous(Titles {
            folder,
            concurrency: self.concurrency,
        }))
    }

    /// The fields that the transform adds. With them, `taskferry check` finds mistyped fields of later stages.
    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        FieldRule::unchanged().adds(JOB_TITLE)
    }
}

/// The transform. The engine processes several records at a time, and keeps their order.
#[derive(Debug)]
struct Titles {
    folder: PathBuf,
    concurrency: usize,
}

#[async_trait]
impl AsyncTransform for Titles {
    /// Emits any number of records: none to drop the record.
    async fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = record.root()?;
        // Rows have `job_external_id`, jobs have `external_id`.
        let job = root.get("job_external_id").or(root.get("external_id"));
        let job = job.and_then(|job| job.as_str()).ok_or_else(|| {
            // The pipeline's `on_error` decides what happens to a refused record.
            StageError::new(ErrorKind::Record, "the record has no id of a job")
                .hint("put this transform before the one that drops it")
        })?;
        let title = self.look_up(&job).await?;
        let mut edit = record.edit()?;
        edit.set(root, JOB_TITLE, title.as_deref());
        out.emit(edit.finish());
        Ok(())
    }

    fn concurrency(&self) -> usize {
        self.concurrency
    }
}

impl Titles {
    /// The title of a job; `None` if it has none.
    async fn look_up(&self, job: &str) -> Result<Option<String>, StageError> {
        // An id comes from the source, and must not lead to another folder.
        if job.contains(['/', '\\']) || job.starts_with('.') {
            let message = format!("the id `{job}` is not the name of a file");
            return Err(StageError::new(ErrorKind::Record, message));
        }
        let path = self.folder.join(format!("{job}.txt"));
        match tokio::fs::read_to_string(&path).await {
            Ok(title) => Ok(Some(title.trim().to_owned())),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => {
                let message = format!("can't read `{}`", path.display());
                Err(StageError::new(ErrorKind::Io, message).caused_by(error))
            }
        }
    }
}
