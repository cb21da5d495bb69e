//! Bytes as hexadecimal digits.

use std::fmt::Write;

/// The bytes as lower-case hexadecimal digits.
///
/// ```
/// assert_eq!(taskferry_sdk::hex([0x0f, 0xa0]), "0fa0");
/// ```
pub fn hex(bytes: impl AsRef<[u8]>) -> String {
    bytes.as_ref().iter().fold(String::new(), |mut digits, byte| {
        // Writing to a string can't fail.
        let _ = write!(digits, "{byte:02x}");
        digits
    })
}
