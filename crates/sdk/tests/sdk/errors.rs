//! Errors are described in one line.

use taskferry_sdk::{ErrorKind, StageError, is_unprintable};

#[test]
fn the_full_message_contains_each_cause_once() {
    let io = std::io::Error::other("disk on fire");
    let error =
        StageError::new(ErrorKind::Io, "can't write `out.csv`").caused_by(io).context("page 3");
    assert_eq!(error.full_message(), "page 3: can't write `out.csv`: disk on fire");
}

#[test]
fn control_characters_in_errors_are_escaped() {
    let cause = std::io::Error::other("cause \u{1b}[2J\u{9b}31m");
    let error = StageError::new(ErrorKind::Io, "message \u{1b}]0;x\u{7}")
        .context("context \r\n")
        .hint("hint \u{202e}")
        .caused_by(cause);
    let all = [error.full_message(), error.to_string(), error.hint_text().unwrap().to_owned()];
    assert!(!all.concat().chars().any(is_unprintable), "{all:?}");
    assert!(error.full_message().contains(r"cause \u{1b}[2J\u{9b}31m"), "{all:?}");
}

#[test]
fn an_error_is_one_pointer_wide() {
    assert_eq!(size_of::<Result<(), StageError>>(), size_of::<usize>());
}
