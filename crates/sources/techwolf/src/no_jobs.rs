//! A share without a job.

use async_trait::async_trait;
use taskferry_sdk::{Share, StageError};

use crate::page::ListingPage;
use crate::stream::PageStream;

/// One page without a job, so that the run has an output; no page if an earlier attempt has read that one.
#[derive(Debug)]
pub(crate) struct NoJobs {
    share: Share,
    done: bool,
}

impl NoJobs {
    pub(crate) fn new(share: Share, done: bool) -> Self {
        Self { share, done }
    }
}

#[async_trait]
impl PageStream for NoJobs {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        let is_due = !std::mem::replace(&mut self.done, true);
        Ok(is_due.then(|| ListingPage::new(None, None, 0, Vec::new())))
    }

    fn share(&self) -> Option<Share> {
        Some(self.share.clone())
    }
}
