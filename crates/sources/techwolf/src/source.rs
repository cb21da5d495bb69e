//! The source: opens the export and returns its pages.

use std::sync::Arc;

use async_trait::async_trait;
use taskferry_sdk::{
    Check, ErrorKind, Page, Position, RunContext, ShardRange, Source, SourceStatistics, StageError,
};

use crate::check::Server;
use crate::diagnosis::Diagnosis;
use crate::export::Export;
use crate::families;
use crate::open_export::{OpenExport, Settings};
use crate::reader::Reader;
use crate::stream::PageStream;

/// Reads the export of one tenant.
#[derive(Debug)]
pub(crate) struct TechWolfSource {
    settings: Settings,
    /// `None` once the source is open.
    server: Option<Server>,
    /// `None` until the source is open.
    open: Option<Open>,
    warnings: Vec<String>,
}

#[derive(Debug)]
struct Open {
    export: Arc<Export>,
    pages: Box<dyn PageStream>,
}

impl TechWolfSource {
    pub(crate) fn new(server: Server, settings: Settings) -> Self {
        Self { settings, server: Some(server), open: None, warnings: Vec::new() }
    }

    /// Whether the options contain job families.
    fn has_families(&self) -> bool {
        let Settings { listing, strategy, .. } = &self.settings;
        let mut filters = listing.filters.iter();
        strategy.partition.is_some() || filters.any(|filter| filter.job_family_ids.is_some())
    }
}

#[async_trait]
impl Source for TechWolfSource {
    async fn open(&mut self, run: &RunContext, from: Option<&Position>) -> Result<(), StageError> {
        let Some(server) = self.server.take() else {
            return Err(StageError::new(ErrorKind::Defect, "the source was opened twice"));
        };
        let settings = &self.settings;
        let open = OpenExport::new(server, settings, run).await?;
        let export = Arc::clone(&open.export);
        let Settings { listing, strategy, .. } = settings;
        if self.has_families() {
            let families = open.families(settings).await?;
            let partition = strategy.partition.as_deref();
            self.warnings = families::warnings(&families, &export, listing, partition).await?;
            // Logged now, because the summary shows warnings only at the end of the run.
            for warning in &self.warnings {
                tracing::info!("{warning}");
            }
        }
        let reader = Reader::new(Arc::clone(&export), listing.clone());
        let pages = strategy.open(reader, run, from).await?;
        self.open = Some(Open { export, pages });
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let Some(open) = &mut self.open else {
            return Err(StageError::new(ErrorKind::Defect, "the source was not opened"));
        };
        let Some(page) = open.pages.next_page().await? else { return Ok(None) };
        Ok(Some(page.into_page()))
    }

    fn statistics(&self) -> SourceStatistics {
        let open = self.open.as_ref();
        open.map(|open| open.export.client.counts.statistics()).unwrap_or_default()
    }

    fn warnings(&self) -> Vec<String> {
        self.warnings.clone()
    }

    fn can_shard(&self) -> bool {
        true
    }

    fn shard_range(&self) -> Option<ShardRange> {
        self.open.as_ref().and_then(|open| open.pages.shard_range())
    }

    fn checks(self: Box<Self>, run: &RunContext) -> Vec<Check> {
        let Some(server) = self.server else { return Vec::new() };
        Diagnosis::checks(server, self.settings, run)
    }
}
