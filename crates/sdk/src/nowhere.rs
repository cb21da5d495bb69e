//! A sink that takes everything and delivers nothing.

use async_trait::async_trait;

use crate::{Batch, Delivery, Refusals, RunContext, Sink, SinkState, StageError};

/// Stands for a sink in a dry run. It can't resume, as nothing is kept of such a run.
#[derive(Debug, Default)]
pub(crate) struct Nowhere {
    records: u64,
}

#[async_trait]
impl Sink for Nowhere {
    async fn open(&mut self, _: &RunContext, _: Option<&SinkState>) -> Result<(), StageError> {
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, _: &mut Refusals) -> Result<(), StageError> {
        self.records += batch.records.len() as u64;
        Ok(())
    }

    async fn commit(&mut self) -> Result<SinkState, StageError> {
        Ok(SinkState::default())
    }

    async fn seal(&mut self) -> Result<SinkState, StageError> {
        Ok(SinkState::default())
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        Ok(Delivery { records: self.records, ..Delivery::default() })
    }
}
