//! What skills are called in the words of other vendors: the built-in words, or those of a file.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use taskferry_profile::mapping::{MappingRow, composed, read_mapping};

use crate::SandboxError;
use crate::catalog::id_of;
use crate::settings::Vendor;

/// The words of all vendors but TechWolf.
#[derive(Debug, Default)]
pub(crate) struct Vocabulary(HashMap<Vendor, Words>);

/// The words of one vendor.
#[derive(Debug, Default)]
struct Words {
    by_id: HashMap<String, Vec<Ranked>>,
    by_name: HashMap<String, Vec<Ranked>>,
}

#[derive(Debug, Clone)]
struct Ranked {
    rank: u64,
    counterpart: Counterpart,
}

/// A vendor's skill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Counterpart {
    pub(crate) skill_id: String,
    pub(crate) skill: String,
}

/// The largest file that is read, in bytes: it is kept in memory.
const LARGEST_FILE: u64 = 64 * 1024 * 1024;

impl Vocabulary {
    /// The words for the skills of generated jobs.
    pub(crate) fn built_in() -> Result<Self, SandboxError> {
        Self::read(include_bytes!("../data/vocabulary.csv")).map_err(|(line, message)| {
            SandboxError::Vocabulary { path: "vocabulary.csv".into(), line, message }
        })
    }

    /// The built-in words, but for each vendor that the file names those of the file alone.
    pub(crate) fn with_file(path: &Path) -> Result<Self, SandboxError> {
        let failed = |source| SandboxError::OpenVocabulary { path: path.to_owned(), source };
        let mut bytes = Vec::new();
        let file = File::open(path).map_err(failed)?;
        file.take(LARGEST_FILE + 1).read_to_end(&mut bytes).map_err(failed)?;
        let wrong =
            |(line, message)| SandboxError::Vocabulary { path: path.to_owned(), line, message };
        if bytes.len() as u64 > LARGEST_FILE {
            return Err(wrong((1, format!("it is larger than {LARGEST_FILE} bytes"))));
        }
        let from_file = Self::read(&bytes).map_err(wrong)?;
        let mut vocabulary = Self::built_in()?;
        vocabulary.0.extend(from_file.0);
        Ok(vocabulary)
    }

    /// Reads rows, or says on which line the first mistake is and what.
    fn read(bytes: &[u8]) -> Result<Self, (u64, String)> {
        let rows = read_mapping(bytes).map_err(|mistakes| {
            mistakes.into_iter().next().map_or_else(
                || (1, "it can't be read".to_owned()),
                |mistake| match mistake.help {
                    Some(help) => (mistake.line, format!("{}; {help}", mistake.message)),
                    None => (mistake.line, mistake.message),
                },
            )
        })?;
        let mut vocabulary = Self::default();
        for row in rows {
            let vendor = row.vendor.parse().ok().filter(|vendor| *vendor != Vendor::TechWolf);
            let vendor = vendor.ok_or_else(|| {
                let vendor = &row.vendor;
                let known = "neither workday nor sap_attribute_library";
                (row.line, format!("the vendor `{vendor}` is {known}"))
            })?;
            vocabulary.add(vendor, &row);
        }
        Ok(vocabulary)
    }

    fn add(&mut self, vendor: Vendor, row: &MappingRow) {
        let skill = row.vendor_skill.clone();
        let skill_id =
            row.vendor_skill_id.clone().unwrap_or_else(|| id_of(&format!("{vendor}: {skill}")));
        let ranked = Ranked { rank: row.rank, counterpart: Counterpart { skill_id, skill } };
        let words = self.0.entry(vendor).or_default();
        let name = row.skill.as_deref().map(composed);
        for (map, key) in
            [(&mut words.by_id, row.skill_id.as_deref()), (&mut words.by_name, name.as_deref())]
        {
            let Some(key) = key else { continue };
            let counterparts = map.entry(key.to_owned()).or_default();
            // Of equal ranks the first row comes first.
            let place = counterparts.partition_point(|known| known.rank <= ranked.rank);
            counterparts.insert(place, ranked.clone());
        }
    }

    /// All counterparts of a skill, the best one first; looked up by id, else by name.
    pub(crate) fn counterparts<'a>(
        &'a self,
        vendor: Vendor,
        skill_id: &str,
        skill: &str,
    ) -> impl Iterator<Item = &'a Counterpart> + use<'a> {
        let words = self.0.get(&vendor);
        let found = words.and_then(|words| {
            words.by_id.get(skill_id.trim()).or_else(|| words.by_name.get(&*composed(skill.trim())))
        });
        found.into_iter().flatten().map(|ranked| &ranked.counterpart)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(vocabulary: &Vocabulary, vendor: Vendor, id: &str, name: &str) -> Vec<String> {
        let counterparts = vocabulary.counterparts(vendor, id, name);
        counterparts.map(|counterpart| counterpart.skill.clone()).collect()
    }

    #[test]
    fn the_built_in_words_are_ranked() {
        let vocabulary = Vocabulary::built_in().unwrap();
        assert_eq!(
            names(&vocabulary, Vendor::Workday, "", "Power BI"),
            ["Microsoft Power BI", "Data Visualization"]
        );
        assert_eq!(names(&vocabulary, Vendor::SapAttributeLibrary, "", "Triage"), [""; 0]);
        assert_eq!(names(&vocabulary, Vendor::TechWolf, "", "Python"), [""; 0]);
    }

    #[test]
    fn rows_are_looked_up_by_id_then_by_name_in_order_of_rank() {
        let text = "rank,vendor,skill_id,skill,vendor_skill,vendor_skill_id\n\
                    ,workday,s1,,Last,\n2,workday,s1,,Second,w2\n1,workday,s1,Python,First,w1\n";
        let vocabulary = Vocabulary::read(text.as_bytes()).unwrap();
        assert_eq!(names(&vocabulary, Vendor::Workday, "s1", "x"), ["First", "Second", "Last"]);
        assert_eq!(names(&vocabulary, Vendor::Workday, "s2", "Python"), ["First"]);
    }

    #[test]
    fn a_mistake_is_told_with_its_line() {
        let told = |text: &str| Vocabulary::read(text.as_bytes()).unwrap_err();
        let (line, message) = told("\r\nvendor,skill\r\n");
        assert!(
            line == 2 && message.starts_with("the column `vendor_skill` is missing; "),
            "{message}"
        );
        let (line, message) = told("vendor,skill,vendor_skill,skill,note,note\n");
        assert!(
            line == 1 && message.starts_with("the column `skill` stands there twice"),
            "{message}"
        );
        let (line, message) = told("vendor,skill,vendor_skill\n\"workday,A,B\n");
        assert!(line == 2 && message.contains("is never closed"), "{message}");
        let head = "vendor,skill,vendor_skill,rank\r\n,,,\nworkday,A,B,1\n";
        for (row, says) in [
            ("workday,A\n", "the row has 2 columns"),
            ("oracle,A,B,1\n", "the vendor `oracle`"),
            ("techwolf,A,B,1\n", "the vendor `techwolf`"),
            ("workday,,B,1\n", "neither `skill_id` nor `skill`"),
            ("workday,A,,1\n", "`vendor_skill` is empty"),
            ("workday,A,B,x\n", "the rank `x`"),
        ] {
            let (line, message) = told(&format!("{head}{row}"));
            assert!(line == 4 && message.contains(says), "{line}: {message}");
        }
    }
}
