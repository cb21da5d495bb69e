//! The skill names of one vendor.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashMap};

use foldhash::fast::RandomState;
use taskferry_profile::mapping::{MappingError, MappingRow, composed};

use crate::config::Match;

/// The skill names of one vendor, by id and by name.
#[derive(Debug)]
pub(crate) struct Mapping {
    by_id: HashMap<String, Entry, RandomState>,
    by_name: HashMap<String, Entry, RandomState>,
    has_ids: bool,
    names: Match,
    contradictions: BTreeSet<(u64, String)>,
    /// The name of each vendor id, and its line.
    vendor_ids: HashMap<String, (String, u64), RandomState>,
}

/// The vendor's name of one skill.
#[derive(Debug, Clone)]
pub(crate) struct Entry {
    pub(crate) skill: String,
    pub(crate) id: Option<String>,
    rank: u64,
    /// The name in the file, and its line.
    known_as: String,
    line: u64,
}

impl Mapping {
    /// Builds the mapping from the rows of one vendor.
    pub(crate) fn of(
        rows: Vec<MappingRow>,
        vendor: &str,
        names: Match,
    ) -> Result<Self, Vec<MappingError>> {
        let (by_id, by_name) = (HashMap::default(), HashMap::default());
        let contradictions = BTreeSet::new();
        let vendor_ids = HashMap::default();
        let mut mapping =
            Self { by_id, by_name, has_ids: false, names, contradictions, vendor_ids };
        let vendor = composed(vendor);
        let ours = rows.into_iter().filter(|row| composed(&row.vendor) == vendor);
        let errors: Vec<MappingError> = ours.filter_map(|row| mapping.add(row).err()).collect();
        if errors.is_empty() { Ok(mapping) } else { Err(errors) }
    }

    /// The entry of a skill, by its id, or else by its name.
    pub(crate) fn find(&self, id: Option<&str>, name: Option<&str>) -> Option<&Entry> {
        let by_id = id.and_then(|id| self.by_id.get(id.trim()));
        by_id.or_else(|| name.and_then(|name| self.by_name.get(&*self.names.compared(name.trim()))))
    }

    /// Whether the vendor has ids.
    pub(crate) fn has_ids(&self) -> bool {
        self.has_ids
    }

    /// The names of all skills in the file.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        self.by_name.values().map(|entry| entry.known_as.as_str())
    }

    /// The rows that contradict earlier rows: the line of each row, and the reason.
    pub(crate) fn contradictions(&self) -> &BTreeSet<(u64, String)> {
        &self.contradictions
    }

    fn add(&mut self, row: MappingRow) -> Result<(), MappingError> {
        let entry = Entry {
            skill: row.vendor_skill,
            id: row.vendor_skill_id,
            rank: row.rank,
            known_as: row.skill.clone().unwrap_or_default(),
            line: row.line,
        };
        if let Some(id) = &entry.id {
            self.has_ids = true;
            let first = (entry.skill.clone(), entry.line);
            let (name, line) = self.vendor_ids.entry(id.clone()).or_insert(first);
            if *name != entry.skill {
                let why = format!(
                    "the vendor skill id `{id}` has the name `{}`, but line {line} names it `{name}`",
                    entry.skill
                );
                self.contradictions.insert((entry.line, why));
            }
        }
        if let Some(id) = row.skill_id {
            self.contradictions.extend(put(&mut self.by_id, id, entry.clone()));
        }
        let Some(name) = row.skill else { return Ok(()) };
        let compared = self.names.compared(&name).into_owned();
        if let Some(known) = self.by_name.get(&compared)
            && known.known_as != name
            && (&known.skill, &known.id) != (&entry.skill, &entry.id)
        {
            return Err(self.names.ambiguous(known, &entry));
        }
        self.contradictions.extend(put(&mut self.by_name, compared, entry));
        Ok(())
    }
}

/// Keeps the first of two rows with the same rank. Returns the line and the reason if the rows contradict each other.
fn put(
    entries: &mut HashMap<String, Entry, RandomState>,
    key: String,
    entry: Entry,
) -> Option<(u64, String)> {
    let Some(known) = entries.get(&key) else {
        entries.insert(key, entry);
        return None;
    };
    let contradicts =
        known.rank == entry.rank && (&known.skill, &known.id) != (&entry.skill, &entry.id);
    let contradiction = contradicts.then(|| {
        let line = known.line;
        let why = format!("this row is ignored: line {line} maps `{key}` to another vendor skill with the same rank");
        (entry.line, why)
    });
    if entry.rank < known.rank {
        entries.insert(key, entry);
    }
    contradiction
}

impl Match {
    /// The form of a name that is compared.
    pub(crate) fn compared(self, name: &str) -> Cow<'_, str> {
        match self {
            Self::Exact => composed(name),
            // Upper case first, so that `ß` equals `ss`, and both small sigmas are equal.
            Self::IgnoreCase => {
                Cow::Owned(composed(&name.to_uppercase().to_lowercase()).into_owned())
            }
        }
    }

    fn ambiguous(self, known: &Entry, entry: &Entry) -> MappingError {
        let (first, line, second) = (&known.known_as, known.line, &entry.known_as);
        let why = match self {
            Self::Exact => "their Unicode form",
            Self::IgnoreCase => "case",
        };
        let message = format!(
            "`{second}` and `{first}` (line {line}) differ only in {why}, but map to different vendor skills"
        );
        MappingError::new("ambiguous-mapping", entry.line, message).help("keep one of the two rows")
    }
}
