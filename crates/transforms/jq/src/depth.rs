//! How deep texts and values are nested.

use jaq_json::Val;

/// As deep as a value may be nested while an expression works on it, which is also what jq reads.
pub(crate) const MAX_DEPTH: usize = 10_000;

/// How deep the brackets of a JSON text are nested at most.
pub(crate) fn nesting(text: &str) -> usize {
    let (mut depth, mut deepest) = (0_usize, 0);
    let mut bytes = text.bytes();
    while let Some(byte) = bytes.next() {
        match byte {
            b'[' | b'{' => {
                depth += 1;
                deepest = deepest.max(depth);
            }
            b']' | b'}' => depth = depth.saturating_sub(1),
            b'"' => {
                while let Some(byte) = bytes.next().filter(|byte| *byte != b'"') {
                    if byte == b'\\' {
                        bytes.next();
                    }
                }
            }
            _ => {}
        }
    }
    deepest
}

/// Whether a value is nested deeper than so many levels.
pub(crate) fn is_deeper(value: &Val, levels: usize) -> bool {
    let inside = |value: &Val| match levels.checked_sub(1) {
        Some(levels) => is_deeper(value, levels),
        None => true,
    };
    match value {
        Val::Arr(items) => levels == 0 || items.iter().any(inside),
        Val::Obj(members) => {
            levels == 0 || members.iter().any(|(key, value)| inside(key) || inside(value))
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn depth_is_counted_in_texts_and_values() {
        for (text, depth) in [
            ("1", 0),
            ("[]", 1),
            (r#"{"a":[1,{"b":2}],"c":[]}"#, 3),
            (r#"["[[[[\"[["]"#, 1),
            ("[[[", 3),
        ] {
            assert_eq!(nesting(text), depth, "{text}");
            if let Ok(value) = jaq_json::read::parse_single(text.as_bytes()) {
                assert!(!is_deeper(&value, depth), "{text}");
                assert!(depth == 0 || is_deeper(&value, depth - 1), "{text}");
            }
        }
    }
}
