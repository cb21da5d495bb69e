//! Whether text says things in the one way that needs no decoding.

use memchr::memchr;

/// Whether the text can be compared and cut without decoding its strings: no printable ASCII character is written as an escape
/// (`\u0061`), so that a key of ASCII letters stands there as it is, and no half of a surrogate pair stands alone, which a
/// tree could not hold.
///
/// ```
/// use taskferry_json::is_plain;
///
/// assert!(is_plain(br#"{"a":"\n \u00e9 \ud83d\ude00"}"#));
/// assert!(!is_plain(br#"{"\u0061":1}"#));
/// assert!(!is_plain(br#"["\ud83d"]"#));
/// ```
pub fn is_plain(text: &[u8]) -> bool {
    let mut rest = text;
    while let Some(found) = memchr(b'\\', rest) {
        let (kind, after) = match rest.get(found + 1..).and_then(<[u8]>::split_first) {
            Some((kind, after)) => (*kind, after),
            None => return false,
        };
        rest = after;
        if kind != b'u' {
            continue;
        }
        let Some(unit) = code_unit(after) else { return false };
        rest = after.get(4..).unwrap_or_default();
        match unit {
            0x20..0x7f | 0xdc00..0xe000 => return false,
            0xd800..0xdc00 => {
                let low = rest.strip_prefix(b"\\u").and_then(code_unit);
                if !low.is_some_and(|low| (0xdc00..0xe000).contains(&low)) {
                    return false;
                }
                rest = rest.get(6..).unwrap_or_default();
            }
            _ => {}
        }
    }
    true
}

/// The four hexadecimal digits at the beginning.
fn code_unit(text: &[u8]) -> Option<u32> {
    let digits = std::str::from_utf8(text.get(..4)?).ok()?;
    u32::from_str_radix(digits, 16).ok()
}
