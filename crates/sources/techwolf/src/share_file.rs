//! The share of a run, kept for the case that it is resumed.

use std::path::{Path, PathBuf};

use async_trait::async_trait;
use serde::{Deserialize, Serialize};
use taskferry_files::Folder;
use taskferry_sdk::{Cursor, ErrorKind, Share, StageError};
use tokio::task::spawn_blocking;

use crate::cursor_index::CursorIndex;
use crate::page::ListingPage;
use crate::segmented::Segmented;
use crate::stream::PageStream;

/// The file's name within the state folder of the share.
const FILE: &str = "share.json";

/// What the file holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Content {
    run: String,
    /// The run that remembered the cursors: those of another one stand elsewhere.
    places_of: String,
    from: Option<String>,
    to: Option<String>,
}

/// The share of a run, as far as it is known, and where that is kept.
#[derive(Debug)]
pub(crate) struct ShareFile {
    folder: Option<PathBuf>,
    content: Content,
}

impl ShareFile {
    /// The share of a run that begins after `from`.
    ///
    /// # Errors
    /// When it can't be kept.
    pub(crate) async fn begin(
        folder: Option<&Path>,
        run: &str,
        index: &CursorIndex,
        from: Option<&Cursor>,
    ) -> Result<Self, StageError> {
        let from = from.map(|from| from.as_str().to_owned());
        let content = Content { run: run.to_owned(), places_of: index.run.clone(), from, to: None };
        let file = Self { folder: folder.map(Path::to_owned), content };
        file.save().await?;
        Ok(file)
    }

    /// The share of a run that is resumed.
    ///
    /// # Errors
    /// When the share would not be the same.
    pub(crate) async fn resume(
        folder: Option<&Path>,
        run: &str,
        index: &CursorIndex,
    ) -> Result<Self, StageError> {
        let folder = folder.map(Path::to_owned);
        let place = folder.clone();
        let read = move || Folder::open(&place?).ok()?.place(FILE).read().ok();
        let text = spawn_blocking(read).await.ok().flatten();
        let content: Option<Content> = text.and_then(|text| serde_json::from_slice(&text).ok());
        let content =
            content.filter(|content| content.run == run && content.places_of == index.run);
        let content = content.ok_or_else(|| {
            let message = "the remembered cursors that the export was shared by are others now";
            StageError::new(ErrorKind::Config, message)
                .hint("the next run of this share starts over; run the other shares again as well")
                .not_resumable()
        })?;
        Ok(Self { folder, content })
    }

    /// Notes where the share ended.
    ///
    /// # Errors
    /// When it can't be kept.
    pub(crate) async fn end(&mut self, to: Option<&Cursor>) -> Result<(), StageError> {
        self.content.to = to.map(|to| to.as_str().to_owned());
        self.save().await
    }

    pub(crate) fn share(&self) -> Share {
        let mut share = Share::default();
        (share.from, share.to) = (self.content.from.clone(), self.content.to.clone());
        share
    }

    /// Files may be slow to reach, and requests must not wait for them.
    async fn save(&self) -> Result<(), StageError> {
        let Some(folder) = self.folder.clone() else { return Ok(()) };
        let failed = |error: std::io::Error| {
            let path = folder.join(FILE);
            StageError::new(ErrorKind::Io, format!("can't write `{}`", path.display()))
                .caused_by(error)
        };
        let text = serde_json::to_vec(&self.content).map_err(|error| failed(error.into()))?;
        let place = folder.clone();
        let write = move || Folder::open(&place)?.place(FILE).replace(&text, 0o600);
        spawn_blocking(write).await.unwrap_or_else(|panic| Err(panic.into())).map_err(failed)
    }
}

/// The pages between two remembered cursors, with the file that says where they end.
#[derive(Debug)]
pub(crate) struct SharedStream {
    stream: Segmented,
    file: ShareFile,
    /// The last page, until the file says where the share ends.
    last: Option<ListingPage>,
}

impl SharedStream {
    pub(crate) fn new(stream: Segmented, file: ShareFile) -> Self {
        Self { stream, file, last: None }
    }
}

#[async_trait]
impl PageStream for SharedStream {
    async fn next_page(&mut self) -> Result<Option<ListingPage>, StageError> {
        if self.last.is_none() {
            let Some(page) = self.stream.next_page().await? else { return Ok(None) };
            if page.next.is_some() {
                return Ok(Some(page));
            }
            self.last = Some(page);
        }
        // A checkpoint behind the last page must find the end of the share in its file.
        self.file.end(self.stream.ended_with()).await?;
        Ok(self.last.take())
    }

    fn share(&self) -> Option<Share> {
        Some(self.file.share())
    }
}
