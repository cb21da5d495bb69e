//! Errors in the format options are reported.

use taskferry_format::{Decimal, Delimiter, Dialect, Format, FormatOptions};

fn codes(
    format: Format,
    columns: Option<&[&str]>,
    escape_formulas: Option<bool>,
) -> Vec<(String, &'static str)> {
    let columns = columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    let problems =
        FormatOptions { format, columns, escape_formulas, ..FormatOptions::default() }.problems();
    problems.into_iter().map(|problem| (problem.path.to_string(), problem.code)).collect()
}

#[test]
fn options_without_effect_are_reported() {
    let both =
        [("columns".to_owned(), "unused-option"), ("escape_formulas".to_owned(), "unused-option")];
    assert_eq!(codes(Format::Json, Some(&["a"]), Some(true)), both);
    assert_eq!(codes(Format::Csv, Some(&["a"]), Some(true)), []);
}

#[test]
fn a_comma_as_delimiter_and_decimal_separator_is_an_error() {
    let problems = |options: FormatOptions| -> Vec<String> {
        let options = FormatOptions { format: Format::Csv, ..options };
        options.problems().into_iter().map(|problem| problem.path.to_string()).collect()
    };
    let decimal = Some(Decimal::Comma);
    assert_eq!(problems(FormatOptions { decimal, ..FormatOptions::default() }), ["decimal"]);
    let (dialect, delimiter) = (Some(Dialect::ExcelSemicolon), Some(Delimiter::Comma));
    let options = FormatOptions { dialect, delimiter, ..FormatOptions::default() };
    assert_eq!(problems(options.clone()), ["delimiter"]);
    let decimal = Some(Decimal::Point);
    assert!(problems(FormatOptions { decimal, ..options }).is_empty());
}

#[test]
fn columns_must_be_unique_and_not_empty() {
    assert_eq!(codes(Format::Csv, Some(&[]), None), [("columns".to_owned(), "empty-value")]);
    assert_eq!(
        codes(Format::Csv, Some(&["a", "b", "a", "a"]), None),
        [
            ("columns[2]".to_owned(), "duplicate-value"),
            ("columns[3]".to_owned(), "duplicate-value")
        ]
    );
}
