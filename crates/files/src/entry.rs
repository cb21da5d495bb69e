//! An entry of an open folder.

use std::ffi::{OsStr, OsString};
use std::fs::{File, TryLockError};
use std::io::{self, Read, Write};
use std::os::fd::AsFd;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use rustix::fs::{AtFlags, Mode, OFlags, Stat};
use rustix::io::Errno;

use crate::Folder;
use crate::checks::UnsafeFile;
use crate::link::folder_of;

/// The number of attempts if other processes create and remove the file concurrently.
const ATTEMPTS: usize = 16;
/// How long to wait while other processes hold the shared lock, which they do to test whether the file is locked.
const SHARED_LOCK_TIMEOUT: Duration = Duration::from_secs(5);
const SHARED_LOCK_POLL: Duration = Duration::from_millis(5);

/// An entry of an open folder, by its name. The file may be missing. It is always accessed through the open folder, and never
/// through a link.
#[derive(Debug, Clone)]
pub struct FolderEntry {
    folder: Folder,
    name: OsString,
}

/// The result of claiming a file.
#[derive(Debug)]
pub enum Claim {
    /// This process holds the lock, for reading and writing.
    Own {
        /// The file. It stays locked while it is open.
        file: File,
        /// Why another file with this name was removed: `it is a symbolic link`. `None` if none was removed.
        removed: Option<String>,
    },
    /// Another process or handle holds the lock.
    Busy(File),
}

impl Folder {
    /// The entry with this name, which must be a single component. The file may be missing.
    #[must_use]
    pub fn entry(&self, name: impl AsRef<OsStr>) -> FolderEntry {
        FolderEntry { folder: self.clone(), name: name.as_ref().to_owned() }
    }
}

impl FolderEntry {
    /// The entry at `path`, in an existing folder.
    ///
    /// # Errors
    /// Errors of opening the folder; a path without a file name.
    pub fn of(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Folder::open(folder_of(path))?.entry(name))
    }

    /// As [`FolderEntry::of`], but creates the folder and its parents if they do not exist.
    ///
    /// # Errors
    /// As [`FolderEntry::of`].
    pub fn in_created_folder(path: &Path) -> io::Result<Self> {
        let name = path.file_name().ok_or(io::ErrorKind::InvalidInput)?;
        Ok(Folder::create(folder_of(path))?.entry(name))
    }

    /// Another entry of the same folder.
    #[must_use]
    pub fn sibling(&self, name: impl AsRef<OsStr>) -> Self {
        self.folder.entry(name)
    }

    /// The folder.
    pub fn folder(&self) -> &Folder {
        &self.folder
    }

    /// The path, for messages.
    pub fn path(&self) -> PathBuf {
        self.folder.path().join(&self.name)
    }

    /// Opens the file for reading.
    ///
    /// # Errors
    /// Errors of the file system; a file that is not a regular file of this user with a single name.
    pub fn open(&self) -> io::Result<File> {
        let file = self.open_regular(OFlags::RDONLY)?;
        self.check(&file)?;
        Ok(file)
    }

    /// The content of the file.
    ///
    /// # Errors
    /// As [`FolderEntry::open`].
    pub fn read(&self) -> io::Result<Vec<u8>> {
        let mut content = Vec::new();
        self.open()?.read_to_end(&mut content)?;
        Ok(content)
    }

    /// Opens the file for reading and writing. Creates it if it does not exist.
    ///
    /// # Errors
    /// As [`FolderEntry::open`].
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

    /// Creates the file, empty. An existing file or link is removed, and never written to.
    ///
    /// # Errors
    /// Errors of the file system.
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

    /// Opens and locks the file. Creates it if it does not exist. A file that can't be a leftover of an earlier run is replaced by
    /// a new one, unless it is locked.
    ///
    /// # Errors
    /// Errors of the file system.
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
                    let unfit = UnsafeFile::of(&error).filter(|unfit| *unfit != UnsafeFile::Folder);
                    removed = Some(unfit.ok_or(error)?.to_string());
                    self.remove()?;
                    continue;
                }
            };
            if !lock(&file)? {
                return Ok(Claim::Busy(file));
            }
            // The previous holder may have renamed or removed the file since.
            if !self.refers_to(&file)? {
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

    /// Replaces the file atomically and durably: after any crash, the file has either the old or the new content.
    ///
    /// # Errors
    /// Errors of the file system. The old content is then kept.
    pub fn replace(&self, content: &[u8], mode: u32) -> io::Result<()> {
        let part = self.part("part");
        let mut file = part.create(mode)?;
        file.write_all(content)?;
        part.publish(&file, self)
    }

    /// Syncs `file`, which was written under this name, [renames](Self::rename) it to `to`, and syncs the folder.
    ///
    /// # Errors
    /// As [`FolderEntry::rename`].
    pub fn publish(&self, file: &File, to: &Self) -> io::Result<()> {
        file.sync_all()?;
        self.rename(file, to)?;
        to.folder.sync()
    }

    /// The entry of a temporary file in the same folder: `.NAME.part` for `part`.
    #[must_use]
    pub fn part(&self, ending: &str) -> Self {
        self.sibling(part_name(&self.name, ending))
    }

    /// Renames `file`, which was written under this name, to `to` in the same folder. An existing file there is replaced.
    ///
    /// # Errors
    /// Errors of the file system; another file has one of the names.
    pub fn rename(&self, file: &File, to: &Self) -> io::Result<()> {
        // A missing file is reported as such.
        self.look()?;
        if !self.refers_to(file)? {
            return Err(replaced());
        }
        rustix::fs::renameat(self.folder.as_fd(), &self.name, to.folder.as_fd(), &to.name)?;
        // Another process may have replaced the renamed file.
        if to.refers_to(file)? { Ok(()) } else { Err(replaced()) }
    }

    /// Whether this entry refers to `file`.
    fn refers_to(&self, file: &File) -> io::Result<bool> {
        let open = rustix::fs::fstat(file)?;
        match self.look() {
            Ok(found) => Ok((open.st_dev, open.st_ino) == (found.st_dev, found.st_ino)),
            Err(Errno::NOENT) => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Removes the file or link, if it exists.
    ///
    /// # Errors
    /// Errors of the file system.
    pub fn remove(&self) -> io::Result<()> {
        match rustix::fs::unlinkat(self.folder.as_fd(), &self.name, AtFlags::empty()) {
            Ok(()) | Err(Errno::NOENT) => Ok(()),
            Err(error) => Err(error.into()),
        }
    }

    fn look(&self) -> Result<Stat, Errno> {
        rustix::fs::statat(self.folder.as_fd(), &self.name, AtFlags::SYMLINK_NOFOLLOW)
    }

    /// Opens a regular file. Other files are not opened, since that can have effects or block.
    fn open_regular(&self, access: OFlags) -> io::Result<File> {
        if let Some(unfit) = UnsafeFile::by_type(&self.look()?) {
            return Err(unfit.into());
        }
        let flags = access | OFlags::NOFOLLOW | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
        let file = match rustix::fs::openat(self.folder.as_fd(), &self.name, flags, Mode::empty()) {
            Ok(handle) => File::from(handle),
            Err(Errno::LOOP) => return Err(UnsafeFile::Link.into()),
            Err(error) => return Err(error.into()),
        };
        match UnsafeFile::by_type(&rustix::fs::fstat(&file)?) {
            Some(unfit) => Err(unfit.into()),
            None => Ok(file),
        }
    }

    fn create_new(&self, mode: u32) -> io::Result<File> {
        let flags = OFlags::RDWR | OFlags::CREATE | OFlags::EXCL | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode);
        Ok(rustix::fs::openat(self.folder.as_fd(), &self.name, flags, mode)?.into())
    }

    /// Checks that the file has a single name. Its owner must be this user, the owner of the folder, or the owner of new files.
    fn check(&self, file: &File) -> io::Result<()> {
        let found = rustix::fs::fstat(file)?;
        if found.st_nlink > 1 {
            return Err(UnsafeFile::HardLink.into());
        }
        let is_ours = found.st_uid == rustix::process::geteuid().as_raw()
            || found.st_uid == rustix::fs::fstat(self.folder.as_fd())?.st_uid
            || self.owner_of_new_files().is_ok_and(|owner| owner == found.st_uid);
        if is_ours { Ok(()) } else { Err(UnsafeFile::Foreign(found.st_uid).into()) }
    }

    /// The owner of a new file, which can be another user on a network share.
    fn owner_of_new_files(&self) -> io::Result<u32> {
        let trial = self.part("owner");
        let file = trial.create(0o600)?;
        trial.remove()?;
        Ok(rustix::fs::fstat(&file)?.st_uid)
    }
}

/// Locks a file; returns false if another process has locked it for writing. Retries while other processes hold the shared
/// lock, which they do to test whether the file is locked.
fn lock(file: &File) -> io::Result<bool> {
    let start = Instant::now();
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(true),
            Err(TryLockError::WouldBlock) => {}
            Err(TryLockError::Error(error)) => return Err(error),
        }
        match file.try_lock_shared() {
            Ok(()) => file.unlock()?,
            Err(TryLockError::WouldBlock) => return Ok(false),
            Err(TryLockError::Error(error)) => return Err(error),
        }
        if start.elapsed() > SHARED_LOCK_TIMEOUT {
            return Ok(false);
        }
        std::thread::sleep(SHARED_LOCK_POLL);
    }
}

/// The name of a temporary file beside `name`: `.NAME.part` for `part`.
pub fn part_name(name: &OsStr, ending: &str) -> OsString {
    let mut part = OsString::from(".");
    part.push(name);
    part.push(".");
    part.push(ending);
    part
}

fn replaced() -> io::Error {
    io::Error::other("another process has replaced it")
}

fn contended() -> io::Error {
    io::Error::other(
        "other processes repeatedly create and remove the file; stop them, or choose another path",
    )
}
