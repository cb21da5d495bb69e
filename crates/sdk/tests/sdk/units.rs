//! Durations and sizes are parsed and printed.

use taskferry_sdk::{ByteCount, Duration};

#[test]
fn sizes_and_durations_print_what_they_parse() {
    for text in ["1 MiB", "3 kB", "1 B", "2 GB"] {
        assert_eq!(text.parse::<ByteCount>().unwrap().to_string(), text);
    }
    for text in ["500ms", "30s", "1m 30s", "24h"] {
        assert_eq!(text.parse::<Duration>().unwrap().to_string(), text);
    }
}

#[test]
fn an_invalid_size_is_reported_with_the_syntax() {
    for text in ["", "MiB", "1.5", "-1", "-1 MiB", "1 XB", "0 B", "99999999999 GiB"] {
        let error = text.parse::<ByteCount>().unwrap_err();
        assert!(error.contains("512 KiB"), "{error}");
    }
}

#[test]
fn a_number_without_a_unit_is_reported_with_units_to_choose_from() {
    let size = "512".parse::<ByteCount>().unwrap_err();
    assert!(size.contains("`512` has no unit") && size.contains("512 KiB"), "{size}");
    let duration = "5".parse::<Duration>().unwrap_err();
    assert!(duration.contains("`5` has no unit") && duration.contains("5s"), "{duration}");
}
