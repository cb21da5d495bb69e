//! A name in an open folder.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};

use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::Folder;
use crate::checks::Unfit;
use crate::link::folder_of;

/// How often a name is tried that others create and remove at the same time.
const ATTEMPTS: usize = 16;

/// A name in a folder. Everything under it happens in the folder that was opened at first, and never through a link.
#[derive(Debug, Clone)]
pub struct Place {
    folder: Folder,
    name: OsString,
}

/// What came of claiming a file.
#[derive(Debug)]
pub enum Claim {
    /// It is locked by this process now, for reading and writing.
    Own {
        /// The file. The lock lives as long as it is open.
        file: File,
        /// What stood there and was removed, since it could not be a leftover of an earlier run: `it is a symbolic link`.
        removed: Option<String>,
    },
    /// Another holder has locked it.
    Busy(File),
}

impl Folder {
    /// A name in it, which must be a single component.
    #[must_use]
    pub fn place(&self, name: impl AsRef<OsStr>) -> Place {
        Place::new(self.clone(), name.as_ref().to_owned())
    }
}

impl Place {
    pub(crate) fn new(folder: Folder, name: OsString) -> Self {
        Self { folder, name }
    }

    /// The place that `path` names, in a folder that exists.
    ///
    /// # Errors
    /// Those of opening the folder; a path without a name.
    pub fn of(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Folder::open(folder_of(path))?.place(name))
    }

    /// The same, where the folder is created with those above it if it does not exist.
    ///
    /// # Errors
    /// As [`Place::of`].
    pub fn in_created_folder(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Folder::create(folder_of(path))?.place(name))
    }

    /// Another name in the same folder.
    #[must_use]
    pub fn sibling(&self, name: impl AsRef<OsStr>) -> Self {
        self.folder.place(name)
    }

    /// The folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// Its path, for messages.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Opens the file for reading.
    ///
    /// # Errors
    /// Those of the file system; a file that is not a regular one of this user with one name.
    pub fn open(&self) -> io::Result<File> {
        let file = self.open_regular(OFlags::RDONLY)?;
        self.check(&file)?;
        Ok(file)
    }

    /// The content of the file.
    ///
    /// # Errors
    /// As [`Place::open`].
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.open()?.read_to_end(&mut content)?;
        Ok(content)
    }

    /// Opens the file for reading and writing, and creates it where there is none.
    ///
    /// # Errors
    /// As [`Place::open`].
    pub fn open_or_create(&self, mode: u32) -> io::Result<File> {
        for _ in 0..ATTEMPTS {
            match self.open_regular(OFlags::RDWR) {
                Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                opened => {
                    let file = opened?;
                    self.check(&file)?;
                    return Ok(file);
                }
            }
            match self.create_new(mode) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => return created,
            }
        }
        Err(contended())
    }

    /// Creates the file, empty. What stands there is removed, and never written to.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn create(&self, mode: u32) -> io::Result<File> {
        for _ in 0..ATTEMPTS {
            self.remove()?;
            match self.create_new(mode) {
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
                created => return created,
            }
        }
        Err(contended())
    }

    /// Opens and locks the file, creating it where there is none. What can't be a leftover of an earlier run is
    /// removed, and a new file takes its place, unless another holder has locked it.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn claim(&self, mode: u32) -> io::Result<Claim> {
        let mut removed = None;
        for _ in 0..ATTEMPTS {
            let (file, created) = match self.open_regular(OFlags::RDWR) {
                Ok(file) => (file, false),
                Err(error) if error.kind() == io::ErrorKind::NotFound => {
                    match self.create_new(mode) {
                        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => continue,
                        created => (created?, true),
                    }
                }
                Err(error) => {
                    let unfit = Unfit::of(&error).filter(|unfit| *unfit != Unfit::Folder);
                    removed = Some(unfit.ok_or(error)?.to_string());
                    self.remove()?;
                    continue;
                }
            };
            match file.try_lock() {
                Ok(()) => {}
                Err(TryLockError::WouldBlock) => return Ok(Claim::Busy(file)),
                Err(TryLockError::Error(error)) => return Err(error),
            }
            // Whoever held it before may have renamed or removed it in between.
            if !self.leads_to(&file)? {
                continue;
            }
            match self.check(&file) {
                Err(error) if !created => {
                    removed = Some(error.to_string());
                    self.remove()?;
                }
                _ => return Ok(Claim::Own { file, removed }),
            }
        }
        Err(contended())
    }

    /// Replaces the file in one step, forced to disk: whoever reads it, after whatever accident, finds the old content
    /// or the new.
    ///
    /// # Errors
    /// Those of the file system; the old content stays then.
    pub fn replace(&self, content: &[u8], mode: u32) -> io::Result<()> {
        let part = self.part("part");
        let mut file = part.create(mode)?;
        file.write_all(content)?;
        part.publish(&file, self)
    }

    /// Forces `file`, which was written under this name, to disk, and [renames](Self::rename) it to `to` for good.
    ///
    /// # Errors
    /// As [`Place::rename`].
    pub fn publish(&self, file: &File, to: &Self) -> io::Result<()> {
        file.sync_all()?;
        self.rename(file, to)?;
        to.folder.sync()
    }

    /// The name of what stands beside the file while it is written: `.NAME.part` for `part`.
    #[must_use]
    pub fn part(&self, ending: &str) -> Self {
        self.sibling(part_name(&self.name, ending))
    }

    /// Gives `file`, which was written here, the name `to` in the same folder, and replaces what has it.
    ///
    /// # Errors
    /// Those of the file system; another file stands here or there by now.
    pub fn rename(&self, file: &File, to: &Self) -> io::Result<()> {
        // That nothing stands there any more is told as such.
        self.look()?;
        if !self.leads_to(file)? {
            return Err(replaced());
        }
        rustix::fs::renameat(self.folder.as_fd(), &self.name, to.folder.as_fd(), &to.name)?;
        // Another process may have come in between.
        if to.leads_to(file)? { Ok(()) } else { Err(replaced()) }
    }

    /// Whether this name leads to `file`.
    fn leads_to(&self, file: &File) -> io::Result<bool> {
        let open = rustix::fs::fstat(file)?;
        match self.look() {
            Ok(found) => Ok((open.st_dev, open.st_ino) == (found.st_dev, found.st_ino)),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the file, or the link; nothing of this name is fine.
    ///
    /// # Errors
    /// Those of the file system.
    pub fn remove(&self) -> io::Result<()> {
        match rustix::fs::unlinkat(self.folder.as_fd(), &self.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn look(&self) -> Result<Stat, Errno> {
        rustix::fs::statat(self.folder.as_fd(), &self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Opens what must be a regular file. Anything else is not even opened, which may have effects or wait for ever.
    fn open_regular(&self, access: OFlags) -> io::Result<File> {
        if let Some(unfit) = Unfit::by_type(&self.look()?) {
            return Err(unfit.into());
        }
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(self.folder.as_fd(), &self.name, flags, Mode::empty()) {
            Ok(handle) => File::from(handle),
            Err(Errno::LOOP) => return Err(Unfit::Link.into()),
            Err(error) => return Err(error.into()),
        };
        match Unfit::by_type(&rustix::fs::fstat(&file)?) {
            Some(unfit) => Err(unfit.into()),
            None => Ok(file),
        }
    }

    fn create_new(&self, mode: u32) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode);
        Ok(rustix::fs::openat(self.folder.as_fd(), &self.name, flags, mode)?.into())
    }

    /// Whether the file has no second name, and belongs to this user or to the folder's owner, who has a say over it anyway.
    fn check(&self, file: &File) -> io::Result<()> {
        let found = rustix::fs::fstat(file)?;
        if found.st_nlink > 1 {
            return Err(Unfit::HardLink.into());
        }
        let is_ours = found.st_uid == rustix::process::geteuid().as_raw()
            || found.st_uid == rustix::fs::fstat(self.folder.as_fd())?.st_uid
            || self.owner_of_new_files().is_ok_and(|owner| owner == found.st_uid);
        if is_ours { Ok(()) } else { Err(Unfit::Foreign(found.st_uid).into()) }
    }

    /// Whom a new file belongs to: on a network share this can be another user for each.
    fn owner_of_new_files(&self) -> io::Result<u32> {
        let trial = self.part("owner");
        let file = trial.create(0o600)?;
        trial.remove()?;
        Ok(rustix::fs::fstat(&file)?.st_uid)
    }
}

/// What stands beside the file `name` while it is written: `.NAME.part` for `part`.
pub fn part_name(name: &OsStr, ending: &str) -> OsString {
    let mut part = OsString::from(".");
    part.push(name);
    part.push(".");
    part.push(ending);
    part
}

fn replaced() -> io::Error {
    io::Error::other("another process has put another file in its place")
}

fn contended() -> io::Error {
    io::Error::other("other processes keep creating and removing it")
}
