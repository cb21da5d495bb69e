//! What skills are called in the words of other vendors: the built-in words, or those of a file.

use std::collections::{HashMap, HashSet};
use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::{ErrorKind, Position, ReaderBuilder, StringRecord, Trim};

use crate::catalog::VOCABULARY;
use crate::generator::id_of;
use crate::{SandboxError, Vendor};

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
    /// The words that are built in, for the skills of generated jobs.
    pub(crate) fn built_in() -> Self {
        let mut vocabulary = Self::default();
        for (skill, workday, sap) in VOCABULARY {
            for (vendor, names) in [(Vendor::Workday, workday), (Vendor::SapAttributeLibrary, sap)]
            {
                for (rank, name) in (1..).zip(names.split('|').filter(|name| !name.is_empty())) {
                    vocabulary.add(&Row {
                        vendor,
                        vendor_skill: name,
                        skill_id: None,
                        skill: Some(skill),
                        vendor_skill_id: None,
                        rank,
                    });
                }
            }
        }
        vocabulary
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
        let mut vocabulary = Self::built_in();
        vocabulary.0.extend(from_file.0);
        Ok(vocabulary)
    }

    /// Reads rows, or says on which line the first mistake is and what.
    fn read(bytes: &[u8]) -> Result<Self, (u64, String)> {
        let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
        let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(bytes);
        let header = reader.headers().map_err(|error| unreadable(&error))?.clone();
        let columns = Columns::of(&header).map_err(|message| (1, message))?;
        let mut vocabulary = Self::default();
        for record in reader.records() {
            let record = record.map_err(|error| unreadable(&error))?;
            let line = record.position().map_or(0, Position::line);
            vocabulary.add(&columns.row(&record).map_err(|message| (line, message))?);
        }
        Ok(vocabulary)
    }

    fn add(&mut self, row: &Row<'_>) {
        let skill = row.vendor_skill.to_owned();
        let skill_id = row
            .vendor_skill_id
            .map_or_else(|| id_of(&format!("{}: {skill}", row.vendor)), str::to_owned);
        let ranked = Ranked { rank: row.rank, counterpart: Counterpart { skill_id, skill } };
        let words = self.0.entry(row.vendor).or_default();
        for (map, key) in [(&mut words.by_id, row.skill_id), (&mut words.by_name, row.skill)] {
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
            words.by_id.get(skill_id.trim()).or_else(|| words.by_name.get(skill.trim()))
        });
        found.into_iter().flatten().map(|ranked| &ranked.counterpart)
    }
}

fn unreadable(error: &csv::Error) -> (u64, String) {
    let message = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the row has {len} columns, the header has {expected_len}")
        }
        ErrorKind::Utf8 { .. } => "it is not UTF-8 text".to_owned(),
        _ => error.to_string(),
    };
    (error.position().map_or(1, Position::line), message)
}

struct Row<'a> {
    vendor: Vendor,
    vendor_skill: &'a str,
    skill_id: Option<&'a str>,
    skill: Option<&'a str>,
    vendor_skill_id: Option<&'a str>,
    rank: u64,
}

/// Where each column stands.
struct Columns {
    vendor: usize,
    vendor_skill: usize,
    skill_id: Option<usize>,
    skill: Option<usize>,
    vendor_skill_id: Option<usize>,
    rank: Option<usize>,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, String> {
        let is_known = |name: &&str| {
            ["vendor", "skill_id", "skill", "vendor_skill", "vendor_skill_id", "rank"]
                .contains(name)
        };
        let mut seen = HashSet::new();
        if let Some(twice) = header.iter().filter(is_known).find(|name| !seen.insert(*name)) {
            return Err(format!("the column `{twice}` stands there twice"));
        }
        let find = |name: &str| header.iter().position(|column| column == name);
        let needed =
            |name: &str| find(name).ok_or_else(|| format!("the column `{name}` is missing"));
        let (skill_id, skill) = (find("skill_id"), find("skill"));
        if skill_id.or(skill).is_none() {
            return Err("the column `skill_id` or `skill` is missing".to_owned());
        }
        Ok(Self {
            vendor: needed("vendor")?,
            vendor_skill: needed("vendor_skill")?,
            skill_id,
            skill,
            vendor_skill_id: find("vendor_skill_id"),
            rank: find("rank"),
        })
    }

    fn row<'a>(&self, record: &'a StringRecord) -> Result<Row<'a>, String> {
        let cell = |column: usize| record.get(column).filter(|text| !text.is_empty());
        let (skill_id, skill) = (self.skill_id.and_then(cell), self.skill.and_then(cell));
        if skill_id.or(skill).is_none() {
            return Err("neither `skill_id` nor `skill` is filled in".to_owned());
        }
        let vendor = cell(self.vendor).ok_or("`vendor` is empty")?;
        let vendor =
            vendor.parse().ok().filter(|vendor| *vendor != Vendor::TechWolf).ok_or_else(|| {
                format!("the vendor `{vendor}` is neither workday nor sap_attribute_library")
            })?;
        let rank = match self.rank.and_then(cell) {
            // An entry without a rank comes after those that have one.
            None => u64::MAX,
            Some(text) => text
                .parse()
                .map_err(|_| format!("the rank `{text}` is not a whole number, not below 0"))?,
        };
        Ok(Row {
            vendor,
            vendor_skill: cell(self.vendor_skill).ok_or("`vendor_skill` is empty")?,
            skill_id,
            skill,
            vendor_skill_id: self.vendor_skill_id.and_then(cell),
            rank,
        })
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
        let vocabulary = Vocabulary::built_in();
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
        assert_eq!(told("vendor,skill\n"), (1, "the column `vendor_skill` is missing".to_owned()));
        let twice = told("vendor,skill,vendor_skill,skill,note,note\n");
        assert_eq!(twice, (1, "the column `skill` stands there twice".to_owned()));
        let head = "vendor,skill,vendor_skill,rank\nworkday,A,B,1\n";
        for (row, says) in [
            ("workday,A\n", "the row has 2 columns"),
            ("oracle,A,B,1\n", "the vendor `oracle`"),
            ("techwolf,A,B,1\n", "the vendor `techwolf`"),
            ("workday,,B,1\n", "neither `skill_id` nor `skill`"),
            ("workday,A,,1\n", "`vendor_skill` is empty"),
            ("workday,A,B,x\n", "the rank `x`"),
        ] {
            let (line, message) = told(&format!("{head}{row}"));
            assert!(line == 3 && message.contains(says), "{line}: {message}");
        }
    }
}
