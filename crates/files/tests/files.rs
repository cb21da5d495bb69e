//! Foreign files are never opened, and own files are never lost.

#![expect(clippy::unwrap_used, reason = "a failed test panics")]

use std::fs::{self, File};
use std::io::{Read, Write};
use std::os::unix::fs::{MetadataExt, symlink};
use std::path::Path;

use rustix::fs::{CWD, FileType, Mode};
use taskferry_files::{Claim, Folder, FolderEntry, is_discarded, target_of};
use tempfile::TempDir;

const MODE: u32 = 0o600;

/// A shared folder, with a file elsewhere that must stay unchanged.
fn shared() -> (TempDir, FolderEntry) {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("precious"), "precious").unwrap();
    let entry = FolderEntry::of(&folder.path().join("name")).unwrap();
    (folder, entry)
}

fn fifo(path: &Path) {
    rustix::fs::mknodat(CWD, path, FileType::Fifo, Mode::from_raw_mode(0o600), 0).unwrap();
}

type Plant = fn(&TempDir);

/// What other processes can put under a name, and how the error describes it.
const PLANTED: [(Plant, &str); 4] = [
    (
        |folder| symlink(folder.path().join("precious"), folder.path().join("name")).unwrap(),
        "it is a symbolic link",
    ),
    (|folder| symlink("nowhere", folder.path().join("name")).unwrap(), "it is a symbolic link"),
    (
        |folder| fs::hard_link(folder.path().join("precious"), folder.path().join("name")).unwrap(),
        "it has more than one hard link",
    ),
    (|folder| fifo(&folder.path().join("name")), "it is not a regular file"),
];

#[test]
fn planted_files_are_not_opened() {
    for (plant, expected) in PLANTED {
        let (folder, entry) = shared();
        plant(&folder);
        assert_eq!(entry.open().unwrap_err().to_string(), expected);
        assert_eq!(entry.open_or_create(MODE).unwrap_err().to_string(), expected);
        assert_eq!(entry.read().unwrap_err().to_string(), expected);
    }
}

#[test]
fn planted_files_are_removed_when_a_file_is_claimed_or_created() {
    for (plant, expected) in PLANTED {
        for claim in [true, false] {
            let (folder, entry) = shared();
            plant(&folder);
            let mut file = if claim {
                let Claim::Own { file, removed } = entry.claim(MODE).unwrap() else { panic!() };
                assert_eq!(removed.unwrap(), expected);
                file
            } else {
                entry.create(MODE).unwrap()
            };
            file.write_all(b"new").unwrap();
            assert_eq!(entry.read().unwrap(), b"new");
            let precious = folder.path().join("precious");
            assert_eq!(fs::read(&precious).unwrap(), b"precious");
            assert_eq!(fs::metadata(&precious).unwrap().nlink(), 1);
        }
    }
}

#[test]
fn a_locked_file_is_busy_even_with_a_second_link() {
    let (folder, entry) = shared();
    let Claim::Own { file, removed: None } = entry.claim(MODE).unwrap() else { panic!() };
    // A backup may create a second link.
    fs::hard_link(folder.path().join("name"), folder.path().join("backup")).unwrap();
    assert!(matches!(entry.claim(MODE).unwrap(), Claim::Busy(_)));
    drop(file);
    assert!(matches!(entry.claim(MODE).unwrap(), Claim::Own { removed: Some(_), .. }));
}

#[test]
fn a_claimed_file_keeps_the_content_of_an_earlier_run() {
    let (_folder, entry) = shared();
    entry.create(MODE).unwrap().write_all(b"half").unwrap();
    let Claim::Own { mut file, removed: None } = entry.claim(MODE).unwrap() else { panic!() };
    let mut content = String::new();
    file.read_to_string(&mut content).unwrap();
    assert_eq!(content, "half");
}

#[test]
fn only_the_written_file_is_renamed() {
    let (folder, entry) = shared();
    let to = entry.sibling("target");
    fs::write(folder.path().join("target"), "old").unwrap();
    let file = entry.create(MODE).unwrap();
    fs::remove_file(folder.path().join("name")).unwrap();
    assert_eq!(entry.rename(&file, &to).unwrap_err().kind(), std::io::ErrorKind::NotFound);
    fs::write(folder.path().join("name"), "foreign").unwrap();
    let error = entry.rename(&file, &to).unwrap_err();
    assert_eq!(error.to_string(), "another process has replaced it");
    assert_eq!(to.read().unwrap(), b"old");
    let file = entry.create(MODE).unwrap();
    entry.rename(&file, &to).unwrap();
    assert_eq!(to.read().unwrap(), b"");
}

#[test]
fn an_opened_folder_cannot_be_redirected() {
    let (folder, _) = shared();
    let root = Folder::open(folder.path()).unwrap();
    let below = root.create_below(Path::new("a/b")).unwrap();
    fs::rename(folder.path().join("a"), folder.path().join("moved")).unwrap();
    symlink("elsewhere", folder.path().join("a")).unwrap();
    below.entry("file").replace(b"x", MODE).unwrap();
    assert!(folder.path().join("moved/b/file").exists());
    let error = root.create_below(Path::new("a/b")).unwrap_err();
    assert_eq!(error.to_string(), "it is a symbolic link");
    assert!(root.create_below(Path::new("../x")).is_err());
}

#[test]
fn a_symbolic_link_of_the_user_is_followed() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    fs::create_dir(at("sub")).unwrap();
    File::create(at("file")).unwrap();
    symlink("file", at("to-file")).unwrap();
    symlink("sub/new", at("to-new")).unwrap();
    symlink("to-new", at("chain")).unwrap();
    symlink("gone/new", at("dangling")).unwrap();
    symlink("loop", at("loop")).unwrap();
    symlink("sub", at("to-sub")).unwrap();
    assert_eq!(target_of(&at("plain")).unwrap(), at("plain"));
    assert_eq!(target_of(&at("to-file")).unwrap(), at("file"));
    assert_eq!(target_of(&at("to-new")).unwrap(), at("sub/new"));
    assert_eq!(target_of(&at("chain")).unwrap(), at("sub/new"));
    assert_eq!(target_of(&at("to-sub")).unwrap(), at("to-sub"));
    let refused = |name: &str| target_of(&at(name)).unwrap_err().to_string();
    assert!(refused("dangling").contains("gone/new`, and the folder `"));
    assert!(refused("loop").ends_with("is a symbolic link that leads to itself"));
}

#[test]
fn a_probe_of_a_folder_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let found = taskferry_files::probe_folder(folder.path()).unwrap();
    assert!(found.exists && found.free_bytes > 0, "{found:?}");
    let missing = folder.path().join("a/b");
    let found = taskferry_files::probe_folder(&missing).unwrap();
    assert_eq!((found.path.as_path(), found.exists), (folder.path(), false));
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
    std::os::unix::fs::symlink("nowhere", folder.path().join("link")).unwrap();
    let error = taskferry_files::probe_folder(&folder.path().join("link/below")).unwrap_err();
    assert!(error.to_string().contains("is a symbolic link"), "{error}");
}

#[test]
fn dev_null_for_reading_and_writing_is_recognized() {
    let null = |reads| File::options().read(reads).write(true).open("/dev/null").unwrap();
    assert_eq!([null(true), null(false)].map(is_discarded), [true, false]);
    assert!(!is_discarded(tempfile::tempfile().unwrap()));
}
