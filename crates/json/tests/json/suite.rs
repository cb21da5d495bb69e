//! The cases of `JSONTestSuite` in the folder given by the environment variable `JSON_TEST_SUITE`.

use std::fs;

use taskferry_json::ErrorKind::{Surrogate, Syntax, TooDeep, Utf8};
use taskferry_json::{Body, Document, ErrorKind};

/// The results for texts that RFC 8259 leaves open: numbers of any size are read, since they stay text; text that is
/// not UTF-8 or is nested too deeply is refused.
const LEFT_OPEN: [(&str, Option<ErrorKind>); 35] = [
    ("i_number_double_huge_neg_exp", None),
    ("i_number_huge_exp", None),
    ("i_number_neg_int_huge_exp", None),
    ("i_number_pos_double_huge_exp", None),
    ("i_number_real_neg_overflow", None),
    ("i_number_real_pos_overflow", None),
    ("i_number_real_underflow", None),
    ("i_number_too_big_neg_int", None),
    ("i_number_too_big_pos_int", None),
    ("i_number_very_big_negative_int", None),
    ("i_object_key_lone_2nd_surrogate", Some(Surrogate)),
    ("i_string_1st_surrogate_but_2nd_missing", Some(Surrogate)),
    ("i_string_1st_valid_surrogate_2nd_invalid", Some(Surrogate)),
    ("i_string_UTF-16LE_with_BOM", Some(Syntax)),
    ("i_string_UTF-8_invalid_sequence", Some(Utf8)),
    ("i_string_UTF8_surrogate_U+D800", Some(Utf8)),
    ("i_string_incomplete_surrogate_and_escape_valid", Some(Surrogate)),
    ("i_string_incomplete_surrogate_pair", Some(Surrogate)),
    ("i_string_incomplete_surrogates_escape_valid", Some(Surrogate)),
    ("i_string_invalid_lonely_surrogate", Some(Surrogate)),
    ("i_string_invalid_surrogate", Some(Surrogate)),
    ("i_string_invalid_utf-8", Some(Utf8)),
    ("i_string_inverted_surrogates_U+1D11E", Some(Surrogate)),
    ("i_string_iso_latin_1", Some(Utf8)),
    ("i_string_lone_second_surrogate", Some(Surrogate)),
    ("i_string_lone_utf8_continuation_byte", Some(Utf8)),
    ("i_string_not_in_unicode_range", Some(Utf8)),
    ("i_string_overlong_sequence_2_bytes", Some(Utf8)),
    ("i_string_overlong_sequence_6_bytes", Some(Utf8)),
    ("i_string_overlong_sequence_6_bytes_null", Some(Utf8)),
    ("i_string_truncated-utf-8", Some(Utf8)),
    ("i_string_utf16BE_no_BOM", Some(Syntax)),
    ("i_string_utf16LE_no_BOM", Some(Syntax)),
    ("i_structure_500_nested_arrays", Some(TooDeep)),
    ("i_structure_UTF-8_BOM_empty_object", Some(Syntax)),
];

#[test]
fn every_case_of_the_json_test_suite_has_the_required_result() {
    let Some(folder) = std::env::var_os("JSON_TEST_SUITE") else {
        eprintln!(
            "SKIPPED: set JSON_TEST_SUITE to the folder of JSONTestSuite's test_parsing files"
        );
        return;
    };
    let mut judged = 0;
    for file in fs::read_dir(folder).unwrap() {
        let path = file.unwrap().path();
        if path.extension().is_none_or(|extension| extension != "json") {
            continue;
        }
        let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
        let text = fs::read(&path).unwrap();
        let error = Document::parse(text.clone()).err().map(|error| error.kind());
        let in_body = Body::parse(text).err().map(|error| error.kind());
        match name.as_bytes()[0] {
            b'y' => assert_eq!((error, in_body), (None, None), "{name}"),
            b'n' => assert!(error.is_some() && in_body.is_some(), "{name}"),
            _ => {
                let (_, expected) = LEFT_OPEN.iter().find(|(open, _)| *open == name).unwrap();
                assert_eq!(error, *expected, "{name}");
                let of_parts = matches!(expected, Some(Surrogate | TooDeep));
                assert_eq!(in_body, expected.filter(|_| !of_parts), "{name}");
            }
        }
        judged += 1;
    }
    assert_eq!(judged, 318);
}
