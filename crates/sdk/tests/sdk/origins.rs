//! Origins and hashes, by which records are found again.

use taskferry_sdk::{Cursor, Origin, PartsHash};

#[test]
fn control_characters_in_origins_are_escaped() {
    let cursor = Some(Cursor::new("a\u{1b}[31m\nb"));
    let origin = Origin { page: 2, cursor, index: 0, job: Some("j\r1".into()) };
    assert_eq!(origin.to_string(), "page 2 (after `a\\u{1b}[31m\\nb`), record 1, id `j\\r1`");
}

#[test]
fn digests_never_change() {
    let digest = "601d5476e2ccfe2c87a2bba7a322659734a05749d5b5aa781f513e4912db0d5f";
    assert_eq!(PartsHash::of(["ab", "c"]).digest(), digest);
    let mut hash = PartsHash::default();
    hash.add("ab");
    hash.add(b"c");
    assert_eq!(hash.digest(), digest);
}
