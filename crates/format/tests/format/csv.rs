//! CSV output through the public API.

use std::io::{self, Write};
use std::path::Path;

use proptest::prelude::*;
use serde_json::{Map, Value, json};
use taskferry_files::FolderEntry;
use taskferry_format::{
    Decimal, Delimiter, Dialect, Format, FormatOptions, LineEnding, RecordWriter, Spool,
    WriteError, WriteReport,
};
use taskferry_sdk::{ErrorKind, Record, Refusals, testing};

pub(crate) fn csv_options(columns: Option<&[&str]>) -> FormatOptions {
    let columns = columns.map(|names| names.iter().map(|name| (*name).to_owned()).collect());
    FormatOptions { format: Format::Csv, columns, ..FormatOptions::default() }
}

/// A writer that spools to the temporary folder of the system.
pub(crate) fn writer<W: Write>(options: &FormatOptions, out: W) -> RecordWriter<W> {
    RecordWriter::new(options, &Spool::Unnamed(std::env::temp_dir()), out).unwrap()
}

pub(crate) fn written(options: &FormatOptions, values: &[Value]) -> (String, WriteReport) {
    let mut writer = writer(options, Vec::new());
    for value in values {
        writer.write(&Record::from(value.clone())).unwrap();
    }
    let (bytes, report) = writer.finish().unwrap();
    (String::from_utf8(bytes).unwrap(), report)
}

fn read_back(text: &str) -> Vec<Vec<String>> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).from_reader(text.as_bytes());
    reader.records().map(|row| row.unwrap().iter().map(str::to_owned).collect()).collect()
}

#[test]
fn the_header_is_the_union_in_order_of_first_appearance() {
    let values = [json!({"b": 1}), json!({"a": 2, "b": 3}), json!({}), json!({"c": null, "a": -4})];
    let (text, report) = written(&csv_options(None), &values);
    assert_eq!(text, "b,a,c\r\n1,,\r\n3,2,\r\n,,\r\n,-4,\r\n");
    assert!(report.warnings().is_empty());
}

#[test]
fn a_dialect_matches_its_reader() {
    let values = [json!({"a": 1.5, "b": "ü, ;"}), json!({"b": "=1+1"})];
    let written = |options: FormatOptions| {
        let options = FormatOptions { format: Format::Csv, ..options };
        written(&options, &values).0
    };
    let dialect = |dialect| FormatOptions { dialect: Some(dialect), ..FormatOptions::default() };
    let rfc4180 = "a,b\r\n1.5,\"ü, ;\"\r\n,'=1+1\r\n";
    let semicolons = "\u{feff}a;b\r\n1,5;\"ü, ;\"\r\n;'=1+1\r\n";
    assert_eq!(written(FormatOptions::default()), rfc4180);
    assert_eq!(written(dialect(Dialect::Rfc4180)), rfc4180);
    assert_eq!(written(dialect(Dialect::Excel)), format!("\u{feff}{rfc4180}"));
    assert_eq!(written(dialect(Dialect::ExcelSemicolon)), semicolons);
    // Explicit options override the dialect.
    let options = FormatOptions {
        bom: Some(false),
        delimiter: Some(Delimiter::Tab),
        decimal: Some(Decimal::Point),
        line_ending: Some(LineEnding::Lf),
        ..dialect(Dialect::ExcelSemicolon)
    };
    assert_eq!(written(options), "a\tb\n1.5\tü, ;\n\t'=1+1\n");
}

#[test]
fn a_named_column_that_stays_empty_is_reported() {
    let values = [json!({"a": null, "b": "", "c": 0}), json!({"b": [], "c": null})];
    let (_, report) = written(&csv_options(Some(&["a", "b", "c", "z"])), &values);
    assert_eq!(
        report.warnings(),
        ["columns that no record has: `z`", "columns that are empty in all 2 records: `a`, `b`"]
    );
    let (_, report) = written(&csv_options(None), &values);
    assert!(report.warnings().is_empty(), "only named columns are reported");
}

#[test]
fn a_nul_is_replaced_and_reported() {
    let (text, report) = written(&csv_options(None), &[json!({"a\0": "x\0y\0"})]);
    assert_eq!(text, "a\u{fffd}\r\nx\u{fffd}y\u{fffd}\r\n");
    assert_eq!(report.warnings(), ["2 NUL characters were replaced by U+FFFD (\u{fffd})"]);
}

#[test]
fn escaped_cells_are_reported() {
    let values = [json!({"id": "-t1", "task": "=1"}), json!({"id": "t2", "task": "@a", "n": -1})];
    let (text, report) = written(&csv_options(None), &values);
    assert_eq!(text, "id,task,n\r\n'-t1,'=1,\r\nt2,'@a,-1\r\n");
    assert_eq!(report.escaped, [("id".to_owned(), 1), ("task".to_owned(), 2)]);
    assert_eq!(
        report.warnings(),
        [
            "cells that begin like a formula got a leading `'`: 1 in `id`, 2 in `task`; set `escape_formulas = false` if no \
          spreadsheet opens the table"
        ]
    );
    let options = FormatOptions { escape_formulas: Some(false), ..csv_options(None) };
    let (_, report) = written(&options, &values);
    assert!(report.warnings().is_empty());
}

#[test]
fn modified_spooled_rows_are_detected() {
    let folder = tempfile::tempdir().unwrap();
    let rows = folder.path().join("rows");
    let spool = Spool::Named(FolderEntry::of(&rows).unwrap());
    let begin = || {
        let mut writer = RecordWriter::new(&csv_options(None), &spool, Vec::new()).unwrap();
        for number in 0..9 {
            writer.write(&Record::from(json!({"a": number}))).unwrap();
        }
        let state = writer.sync().unwrap();
        (writer, state)
    };
    let change = |at: u64, bytes: &[u8]| {
        let file = std::fs::File::options().write(true).open(&rows).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, bytes, at).unwrap();
    };
    for (at, bytes) in [(1, &b"7"[..]), (1_000, b"\"more\"\n")] {
        let (writer, _) = begin();
        change(at, bytes);
        let error = writer.finish().map(|_| ()).unwrap_err().to_string();
        assert_eq!(error, format!("another process has changed `{}`", rows.display()));
    }
    let (writer, state) = begin();
    drop(writer);
    let entry = FolderEntry::of(&rows).unwrap();
    assert_eq!(state.matches_spool(&entry), Some(true));
    change(1, b"7");
    assert_eq!(state.matches_spool(&entry), Some(false));
    let resumed = RecordWriter::resume(&csv_options(None), &spool, &state, Vec::new());
    assert!(resumed.is_err());
}

#[test]
fn only_named_columns_are_written_and_others_are_reported() {
    let values = [json!({"b": 1, "x": 0}), json!({"y": 1, "a": "t", "x": 2})];
    let (text, report) = written(&csv_options(Some(&["a", "b", "z"])), &values);
    assert_eq!(text, "a,b,z\r\n,1,\r\nt,,\r\n");
    assert_eq!(
        report.warnings(),
        [
            "fields omitted because `columns` does not name them: `x`, `y`",
            "columns that no record has: `z`"
        ]
    );
}

#[test]
fn a_cell_does_not_depend_on_the_spelling_of_the_record() {
    let mut writer = writer(&csv_options(None), Vec::new());
    let texts = [
        r#"{ "a" : "old", "\u0061" : [ 1.50 , { "x" : { "y" : "\u00e9" } } ], "b": {"k": [ 1, 2 ]} }"#,
        r#"{"a":[1.50,{"x":{"y":"é"}}],"b":{"k":7,"k":[1,2]}}"#,
    ];
    for text in texts {
        writer.write(&Record::parse(text).unwrap()).unwrap();
    }
    let table = String::from_utf8(writer.finish().unwrap().0).unwrap();
    let rows = read_back(&table);
    assert_eq!(rows[0], ["a", "b"]);
    assert_eq!(rows[1], ["1.50; {\"y\":\"é\"}", "{\"k\":[1,2]}"]);
    assert_eq!(rows[1], rows[2]);
}

#[test]
fn the_list_of_omitted_fields_is_limited() {
    let fields: Map<String, Value> =
        (0..1000).map(|index| (format!("f{index}"), json!(1))).collect();
    let (_, report) = written(&csv_options(Some(&["f0"])), &[Value::Object(fields)]);
    assert_eq!((report.left_out.len(), report.more_left_out), (100, true));
    assert!(report.warnings()[0].ends_with("`f100` and more"));
}

#[test]
fn a_record_that_is_not_an_object_has_its_own_column() {
    let (text, _) = written(&csv_options(None), &[json!({"a": 1}), json!(["x", "y"]), json!(7)]);
    assert_eq!(text, "a,value\r\n1,\r\n,x; y\r\n,7\r\n");
}

#[test]
fn an_empty_table_has_a_header_only_with_named_columns() {
    assert_eq!(written(&csv_options(None), &[]).0, "");
    let (text, report) = written(&csv_options(Some(&["a", "b"])), &[]);
    assert_eq!(text, "a,b\r\n");
    assert!(report.warnings().is_empty(), "without records, no column is missing");
}

#[test]
fn formulas_are_escaped_in_cells_and_headers_by_default() {
    let values = [json!({"=a": "@b", "n": -5, "l": ["+c"]})];
    let mut options = csv_options(None);
    assert_eq!(written(&options, &values).0, "'=a,n,l\r\n'@b,-5,'+c\r\n");
    options.escape_formulas = Some(false);
    assert_eq!(written(&options, &values).0, "=a,n,l\r\n@b,-5,+c\r\n");
}

#[test]
fn quotes_commas_and_line_breaks_are_quoted() {
    let (text, _) = written(&csv_options(None), &[json!({"a": "x,\"y\"\r\nz", "b": " s "})]);
    assert_eq!(text, "a,b\r\n\"x,\"\"y\"\"\r\nz\", s \r\n");
}

#[test]
fn a_large_table_is_spooled_to_disk() {
    let folder = tempfile::tempdir().unwrap();
    let mut writer = RecordWriter::new(
        &csv_options(None),
        &Spool::Unnamed(folder.path().to_owned()),
        Vec::new(),
    )
    .unwrap();
    let long = "x".repeat(1000);
    for number in 0..10_000 {
        let record =
            if number == 9_999 { json!({"late": 1}) } else { json!({"n": number, "long": long}) };
        writer.write(&Record::from(record)).unwrap();
    }
    assert!(writer.get_ref().is_empty());
    let (bytes, _) = writer.finish().unwrap();
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.lines().count(), 10_001);
    assert!(text.starts_with("n,long,late\r\n0,xxx") && text.ends_with("\r\n,,1\r\n"));
    assert_eq!(folder.path().read_dir().unwrap().count(), 0, "the spool leaves nothing behind");
}

#[test]
fn an_unwritable_spool_is_named() {
    let nowhere = Path::new("no/such/folder");
    let mut writer =
        RecordWriter::new(&csv_options(None), &Spool::Unnamed(nowhere.to_owned()), Vec::new())
            .unwrap();
    let record = Record::from(json!({"a": "x".repeat(5 << 20)}));
    let error = writer.write(&record).and_then(|()| writer.flush()).unwrap_err();
    let WriteError::Spool(error) = error else { panic!("{error}") };
    assert!(error.to_string().contains("`no/such/folder`"), "{error}");
    assert!(error.hint_text().unwrap().contains("`columns`"));
}

#[test]
fn an_unreadable_record_is_named() {
    let records = [r#"{"a":1}"#, r#"{"a":"\ud800"}"#].map(|text| Record::parse(text).unwrap());
    let batch = testing::batch(7, records);
    for columns in [None, Some(&["a"][..])] {
        let mut writer = writer(&csv_options(columns), Vec::new());
        let explain = |error: std::io::Error| panic!("{error}");
        let mut refusals = Refusals::forbidden();
        let error = writer.write_batch(&batch, &mut refusals, explain).unwrap_err();
        assert_eq!((error.kind(), error.record()), (ErrorKind::Malformed, Some(1)));
    }
}

#[test]
fn the_number_of_columns_is_limited() {
    let fields: Map<String, Value> =
        (0..20_000).map(|index| (format!("f{index}"), json!(1))).collect();
    let mut writer = writer(&csv_options(None), Vec::new());
    let WriteError::Record(error) = writer.write(&Record::from(Value::from(fields))).unwrap_err()
    else {
        panic!()
    };
    assert_eq!(error.kind(), ErrorKind::Limit);
}

#[test]
fn errors_of_the_output_are_returned_unchanged() {
    #[derive(Debug)]
    struct Full;
    impl Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::StorageFull.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    for columns in [None, Some(&["a"][..])] {
        let mut writer = writer(&csv_options(columns), Full);
        writer.write(&Record::from(json!({"a": 1}))).unwrap();
        let WriteError::Output(error) = writer.finish().unwrap_err() else { panic!() };
        assert_eq!(error.kind(), io::ErrorKind::StorageFull);
    }
}

/// A reader does not return a byte order mark at the start as text.
fn has_no_byte_order_mark(text: &str) -> bool {
    !text.starts_with('\u{feff}')
}

fn any_value() -> impl Strategy<Value = Value> {
    let scalar = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<String>().prop_map(Value::from),
        "[\"\r\n,;=+@'\u{feff} \t-]{0,4}".prop_map(Value::from),
    ];
    scalar.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec(("[a-c]|.{0,3}", inner), 0..5)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #[test]
    fn any_records_become_a_rectangular_table(
        values in prop::collection::vec(any_value(), 0..8), named in any::<bool>(),
    ) {
        let columns = ["a", "b", "never"];
        let (text, report) = written(&csv_options(named.then_some(&columns[..])), &values);
        prop_assert_eq!(report.records, values.len() as u64);
        prop_assume!(has_no_byte_order_mark(&text));
        let rows = read_back(&text);
        if let Some(header) = rows.first() {
            // A row of one empty cell is quoted, so that readers count it as a row.
            prop_assert_eq!(rows.len(), values.len() + 1);
            prop_assert!(rows.iter().all(|row| row.len() == header.len()));
            prop_assert!(!named || header == &columns);
        } else {
            let fields = |value: &Value| value.as_object().is_none_or(|fields| !fields.is_empty());
            prop_assert!(!values.iter().any(fields), "{:?}", values);
        }
    }

    #[test]
    fn a_resumed_table_equals_an_uninterrupted_one(
        values in prop::collection::vec(any_value(), 0..8), stop in any::<prop::sample::Index>(), named in any::<bool>(),
        dialect in prop::sample::select(&[Dialect::Rfc4180, Dialect::Excel, Dialect::ExcelSemicolon][..]),
    ) {
        let options = csv_options(named.then_some(&["a", "b"][..]));
        let options = FormatOptions { dialect: Some(dialect), ..options };
        let (whole, expected) = written(&options, &values);
        let folder = tempfile::tempdir().unwrap();
        let spool = Spool::Named(FolderEntry::of(&folder.path().join("rows")).unwrap());
        let stop = stop.index(values.len() + 1);
        let mut out = Vec::new();
        let mut writer = RecordWriter::new(&options, &spool, &mut out).unwrap();
        for value in &values[..stop] {
            writer.write(&Record::from(value.clone())).unwrap();
        }
        let state = serde_json::to_string(&writer.sync().unwrap()).unwrap();
        drop(writer);
        let state = serde_json::from_str(&state).unwrap();
        let mut writer = RecordWriter::resume(&options, &spool, &state, &mut out).unwrap();
        for value in &values[stop..] {
            writer.write(&Record::from(value.clone())).unwrap();
        }
        let (_, report) = writer.finish().unwrap();
        prop_assert_eq!(report, expected);
        prop_assert_eq!(String::from_utf8(out).unwrap(), whole);
    }

    #[test]
    fn every_cell_survives_a_round_trip(
        names in prop::collection::hash_set(any::<String>().prop_filter("mark", |name| has_no_byte_order_mark(name)), 1..5),
        texts in prop::collection::vec(prop::collection::vec(prop::option::of(any::<String>()), 5), 0..6),
    ) {
        let names: Vec<String> = names.into_iter().collect();
        let record = |texts: &Vec<Option<String>>| {
            let fields = names.iter().zip(texts).filter_map(|(name, text)| Some((name.clone(), json!(text.as_ref()?))));
            Value::Object(fields.collect())
        };
        let values: Vec<Value> = texts.iter().map(record).collect();
        let expected = |header: &[String]| -> Vec<Vec<String>> {
            let cell = |value: &Value, name: &String| value.get(name).and_then(Value::as_str).unwrap_or("").replace('\0', "\u{fffd}");
            values.iter().map(|value| header.iter().map(|name| cell(value, name)).collect()).collect()
        };

        let named = FormatOptions {
            format: Format::Csv,
            columns: Some(names.clone()),
            escape_formulas: Some(false),
            ..FormatOptions::default()
        };
        let rows = read_back(&written(&named, &values).0);
        let header: Vec<String> = names.iter().map(|name| name.replace('\0', "\u{fffd}")).collect();
        prop_assert_eq!(&rows[0], &header);
        prop_assert_eq!(&rows[1..], &expected(&names)[..]);

        // A column name with a NUL is not found in the header.
        prop_assume!(names.iter().all(|name| !name.contains('\0')));
        let union = FormatOptions { columns: None, ..named };
        let rows = read_back(&written(&union, &values).0);
        if let Some((header, rows)) = rows.split_first() {
            prop_assert_eq!(rows, &expected(header)[..]);
        } else {
            prop_assert_eq!(values.iter().filter(|value| *value != &json!({})).count(), 0);
        }
    }

    #[test]
    fn no_text_becomes_a_formula(text in "[ \t\r\n\u{a0}]{0,2}[=+@a-]?.{0,3}") {
        let (table, _) = written(&csv_options(Some(&["a"])), &[json!({"a": text})]);
        let cell = read_back(&table)[1][0].clone();
        prop_assert!(!cell.trim_start().starts_with(['=', '+', '-', '@']), "{cell:?}");
        prop_assert_eq!(cell.strip_prefix('\'').unwrap_or(&cell), text.strip_prefix('\'').unwrap_or(&text).replace('\0', "\u{fffd}"));
    }
}
