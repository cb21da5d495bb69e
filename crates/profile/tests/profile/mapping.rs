//! Errors in a mapping are reported with their lines.

use std::borrow::Cow;

use taskferry_profile::mapping::{composed, read_mapping};

fn errors(text: &str) -> Vec<String> {
    let errors = read_mapping(text.as_bytes()).unwrap_err();
    errors.iter().map(|error| format!("{}: {}", error.line, error.message)).collect()
}

#[test]
fn every_invalid_row_is_reported_with_its_line() {
    let rows = "vendor,skill,vendor_skill,rank\n\nworkday,A,\"two\nlines\",1\nworkday,B\nworkday,,x,1\n , ,\n,A,x,1\nsap,A,,1\nworkday,A,x,first\n";
    for text in [rows.to_owned(), rows.replace('\n', "\r\n")] {
        assert_eq!(
            errors(&text),
            [
                "5: the row has 2 columns, the header has 4",
                "6: `skill_id` and `skill` are both empty",
                "8: `vendor` is empty",
                "9: `vendor_skill` is empty",
                "10: the rank `first` is not a whole number of at least 0",
            ]
        );
    }
    assert_eq!(
        errors("vendor,skill,vendor_skill\nworkday,A,\"x\nworkday,B,y\n"),
        ["2: the quote that opens a cell in this line is not closed"]
    );
}

#[test]
fn errors_in_the_header_are_reported() {
    assert_eq!(errors(""), ["1: the file is empty"]);
    assert_eq!(
        errors("\n,,\nvendor,skill,vendor_skill,skill,rank,note,note\n"),
        ["3: duplicate column `skill`"]
    );
    assert_eq!(
        errors("vendor,vendor\n"),
        [
            "1: duplicate column `vendor`",
            "1: the column `vendor_skill` is missing",
            "1: the column `skill_id` or `skill` is missing"
        ]
    );
    for (text, help) in [
        (
            "vendor;skill;vendor_skill\n",
            "the columns are separated by semicolons; separate them with commas",
        ),
        (
            "vendor\tskill\tvendor_skill\n",
            "the columns are separated by tabs; separate them with commas",
        ),
        ("name,skill\n", "the header has `name`, `skill`"),
    ] {
        assert_eq!(read_mapping(text.as_bytes()).unwrap_err()[0].help.as_deref(), Some(help));
    }
}

#[test]
fn other_encodings_are_refused() {
    let latin = read_mapping(b"vendor,skill,vendor_skill\r\n\r\nworkday,A,\xff\n").unwrap_err();
    assert_eq!((latin[0].line, latin[0].message.as_str()), (3, "the line is not UTF-8 text"));
    let wide = read_mapping(b"\xff\xfev\0e\0").unwrap_err();
    assert_eq!(wide[0].message, "the file is UTF-16 text");
}

#[test]
fn spaces_a_byte_order_mark_and_unknown_columns_are_ignored() {
    let text = "\u{feff} vendor_skill , note, skill ,vendor\r\n\" Größe \",x, Size , workday \r\n\r\n,,,\r\n";
    let rows = read_mapping(text.as_bytes()).unwrap();
    let [row] = &rows[..] else { panic!("{rows:?}") };
    assert_eq!((row.line, row.vendor.as_str(), row.vendor_skill.as_str()), (2, "workday", "Größe"));
    assert_eq!(
        (row.skill.as_deref(), row.skill_id.as_deref(), row.rank),
        (Some("Size"), None, u64::MAX)
    );
}

#[test]
fn names_are_normalized() {
    assert_eq!(composed("Gro\u{308}ße"), "Größe");
    assert_eq!(composed("Ångström"), "Ångström");
    assert!(matches!(composed("Größe"), Cow::Borrowed(_)));
    assert_eq!(composed("\u{1100}\u{1161}\u{11a8}"), "각");
}
