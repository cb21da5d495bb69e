//! Files in folders that other users may write to: opened without following a link, checked before they are trusted,
//! replaced in one step.
//!
//! A [`Folder`] is opened once, by a path that the user named; links in that path are the user's own. From then on every
//! name below it is used through the open folder. The last component of a name is never a symbolic link, a FIFO, a
//! device, a file with a second name, or a file of a foreign user: such a file either takes no part (an error), or is
//! removed and created anew where it can only be a leftover. Names below a folder are opened component by component
//! with `O_NOFOLLOW`. This gives the guarantee of `openat2` with `RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS`, on kernels and
//! under seccomp filters without that call too.
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
pub use stream::{PatientWriter, is_closed_output};
