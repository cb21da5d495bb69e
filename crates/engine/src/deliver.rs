//! One sink at work: its own transforms, write, commit, and in the end publish.

use std::sync::Arc;

use taskferry_core::{
    Batch, Cursor, Delivery, Mark, Refusals, RunContext, Sink, StageError, StageId,
};
use tokio::sync::mpsc;

use crate::chain::Chain;
use crate::progress::Progress;
use crate::stop::StopSignal;

/// What a sink tells the dispatcher.
#[derive(Debug)]
pub(crate) enum FromSink {
    /// Ready for the first batch.
    Opened,
    /// A batch is durable.
    Committed { page: u64, next: Option<Cursor>, mark: Mark },
    /// No more batches will come; all that came are committed.
    Drained,
    /// Everything that may fail is done.
    Sealed,
    /// The output is published.
    Published(Delivery),
}

/// What the dispatcher tells a sink that has everything.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Order {
    Seal,
    Publish,
}

/// A sink with all it needs to work on a thread of its own.
#[derive(Debug)]
pub(crate) struct Delivering {
    pub(crate) index: usize,
    pub(crate) id: StageId,
    pub(crate) chain: Chain,
    pub(crate) sink: Box<dyn Sink>,
    pub(crate) run: Arc<RunContext>,
    pub(crate) progress: Arc<Progress>,
    /// What to deliver, from the transforms.
    pub(crate) batches: mpsc::Receiver<Arc<Batch>>,
    /// What to do when there are no more, from the dispatcher.
    pub(crate) orders: mpsc::Receiver<Order>,
    /// Set when the run ends without waiting for what is under way.
    pub(crate) abandon: StopSignal,
}

impl Delivering {
    /// Works until told to publish, or until nobody is left who could tell: then nothing is published.
    pub(crate) async fn work(mut self, tell: impl Fn(FromSink) + Send) -> Result<(), StageError> {
        let mut abandon = self.abandon.clone();
        let all_delivered = tokio::select! {
            biased;
            _ = abandon.asked() => false,
            result = self.deliver_all(&tell) => result.map(|()| true)?,
        };
        if !all_delivered || self.orders.recv().await != Some(Order::Seal) {
            return Ok(());
        }
        self.sink.seal().await.map_err(|error| error.at_stage(&self.id))?;
        tell(FromSink::Sealed);
        if self.orders.recv().await == Some(Order::Publish) {
            let delivery = self.sink.finish().await.map_err(|error| error.at_stage(&self.id))?;
            tell(FromSink::Published(delivery));
        }
        Ok(())
    }

    async fn deliver_all(&mut self, tell: &(impl Fn(FromSink) + Send)) -> Result<(), StageError> {
        self.chain.open(&self.run).await?;
        self.sink.open(&self.run, None).await.map_err(|error| error.at_stage(&self.id))?;
        tell(FromSink::Opened);
        while let Some(batch) = self.batches.recv().await {
            let (page, next) = (batch.page, batch.next.clone());
            let mark = self.deliver(batch).await?;
            tell(FromSink::Committed { page, next, mark });
        }
        tell(FromSink::Drained);
        Ok(())
    }

    async fn deliver(&mut self, batch: Arc<Batch>) -> Result<Mark, StageError> {
        let progress = self.progress.sinks.get(self.index);
        let batch = match progress {
            Some(progress) if !self.chain.is_empty() => {
                let mut own = Arc::unwrap_or_clone(batch);
                own.records = self.chain.apply(own.records, &progress.transforms).await?;
                Arc::new(own)
            }
            _ => batch,
        };
        self.sink
            .write(&batch, &mut Refusals::default())
            .await
            .map_err(|error| error.at_stage(&self.id))?;
        let mark = self.sink.commit().await.map_err(|error| error.at_stage(&self.id))?;
        if let Some(progress) = progress {
            progress.add_committed(batch.records.len());
        }
        Ok(mark)
    }
}
