//! Reads pages ahead of the work on them.

use std::sync::Arc;

use taskferry_core::{Page, RunContext, SourceStage, SourceStatistics, StageError};
use tokio::sync::mpsc;

use crate::progress::Progress;
use crate::stop::StopSignal;

/// How reading came to its end.
#[derive(Debug)]
pub(crate) enum FetchEnd {
    /// The listing is complete.
    Complete,
    /// The run was asked to stop, or nobody takes pages any more.
    Stopped,
    /// The source failed.
    Failed(StageError),
}

/// Reads pages until the source ends, fails, or the run is asked to stop.
pub(crate) async fn fetch(
    mut stage: SourceStage,
    run: Arc<RunContext>,
    pages: mpsc::Sender<Page>,
    progress: Arc<Progress>,
    mut halt: StopSignal,
) -> (FetchEnd, SourceStatistics) {
    let id = stage.id();
    let mut opened = false;
    let end = loop {
        let next = async {
            if !std::mem::replace(&mut opened, true) {
                stage.source.open(&run, None).await?;
            }
            stage.source.next_page().await
        };
        // A page that is on its way when the run is stopped is dropped: it was not delivered, so the next
        // run asks for it again.
        let next = tokio::select! {
            biased;
            _ = halt.asked() => break FetchEnd::Stopped,
            next = next => next,
        };
        match next {
            Ok(None) => break FetchEnd::Complete,
            Err(error) => break FetchEnd::Failed(error.at_stage(&id)),
            Ok(Some(page)) => {
                let (number, records, bytes) = (page.number, page.records.len(), page.bytes);
                let sent = tokio::select! {
                    biased;
                    sent = pages.send(page) => sent,
                    _ = halt.asked() => break FetchEnd::Stopped,
                };
                if sent.is_err() {
                    break FetchEnd::Stopped;
                }
                progress.source.add_page(records, bytes);
                tracing::debug!(page = number, records, "page read");
            }
        }
    };
    (end, stage.source.statistics())
}
