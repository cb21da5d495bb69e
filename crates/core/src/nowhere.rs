//! A sink that takes everything and delivers nothing.

use async_trait::async_trait;

use crate::{Batch, Delivery, Mark, Refusals, RunContext, Sink, StageError};

/// Stands for a sink in a dry run. It can't resume, as nothing is kept of such a run.
#[derive(Debug, Default)]
pub(crate) struct Nowhere {
    records: u64,
}

#[async_trait]
impl Sink for Nowhere {
    async fn open(&mut self, _: &RunContext, _: Option<&Mark>) -> Result<(), StageError> {
        Ok(())
    }

    async fn write(&mut self, batch: &Batch, _: &mut Refusals) -> Result<(), StageError> {
        self.records += batch.records.len() as u64;
        Ok(())
    }

    async fn commit(&mut self) -> Result<Mark, StageError> {
        Ok(Mark::default())
    }

    async fn seal(&mut self) -> Result<Mark, StageError> {
        Ok(Mark::default())
    }

    async fn finish(self: Box<Self>) -> Result<Delivery, StageError> {
        Ok(Delivery { records: self.records, ..Delivery::default() })
    }
}
