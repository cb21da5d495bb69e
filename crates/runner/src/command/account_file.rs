//! A file that tells of a run once it is over: whole, or not there.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use taskferry_files::{Folder, Place, folder_of, target_of};
use tempfile::NamedTempFile;

/// What is ready to take the account: whether it can be written is known before the run.
#[derive(Debug)]
pub(crate) enum AccountFile {
    /// A file, whole or not there. The second is its name.
    Part(NamedTempFile, PathBuf),
    /// A terminal, a pipe or another device, which is written to and never replaced.
    Stream(File),
}

impl AccountFile {
    /// Whether a file of this name would take the place of one of these.
    pub(crate) fn would_replace(path: &Path, inputs: &[&Path]) -> bool {
        inputs.iter().any(|input| same_file(path, input))
    }

    /// Prepares the file in the folder where it will stand. `inputs` are the files of the pipeline, which it must not
    /// replace.
    ///
    /// # Errors
    /// Those of the file system: a folder of that name, no right to write there.
    pub(crate) fn prepare(path: &Path, inputs: &[&Path]) -> io::Result<Self> {
        if Self::would_replace(path, inputs) {
            return Err(io::Error::other("it is the pipeline file itself"));
        }
        // A link stays, and what it leads to is replaced.
        let path = target_of(path).map_err(io::Error::other)?;
        match fs::metadata(&path) {
            Ok(found) if found.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(found) if !found.is_file() => {
                return Ok(Self::Stream(File::options().write(true).open(&path)?));
            }
            _ => {}
        }
        let folder = folder_of(&path);
        Folder::create(folder)?;
        let mut builder = tempfile::Builder::new();
        builder.prefix(".account-").suffix(".part");
        #[cfg(unix)]
        builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
        Ok(Self::Part(builder.tempfile_in(folder)?, path))
    }

    /// Lets everyone read it, whatever the process's own files are like: its reader is another user.
    ///
    /// # Errors
    /// Those of the file system.
    #[cfg(unix)]
    pub(crate) fn readable(self) -> io::Result<Self> {
        use std::os::unix::fs::PermissionsExt;
        if let Self::Part(part, _) = &self {
            part.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
        }
        Ok(self)
    }

    /// Writes the account and gives the file its name, unless that is the name of an exported file.
    ///
    /// # Errors
    /// Those of the file system.
    pub(crate) fn write(self, text: &str, exported: &[&Path]) -> io::Result<()> {
        match self {
            Self::Stream(mut stream) => stream.write_all(text.as_bytes()),
            Self::Part(mut part, path) => {
                if exported.iter().any(|file| same_file(&path, file)) {
                    let message =
                        format!("`{}` is a file of the export, which stays", path.display());
                    return Err(io::Error::other(message));
                }
                part.write_all(text.as_bytes())?;
                let place = Place::of(part.path())?;
                place.publish(part.as_file(), &place.sibling(path.file_name().unwrap_or_default()))
            }
        }
    }
}

fn same_file(left: &Path, right: &Path) -> bool {
    match (fs::canonicalize(left), fs::canonicalize(right)) {
        (Ok(left), Ok(right)) => left == right,
        _ => false,
    }
}
