//! The comparison of keys.

use std::borrow::Cow;

use taskferry_sdk::json::Node;

use crate::config::Normalization;

/// Which differences between keys are ignored.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Comparison {
    spaces: bool,
    case: bool,
    zeros: bool,
}

impl Comparison {
    /// Ignores all differences.
    pub(crate) const LOOSE: Self = Self { spaces: true, case: true, zeros: true };

    pub(crate) fn of(options: &[Normalization]) -> Self {
        let has = |one| options.contains(&one);
        let (spaces, case) = (has(Normalization::Spaces), has(Normalization::Case));
        Self { spaces, case, zeros: has(Normalization::Zeros) }
    }

    /// The form of a key that is compared.
    pub(crate) fn compared(self, key: Cow<'_, str>) -> Cow<'_, str> {
        if self == Self::default() {
            return key;
        }
        let text = if self.spaces { key.trim() } else { &key };
        let digits = text.trim_start_matches('0');
        // A key of only zeros keeps one zero.
        let zeros = usize::from(digits.is_empty());
        let start = (text.len() - digits.len()).saturating_sub(zeros);
        let text = if self.zeros { text.get(start..).unwrap_or_default() } else { text };
        Cow::Owned(if self.case { text.to_lowercase() } else { text.to_owned() })
    }
}

/// The key as a string: the value of a string, or the JSON text of a number.
pub(crate) fn text_of(value: Node<'_>) -> Option<Cow<'_, str>> {
    value.as_str().or_else(|| value.as_number().map(Cow::Borrowed))
}
