//! The names of skills.

use crate::KeyPath;

/// The vocabulary in which a source names skills, if it is not TechWolf's.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Vocabulary {
    /// Its name, for example `workday`.
    pub name: String,
    /// The names of the other vocabularies that the source has.
    pub others: Vec<String>,
    /// The path of the option that selects it, from the source's table.
    pub option: KeyPath,
}

impl Vocabulary {
    /// A vocabulary, and the option that selects it.
    pub fn new(name: impl Into<String>, option: KeyPath) -> Self {
        Self { name: name.into(), others: Vec::new(), option }
    }

    /// Sets the names of the other vocabularies.
    #[must_use]
    pub fn others(mut self, names: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.others = names.into_iter().map(Into::into).collect();
        self
    }

    /// Whether `vendor` is the vendor of this vocabulary or of one of the others. Only the first word of each name is compared:
    /// `SAP` equals `sap_attribute_library`.
    ///
    /// ```
    /// use taskferry_sdk::{KeyPath, Vocabulary};
    ///
    /// let workday = Vocabulary::new("workday", KeyPath::of("external_vendor")).others(["sap_attribute_library"]);
    /// assert!(workday.contains("SAP") && workday.contains("Workday"));
    /// assert!(!workday.contains("acme"));
    /// ```
    pub fn contains(&self, vendor: &str) -> bool {
        let first = |name: &str| {
            let name = name.trim().to_lowercase();
            name.split(|letter: char| !letter.is_alphanumeric())
                .next()
                .unwrap_or_default()
                .to_owned()
        };
        let vendor = first(vendor);
        std::iter::once(&self.name).chain(&self.others).any(|name| first(name) == vendor)
    }
}
