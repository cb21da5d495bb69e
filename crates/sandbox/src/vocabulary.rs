//! The vocabularies of vendors, built in or from a file.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use taskferry_profile::mapping::{MappingRow, composed, read_mapping};

use crate::SandboxError;
use crate::catalog::id_of;
use crate::settings::Vendor;

/// The vocabularies of all vendors but TechWolf.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary(HashMap<Vendor, Counterparts>);

/// The counterparts of skills in the vocabulary of one vendor.
#[derive(Debug, Default)]
struct Counterparts {
    by_id: HashMap<String, Vec<Counterpart>>,
    by_name: HashMap<String, Vec<Counterpart>>,
}

/// A skill in the vocabulary of a vendor.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counterpart {
    pub(crate) skill_id: String,
    pub(crate) skill: String,
}

/// The maximum size of a file in bytes. It is read into memory.
const MAX_FILE_SIZE: u64 = 64 * 1024 * 1024;

/// The name of the file in messages.
const FILE: &str = "vocabulary";

impl Vocabulary {
    /// The vocabularies with the skills of generated jobs.
    pub(crate) fn built_in() -> Result<Self, SandboxError> {
        Self::read(include_bytes!("../data/vocabulary.csv")).map_err(|(line, message)| {
            SandboxError::Line { file: FILE, path: "vocabulary.csv".into(), line, message }
        })
    }

    /// The built-in vocabularies. For each vendor in the file, the rows of the file replace the built-in vocabulary.
    pub(crate) fn with_file(path: &Path) -> Result<Self, SandboxError> {
        let path_buf = || path.to_owned();
        let failed = |source| SandboxError::Open { file: FILE, path: path_buf(), source };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(MAX_FILE_SIZE + 1).read_to_end(&mut bytes).map_err(failed)?;
        let wrong =
            |(line, message)| SandboxError::Line { file: FILE, path: path_buf(), line, message };
        if bytes.len() as u64 > MAX_FILE_SIZE {
            return Err(wrong((1, format!("it is larger than {MAX_FILE_SIZE} bytes"))));
        }
        let from_file = Self::read(&bytes).map_err(wrong)?;
        let mut vocabulary = Self::built_in()?;
        vocabulary.0.extend(from_file.0);
        Ok(vocabulary)
    }

    /// Reads rows. Returns only the first error: its line and its message.
    fn read(bytes: &[u8]) -> Result<Self, (u64, String)> {
        let rows = read_mapping(bytes).map_err(|errors| {
            errors.into_iter().next().map_or_else(
                || (1, "it can't be read".to_owned()),
                |error| match error.help {
                    Some(help) => (error.line, format!("{}; {help}", error.message)),
                    None => (error.line, error.message),
                },
            )
        })?;
        let with_vendor = |row: MappingRow| match row.vendor.parse() {
            Ok(vendor) if vendor != Vendor::TechWolf => Ok((vendor, row)),
            _ => {
                let help = "write workday or sap_attribute_library";
                Err((row.line, format!("the vendor `{}` is unknown; {help}", row.vendor)))
            }
        };
        let mut rows = rows.into_iter().map(with_vendor).collect::<Result<Vec<_>, _>>()?;
        // Rows of equal rank keep their order.
        rows.sort_by_key(|(_, row)| row.rank);
        let mut vocabulary = Self::default();
        for (vendor, row) in rows {
            vocabulary.add(vendor, row);
        }
        Ok(vocabulary)
    }

    fn add(&mut self, vendor: Vendor, row: MappingRow) {
        let skill = row.vendor_skill;
        let skill_id = row.vendor_skill_id.unwrap_or_else(|| id_of(&format!("{vendor}: {skill}")));
        let counterpart = Counterpart { skill_id, skill };
        let Counterparts { by_id, by_name } = self.0.entry(vendor).or_default();
        if let Some(id) = row.skill_id {
            by_id.entry(id).or_default().push(counterpart.clone());
        }
        if let Some(name) = row.skill {
            by_name.entry(composed(&name).into_owned()).or_default().push(counterpart);
        }
    }

    /// The counterparts of a skill, which is looked up by id and then by name. The best one comes first.
    pub(crate) fn counterparts<'a>(
        &'a self,
        vendor: Vendor,
        skill_id: &str,
        skill: &str,
    ) -> impl Iterator<Item = &'a Counterpart> + use<'a> {
        let found = self.0.get(&vendor).and_then(|known| {
            known.by_id.get(skill_id.trim()).or_else(|| known.by_name.get(&*composed(skill.trim())))
        });
        found.into_iter().flatten()
    }
}
