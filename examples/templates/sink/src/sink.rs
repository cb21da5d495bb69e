//! The sink, and how it is built from the options.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use taskferry_sdk::{
    Batch, BuildContext, Delivery, ErrorKind, KeyPath, Plugin, Problem, Refusals, RunContext, Sink,
    SinkPlugin, SinkState, StageError, async_trait,
};

use crate::config::MyPlugin;

impl Plugin for MyPlugin {
    /// The value of `type` in a pipeline file.
    const TYPE: &'static str = "my_plugin";
}

impl SinkPlugin for MyPlugin {
    /// Checks what the types of the options can't express. `taskferry check` shows the position of each error. Opens nothing.
    fn build(&self, _: &BuildContext<'_>) -> Result<Box<dyn Sink>, Vec<Problem>> {
        if self.field.is_empty() {
            let problem = Problem::at(KeyPath::of("field"), "empty-value", "`field` is empty");
            return Err(vec![
                problem.help("write the name of a field, for example \"task\""),
            ]);
        }
        Ok(Box::new(TextSink {
            options: self.clone(),
            part: None,
            records: 0,
            bytes: 0,
        }))
    }

    /// The id of the output, which `taskferry check` compares with other sinks.
    fn output_id(&self, context: &BuildContext<'_>) -> Option<String> {
        Some(self.path.output_id(context.pipeline()))
    }
}

/// The sink. The engine runs a sink on its own thread, so that writes may block.
///
/// This sink can't resume: after a failure, the next run starts over. `Sink::resumption` describes how a sink resumes.
#[derive(Debug)]
struct TextSink {
    options: MyPlugin,
    part: Option<Part>,
    records: u64,
    bytes: u64,
}

#[async_trait]
impl Sink for TextSink {
    async fn open(&mut self, run: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> {
        let path = self.options.path.fill(run);
        self.part = Some(Part::create(path.clone()).map_err(|error| cannot_write(&path, error))?);
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        let part = self.part.as_mut().ok_or_else(not_open)?;
        for (index, record) in batch.records.iter().enumerate() {
            let value = record.root()?.get(&self.options.field);
            let Some(text) = value.and_then(|value| value.as_str()) else {
                // The `on_error` of the sink applies to a refused record.
                let message = format!("`{}` is not a text", self.options.field);
                refusals.refuse(
                    index..index + 1,
                    StageError::new(ErrorKind::Record, message),
                )?;
                continue;
            };
            let line = format!("{}\n", text.replace('\n', " "));
            let written = part.writer.write_all(line.as_bytes());
            written.map_err(|error| cannot_write(&part.path, error))?;
            self.bytes += line.len() as u64;
            self.records += 1;
        }
        Ok(())
    }

    /// Makes all written records durable.
    async fn commit(&mut self) -> Result<SinkState, StageError> {
        let part = self.part.as_mut().ok_or_else(not_open)?;
        part.sync()
            .map_err(|error| cannot_write(&part.path, error))?;
        Ok(SinkState::default())
    }

    /// Publishes the file. A sink that is dropped before `finish` publishes nothing.
    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        let part = self.part.ok_or_else(not_open)?;
        let path = part.path.clone();
        part.publish().map_err(|error| cannot_write(&path, error))?;
        let mut delivery = Delivery::default();
        (delivery.records, delivery.bytes) = (self.records, self.bytes);
        Ok(delivery)
    }
}

/// An incomplete file. `drop` removes the file unless it is published.
#[derive(Debug)]
struct Part {
    path: PathBuf,
    part: PathBuf,
    writer: BufWriter<File>,
}

impl Part {
    fn create(path: PathBuf) -> io::Result<Self> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        fs::create_dir_all(folder.unwrap_or(Path::new(".")))?;
        let mut name = OsString::from(path.file_name().unwrap_or_default());
        name.push(".part");
        let part = path.with_file_name(name);
        let writer = BufWriter::new(File::create(&part)?);
        Ok(Self { path, part, writer })
    }

    fn sync(&mut self) -> io::Result<()> {
        self.writer.flush()?;
        self.writer.get_ref().sync_all()
    }

    fn publish(mut self) -> io::Result<()> {
        self.sync()?;
        fs::rename(&self.part, &self.path)?;
        // Makes the new name durable.
        let folder = self.path.parent().filter(|it| !it.as_os_str().is_empty());
        File::open(folder.unwrap_or(Path::new(".")))?.sync_all()
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        // After `publish`, there is no such file.
        _ = fs::remove_file(&self.part);
    }
}

fn cannot_write(path: &Path, error: io::Error) -> StageError {
    let message = format!("can't write `{}`", path.display());
    StageError::new(ErrorKind::Io, message).caused_by(error)
}

fn not_open() -> StageError {
    StageError::new(ErrorKind::Defect, "the sink was not opened")
}
