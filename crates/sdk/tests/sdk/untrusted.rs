use proptest::prelude::*;
use taskferry_sdk::{is_unprintable, printable, printable_json};

proptest! {
    #[test]
    fn any_text_becomes_one_short_line_without_control_characters(text in any::<String>(), more in "(\\PC|\\p{Cc}|\\p{Cf}){0,40}") {
        for text in [text, more] {
            let shown = printable(&text);
            prop_assert!(!shown.chars().any(is_unprintable));
            prop_assert!(shown.chars().count() <= 2000);
            let again = printable(&shown);
            prop_assert_eq!(again, shown.clone(), "an escaped text stays the same");
        }
    }

    #[test]
    fn escaped_json_parses_to_the_same_value(text in any::<String>(), more in "(\\PC|\\p{Cc}|\\p{Cf}){0,40}") {
        let json = serde_json::json!({"a": text, "b": [more]});
        for written in [json.to_string(), format!("{json:#}")] {
            let shown = printable_json(&written);
            prop_assert!(!shown.chars().any(|it| is_unprintable(it) && it != '\n'));
            prop_assert_eq!(serde_json::from_str::<serde_json::Value>(&shown).unwrap(), json.clone());
        }
    }
}
