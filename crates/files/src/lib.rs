//! Safe access to files in folders that other users can write to: files are opened without following links, checked, and
//! replaced atomically.
//!
//! A [`Folder`] is opened once, by a path of the user, whose links are followed. All names in it are then used through the
//! open folder. A file is never a symbolic link, a FIFO, a device, a file with a second name, or a file of another user: such a
//! file is an error, or is removed if it can only be a leftover. Names below a folder are opened component by component with
//! `O_NOFOLLOW`. This gives the guarantee of `openat2` with `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS`, also on kernels and under
//! seccomp filters without that call.
//!
//! ```
//! use taskferry_files::Place;
//!
//! let folder = tempfile::tempdir().unwrap();
//! let place = Place::of(&folder.path().join("state.json")).unwrap();
//! place.replace(b"{}\n", 0o600).unwrap();
//! assert_eq!(place.read().unwrap(), b"{}\n");
//!
//! std::os::unix::fs::symlink("/etc/passwd", folder.path().join("link")).unwrap();
//! let error = place.sibling("link").read().unwrap_err();
//! assert_eq!(error.to_string(), "it is a symbolic link");
//! ```

mod checks;
mod folder;
mod link;
mod place;
mod stream;

pub use folder::Folder;
pub use link::{LinkError, folder_of, target_of};
pub use place::{Claim, Place, part_name};
pub use stream::{BlockingWriter, is_closed_output};
