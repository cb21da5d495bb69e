//! The sink.

use std::fmt;

use async_trait::async_trait;
use taskferry_format::{FormatOptions, StreamSink};
use taskferry_sdk::{
    Batch, Check, Delivery, PathTemplate, Refusals, Resumption, RunContext, Sink, SinkState,
    StageError,
};

use crate::Compression;
use crate::diagnosis::folder_finding;
use crate::error::{cannot_resume, not_open};
use crate::output::{Output, SealedOutput};
use crate::paths::{Paths, part_of};
use crate::state::{CommittedPart, FileState, Progress};

/// Writes one file in a run. Its methods block, because the engine runs every sink on its own thread.
pub(crate) struct FileSink {
    template: PathTemplate,
    options: FormatOptions,
    compression: Compression,
    stage: Stage,
}

enum Stage {
    /// Not open. The file of an earlier run, if `can_resume` found it.
    Closed(Option<CommittedPart>),
    Open(Box<Output>),
    Sealed(SealedOutput),
}

impl FileSink {
    pub(crate) fn new(
        template: PathTemplate,
        options: FormatOptions,
        compression: Compression,
    ) -> Self {
        Self { template, options, compression, stage: Stage::Closed(None) }
    }

    fn output(&mut self) -> Result<&mut Output, StageError> {
        match &mut self.stage {
            Stage::Open(output) => Ok(output),
            _ => Err(not_open()),
        }
    }

    fn take_stage(&mut self) -> Stage {
        std::mem::replace(&mut self.stage, Stage::Closed(None))
    }
}

#[async_trait]
impl Sink for FileSink {
    fn resumption(&self) -> Resumption {
        Resumption::Exact
    }

    fn shard_conflict(&self) -> Option<String> {
        (!self.template.differs_per_shard()).then(|| self.template.as_str().to_owned())
    }

    fn initial_state(&self, run: &RunContext) -> SinkState {
        FileState::initial(&self.template.fill(run))
    }

    async fn can_resume(&mut self, run: &RunContext, state: &SinkState) -> Result<(), String> {
        self.stage = Stage::Closed(None);
        let found = FileState::read(state)?.find(&self.template.fill(run)).await?;
        self.stage = Stage::Closed(Some(found));
        Ok(())
    }

    fn discard(&self, _: &RunContext, state: &SinkState) {
        if let Some(path) = FileState::path_of(state) {
            // A missing folder has no files to remove.
            _ = Paths::of(path).map(|paths| paths.remove_left());
        }
    }

    async fn open(&mut self, run: &RunContext, from: Option<&SinkState>) -> Result<(), StageError> {
        let closed = self.take_stage();
        let (path, options, compression) =
            (self.template.fill(run), &self.options, self.compression);
        let Some(from) = from else {
            let output = Output::create(&path, options, compression, run.resumable)?;
            self.stage = Stage::Open(Box::new(output));
            return Ok(());
        };
        let failed = |why: String| cannot_resume(&path, &why);
        let state = FileState::read(from).map_err(failed)?;
        let found = match closed {
            Stage::Closed(Some(found)) => found,
            _ => state.find(&path).await.map_err(failed)?,
        };
        self.stage = match state.progress {
            Progress::Open { writer, pieces } => {
                let output = Output::resume(found, &writer, pieces, options, compression)?;
                Stage::Open(Box::new(output))
            }
            Progress::Sealed { records, warnings } => {
                Stage::Sealed(SealedOutput::resume(found, records, warnings)?)
            }
        };
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, refusals: &mut Refusals) -> Result<(), StageError> {
        self.output()?.write(batch, refusals)
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        self.output()?.commit()
    }

    async fn seal(&mut self) -> Result<SinkState, StageError> {
        let sealed = match self.take_stage() {
            Stage::Open(output) => output.seal().await?,
            Stage::Sealed(sealed) => sealed,
            Stage::Closed(_) => return Err(not_open()),
        };
        let state = sealed.state();
        self.stage = Stage::Sealed(sealed);
        Ok(state)
    }

    async fn finish(mut self: Box<Self>) -> Result<Delivery, StageError> {
        self.seal().await?;
        match self.stage {
            Stage::Sealed(sealed) => sealed.publish().await,
            _ => Err(not_open()),
        }
    }

    fn would_overwrite(&self, run: &RunContext, state: &SinkState) -> Option<String> {
        let path = self.template.fill(run);
        let same = FileState::path_of(state)? == path && part_of(&path, "part").exists();
        same.then(|| path.display().to_string())
    }

    fn dry_run(self: Box<Self>) -> Box<dyn Sink> {
        Box::new(StreamSink::dry(self.options))
    }

    fn checks(self: Box<Self>, run: &RunContext) -> Vec<Check> {
        let path = self.template.fill(run);
        vec![Check::new("folder", async move { vec![folder_finding(&path)] })]
    }

    fn delivered(&self) -> Delivery {
        let mut delivery = Delivery::default();
        if let Stage::Open(output) = &self.stage {
            delivery.bytes = output.bytes();
        }
        delivery
    }
}

impl fmt::Debug for FileSink {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("FileSink")
            .field("path", &self.template)
            .field("options", &self.options)
            .field("compression", &self.compression)
            .finish_non_exhaustive()
    }
}
