//! Compacting JSON text.

/// The same JSON with no white space between its tokens. Strings are left alone.
///
/// `json` must be valid JSON; of anything else white space outside double quotes is taken out.
///
/// ```
/// assert_eq!(taskferry_sdk::compact(b"{ \"a b\" : [ 1 ] }"), b"{\"a b\":[1]}");
/// ```
pub fn compact(json: &[u8]) -> Vec<u8> {
    let mut out = Vec::with_capacity(json.len());
    let mut in_string = false;
    let mut escaped = false;
    for &byte in json {
        if in_string {
            out.push(byte);
            in_string = escaped || byte != b'"';
            escaped = !escaped && byte == b'\\';
        } else if !byte.is_ascii_whitespace() {
            out.push(byte);
            in_string = byte == b'"';
        }
    }
    out
}
