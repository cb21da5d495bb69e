//! The mapping file: what each skill is called elsewhere.

use std::collections::{BTreeSet, HashMap};

use csv::{ErrorKind, Position, ReaderBuilder, StringRecord, Trim};
use foldhash::fast::RandomState;

/// What skills are called by one vendor.
#[derive(Debug, Default)]
pub(crate) struct Mapping {
    by_id: HashMap<String, Entry, RandomState>,
    by_name: HashMap<String, Entry, RandomState>,
    has_ids: bool,
}

/// What one skill is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) skill: String,
    pub(crate) id: Option<String>,
    rank: u64,
}

/// Something wrong in the file.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) line: u64,
    pub(crate) code: &'static str,
    pub(crate) message: String,
    pub(crate) help: Option<String>,
}

impl Mapping {
    /// What the vendor calls a skill with this id, else with this name.
    pub(crate) fn find(&self, id: Option<&str>, name: Option<&str>) -> Option<&Entry> {
        let by_id = id.and_then(|id| self.by_id.get(id.trim()));
        by_id.or_else(|| name.and_then(|name| self.by_name.get(name.trim())))
    }

    /// Whether the vendor has ids of its own.
    pub(crate) fn has_ids(&self) -> bool {
        self.has_ids
    }

    fn add(&mut self, row: &Row<'_>) {
        let entry = Entry {
            skill: row.vendor_skill.to_owned(),
            id: row.vendor_skill_id.map(str::to_owned),
            rank: row.rank,
        };
        self.has_ids |= entry.id.is_some();
        for (names, key) in [(&mut self.by_id, row.skill_id), (&mut self.by_name, row.skill)] {
            let Some(key) = key else { continue };
            // Of equal ranks the first row of the file stays.
            if names.get(key).is_none_or(|known| entry.rank < known.rank) {
                names.insert(key.to_owned(), entry.clone());
            }
        }
    }
}

/// Reads the rows of one vendor, and the names of all vendors.
///
/// All rows are checked, those of other vendors too: a file that is broken for one run is broken for all.
pub(crate) fn read_mapping(
    bytes: &[u8],
    vendor: &str,
) -> Result<(Mapping, BTreeSet<String>), Vec<Mistake>> {
    let bytes = bytes.strip_prefix("\u{feff}".as_bytes()).unwrap_or(bytes);
    let mut reader = ReaderBuilder::new().trim(Trim::All).from_reader(bytes);
    let header = reader.headers().map_err(|error| vec![unreadable(1, &error)])?.clone();
    let columns = Columns::of(&header)?;
    let (mut mapping, mut vendors, mut mistakes) =
        (Mapping::default(), BTreeSet::new(), Vec::new());
    for result in reader.records() {
        match result {
            Err(error) => {
                let line = error.position().map_or(0, Position::line);
                mistakes.push(unreadable(line, &error));
            }
            Ok(record) => match columns.row(&record) {
                Err(message) => {
                    let line = record.position().map_or(0, Position::line);
                    mistakes.push(Mistake { line, code: "mapping::row", message, help: None });
                }
                Ok(row) => {
                    vendors.insert(row.vendor.to_owned());
                    if row.vendor == vendor {
                        mapping.add(&row);
                    }
                }
            },
        }
    }
    if mistakes.is_empty() { Ok((mapping, vendors)) } else { Err(mistakes) }
}

fn unreadable(line: u64, error: &csv::Error) -> Mistake {
    let message = match error.kind() {
        ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("the row has {len} columns, the header has {expected_len}")
        }
        ErrorKind::Utf8 { .. } => "the row is not UTF-8 text".to_owned(),
        _ => format!("the row can't be read: {error}"),
    };
    Mistake { line, code: "mapping::row", message, help: None }
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

struct Row<'a> {
    vendor: &'a str,
    vendor_skill: &'a str,
    skill_id: Option<&'a str>,
    skill: Option<&'a str>,
    vendor_skill_id: Option<&'a str>,
    rank: u64,
}

impl Columns {
    fn of(header: &StringRecord) -> Result<Self, Vec<Mistake>> {
        let find = |name: &str| header.iter().position(|column| column == name);
        let (vendor, vendor_skill) = (find("vendor"), find("vendor_skill"));
        let (skill_id, skill) = (find("skill_id"), find("skill"));
        if let (Some(vendor), Some(vendor_skill)) = (vendor, vendor_skill)
            && skill_id.or(skill).is_some()
        {
            let (vendor_skill_id, rank) = (find("vendor_skill_id"), find("rank"));
            return Ok(Self { vendor, vendor_skill, skill_id, skill, vendor_skill_id, rank });
        }
        let missing = [
            (vendor.is_none(), "`vendor`"),
            (vendor_skill.is_none(), "`vendor_skill`"),
            (skill_id.or(skill).is_none(), "`skill_id` or `skill`"),
        ];
        let mistakes = missing.into_iter().filter(|(missing, _)| *missing).map(|(_, name)| {
            let message = format!("the column {name} is missing");
            let found: Vec<String> = header.iter().map(|column| format!("`{column}`")).collect();
            let help = match header.get(0) {
                Some(only) if header.len() == 1 && only.contains([';', '\t']) => {
                    "separate the columns with commas".to_owned()
                }
                _ => format!("the header has {}", found.join(", ")),
            };
            Mistake { line: 1, code: "mapping::column", message, help: Some(help) }
        });
        Err(mistakes.collect())
    }

    fn row<'a>(&self, record: &'a StringRecord) -> Result<Row<'a>, String> {
        let cell = |column: usize| record.get(column).filter(|text| !text.is_empty());
        let (skill_id, skill) = (self.skill_id.and_then(cell), self.skill.and_then(cell));
        if skill_id.or(skill).is_none() {
            return Err("neither `skill_id` nor `skill` is filled in".to_owned());
        }
        let rank = match self.rank.and_then(cell) {
            // An entry without a rank comes after those that have one.
            None => u64::MAX,
            Some(text) => text
                .parse()
                .map_err(|_| format!("the rank `{text}` is not a whole number, not below 0"))?,
        };
        Ok(Row {
            vendor: cell(self.vendor).ok_or("`vendor` is empty")?,
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

    fn read(text: &str) -> Mapping {
        read_mapping(text.as_bytes(), "workday").unwrap().0
    }

    fn name<'a>(mapping: &'a Mapping, id: &str, name: &str) -> Option<&'a str> {
        mapping.find(Some(id), Some(name)).map(|entry| entry.skill.as_str())
    }

    #[test]
    fn an_id_is_looked_up_before_a_name() {
        let mapping = read(
            "vendor,skill_id,skill,vendor_skill\nworkday,s1,,By id\nworkday,,Python,By name\nsap,s9,,Not ours\n",
        );
        assert_eq!(name(&mapping, "s1", "Python"), Some("By id"));
        assert_eq!(name(&mapping, "s2", " Python "), Some("By name"));
        assert_eq!(name(&mapping, "s2", "python"), None);
        assert_eq!(name(&mapping, "s9", ""), None);
    }

    #[test]
    fn the_lowest_rank_wins_then_the_first_row() {
        let mapping = read(
            "vendor,skill,vendor_skill,rank\nworkday,A,none,\nworkday,A,second,2\nworkday,A,first,1\nworkday,A,also first,1\n",
        );
        assert_eq!(name(&mapping, "", "A"), Some("first"));
    }

    #[test]
    fn spaces_a_byte_order_mark_and_unknown_columns_do_no_harm() {
        let mapping = read(
            "\u{feff} vendor_skill , note, skill ,vendor\r\n\" Größe \",x, Size , workday \r\n\r\n",
        );
        assert_eq!(name(&mapping, "", "Size"), Some("Größe"));
    }

    #[test]
    fn every_bad_row_is_told_with_its_line() {
        let text = "vendor,skill,vendor_skill,rank\nworkday,A,\"two\nlines\",1\nworkday,B\nworkday,,x,1\n,A,x,1\nsap,A,,1\nworkday,A,x,first\n";
        let mistakes = read_mapping(text.as_bytes(), "workday").unwrap_err();
        let told: Vec<String> = mistakes
            .iter()
            .map(|mistake| format!("{}: {}", mistake.line, mistake.message))
            .collect();
        assert_eq!(
            told,
            [
                "4: the row has 2 columns, the header has 4",
                "5: neither `skill_id` nor `skill` is filled in",
                "6: `vendor` is empty",
                "7: `vendor_skill` is empty",
                "8: the rank `first` is not a whole number, not below 0",
            ]
        );
    }

    #[test]
    fn a_row_that_is_no_text_is_told() {
        let mistakes =
            read_mapping(b"vendor,skill,vendor_skill\nworkday,A,\xff\n", "workday").unwrap_err();
        assert_eq!(
            (mistakes[0].line, mistakes[0].message.as_str()),
            (2, "the row is not UTF-8 text")
        );
    }
}
