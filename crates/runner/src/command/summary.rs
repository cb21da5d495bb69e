//! `--summary FILE`: the manifest of a run, as JSON.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use taskferry_engine::Manifest;
use tempfile::NamedTempFile;

/// A file that is ready to take the manifest: whether it can be written is known before the run.
#[derive(Debug)]
pub(crate) struct SummaryFile {
    path: PathBuf,
    part: NamedTempFile,
}

impl SummaryFile {
    /// Prepares the file in the folder where it will stand.
    ///
    /// # Errors
    /// Those of the file system: no such folder, no right to write there.
    pub(crate) fn prepare(path: &Path) -> io::Result<Self> {
        let folder =
            path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."));
        if path.is_dir() {
            return Err(io::ErrorKind::IsADirectory.into());
        }
        std::fs::create_dir_all(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".summary-").suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Ok(Self { path: path.to_owned(), part: builder.tempfile_in(folder)? })
    }

    /// Writes the manifest and gives the file its name.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn write(mut self, manifest: &Manifest) -> io::Result<()> {
        serde_json::to_writer_pretty(&mut self.part, manifest)?;
        self.part.write_all(b"\n")?;
        self.part.as_file().sync_all()?;
        self.part.persist(&self.path)?;
        Ok(())
    }
}
