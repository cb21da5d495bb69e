//! A new folder with files.

use std::fs::{self, File};
use std::io::{self, ErrorKind, Write};
use std::path::{Path, PathBuf};

use crate::console;
use crate::exit::Exit;

/// Whether there is anything at this path.
pub(super) fn exists(folder: &Path) -> bool {
    fs::symlink_metadata(folder).is_ok()
}

pub(super) fn already_exists(path: &Path) -> Exit {
    console::error(&format!("`{}` already exists, and is not overwritten", path.display()));
    console::help("choose another name, or another folder with `--dir`");
    Exit::USAGE
}

/// Creates the folder and the files, and reports an error. Nothing is overwritten.
pub(super) fn write(folder: &Path, files: &[(String, String)]) -> Result<(), Exit> {
    create(folder, files).map_err(|(path, error)| {
        if error.kind() == ErrorKind::AlreadyExists {
            return already_exists(&path);
        }
        console::error(&format!("can't write `{}`: {error}", path.display()));
        Exit::SINK
    })
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

/// Lists the files.
pub(super) fn list(folder: &Path, files: &[(String, String)]) {
    for (file, _) in files {
        console::line(&format!("wrote {}", folder.join(file).display()));
    }
}
