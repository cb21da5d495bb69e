//! Safe access to files in folders that other users may write to. Files are opened without following links, checked, and
//! replaced atomically.
//!
//! A [`Folder`] is opened once, by a path that the user configured. Links in this path are followed. Names below the folder are
//! opened relative to it, component by component, with `O_NOFOLLOW`. A symbolic link, a FIFO, a device, a file with several hard
//! links, or a file of another user is not used: it is an error, or [`create`](FolderEntry::create) and
//! [`claim`](FolderEntry::claim) remove it. `docs/decisions/0011` contains the reasons.
//!
//! ```
//! use taskferry_files::FolderEntry;
//!
//! let folder = tempfile::tempdir().unwrap();
//! let entry = FolderEntry::of(&folder.path().join("state.json")).unwrap();
//! entry.replace(b"{}\n", 0o600).unwrap();
//! assert_eq!(entry.read().unwrap(), b"{}\n");
//!
//! std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
//! let error = entry.sibling("link").read().unwrap_err();
//! assert_eq!(error.to_string(), "it is a symbolic link");
//! ```

mod checks;
mod entry;
mod folder;
mod link;
mod probe;
mod stream;

pub use entry::{Claim, FolderEntry, part_name};
pub use folder::Folder;
pub use link::{LinkError, folder_of, target_of};
pub use probe::{WritableFolder, probe_folder};
pub use stream::{BlockingWriter, is_discarded};
