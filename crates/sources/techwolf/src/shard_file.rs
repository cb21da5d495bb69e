//! The file with the shard of a run, for its resumption.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use taskferry_files::Folder;
use taskferry_sdk::{Cursor, ErrorKind, ShardRange, StageError};
use tokio::task::spawn_blocking;

use crate::cursor_index::CursorIndex;
use crate::page::ListingPage;
use crate::repaginator::Repaginator;
use crate::stream::PageStream;

/// The file in the state folder of the shard.
const FILE: &str = "shard.json";

/// The name of the file in earlier versions.
const OLD_FILE: &str = "share.json";

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    run: String,
    /// The run that saved the cursors. Cursors of another run divide the listing differently.
    #[serde(alias = "places_of")]
    cursors_of: String,
    from: Option<String>,
    to: Option<String>,
}

#[derive(Debug)]
pub(crate) struct ShardFile {
    folder: Option<PathBuf>,
    content: Content,
}

impl ShardFile {
    /// Creates the file of a shard that starts after `from`.
    pub(crate) async fn create(
        folder: Option<&Path>,
        run_id: &str,
        index: &CursorIndex,
        from: Option<&Cursor>,
    ) -> Result<Self, StageError> {
        let from = from.map(|from| from.as_str().to_owned());
        let (run, cursors_of) = (run_id.to_owned(), index.run_id.clone());
        let content = Content { run, cursors_of, from, to: None };
        let file = Self { folder: folder.map(Path::to_owned), content };
        file.save().await?;
        Ok(file)
    }

    /// Reads the file of a resumed run.
    pub(crate) async fn resume(
        folder: Option<&Path>,
        run_id: &str,
        index: &CursorIndex,
    ) -> Result<Self, StageError> {
        let folder = folder.map(Path::to_owned);
        let path = folder.clone();
        let read = move || -> Vec<Content> {
            let Some(folder) = path.and_then(|path| Folder::open(&path).ok()) else {
                return Vec::new();
            };
            let texts =
                [FILE, OLD_FILE].into_iter().filter_map(|name| folder.entry(name).read().ok());
            texts.filter_map(|text| serde_json::from_slice(&text).ok()).collect()
        };
        let mut contents = spawn_blocking(read).await.unwrap_or_default().into_iter();
        let content = contents
            .find(|content| content.run == run_id && content.cursors_of == index.run_id)
            .ok_or_else(|| {
                let message = "the saved cursors that divide the export into shards have changed since the run started";
                StageError::new(ErrorKind::Config, message)
                    .hint(
                        "the next run of this shard starts from its first page; run the other shards again too, because the boundaries have moved",
                    )
                    .not_resumable()
            })?;
        Ok(Self { folder, content })
    }

    pub(crate) async fn save_end(&mut self, to: Option<&Cursor>) -> Result<(), StageError> {
        self.content.to = to.map(|to| to.as_str().to_owned());
        self.save().await
    }

    pub(crate) fn shard_range(&self) -> ShardRange {
        let mut range = ShardRange::default();
        (range.from, range.to) = (self.content.from.clone(), self.content.to.clone());
        range
    }

    async fn save(&self) -> Result<(), StageError> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let failed = |error: std::io::Error| {
            let path = folder.join(FILE);
            StageError::new(ErrorKind::Io, format!("can't write `{}`", path.display()))
                .caused_by(error)
        };
        let text = serde_json::to_vec(&self.content).map_err(|error| failed(error.into()))?;
        let path = folder.clone();
        let write = move || Folder::open(&path)?.entry(FILE).replace(&text, 0o600);
        spawn_blocking(write).await.unwrap_or_else(|panic| Err(panic.into())).map_err(failed)
    }
}

#[derive(Debug)]
pub(crate) struct ShardStream {
    stream: Repaginator,
    file: ShardFile,
    /// The last page, until the end of the shard is saved.
    last: Option<ListingPage>,
}

impl ShardStream {
    pub(crate) fn new(stream: Repaginator, file: ShardFile) -> Self {
        Self { stream, file, last: None }
    }
}

#[async_trait]
impl PageStream for ShardStream {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        if self.last.is_none() {
            let Some(page) = self.stream.next_page().await? else { return Ok(None) };
            if page.next.is_some() {
                return Ok(Some(page));
            }
            self.last = Some(page);
        }
        // A run that resumes after the last page reads the end of the shard from the file.
        self.file.save_end(self.stream.end_cursor()).await?;
        Ok(self.last.take())
    }

    fn shard_range(&self) -> Option<ShardRange> {
        Some(self.file.shard_range())
    }
}
