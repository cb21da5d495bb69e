//! Secrets are found in encoded text.

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE};
use proptest::prelude::*;
use taskferry_sdk::secret_forms;

proptest! {
    #[test]
    fn a_secret_is_found_in_base64_at_any_offset(
        before in "[a-z:]{0,9}",
        secret in "[a-zA-Z0-9?~ÿ]{9,30}",
        after in "[a-z]{0,9}",
    ) {
        let forms = secret_forms(&secret);
        for engine in [&STANDARD, &URL_SAFE] {
            let text = engine.encode(format!("{before}{secret}{after}"));
            prop_assert!(forms.iter().any(|form| text.contains(form)), "{text}");
        }
    }

    #[test]
    fn the_forms_of_any_text_include_the_text(secret in ".{1,20}") {
        prop_assert!(secret_forms(&secret).contains(&secret));
    }
}
