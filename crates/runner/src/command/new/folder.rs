//! A new folder with files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::command_error::CommandError;
use crate::console;

/// The path of a new folder in `parent`.
///
/// # Errors
/// There is something at this path.
pub(super) fn new_path(parent: Option<&Path>, name: &str) -> Result<PathBuf, CommandError> {
    let folder = parent.unwrap_or(Path::new("")).join(name);
    match fs::symlink_metadata(&folder) {
        Ok(_) => Err(already_exists(&folder)),
        Err(_) => Ok(folder),
    }
}

fn already_exists(path: &Path) -> CommandError {
    let message = format!("`{}` already exists, and is not overwritten", path.display());
    CommandError::usage(message).help("choose another name, or another folder with `--dir`")
}

/// Creates the folder and the files, and lists them. Nothing is overwritten.
pub(super) fn write(folder: &Path, files: &[(String, String)]) -> Result<(), CommandError> {
    create(folder, files).map_err(|(path, error)| match error.kind() {
        ErrorKind::AlreadyExists => already_exists(&path),
        _ => CommandError::cannot_write(&path, &error),
    })?;
    for (file, _) in files {
        console::line(&format!("wrote {}", folder.join(file).display()));
    }
    Ok(())
}

fn create(folder: &Path, files: &[(String, String)]) -> Result<(), (PathBuf, io::Error)> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(|error| (parent.to_owned(), error))?;
    }
    fs::create_dir(folder).map_err(|error| (folder.to_owned(), error))?;
    for (name, text) in files {
        let path = folder.join(name);
        let write = || {
            path.parent().map_or(Ok(()), fs::create_dir_all)?;
            File::create_new(&path)?.write_all(text.as_bytes())
        };
        write().map_err(|error| (path.clone(), error))?;
    }
    Ok(())
}
