//! Names and families by job id.

use std::collections::HashMap;

use serde::Deserialize;

/// One row of the file.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub(crate) struct Entry {
    external_id: String,
    pub(crate) job_name: String,
    pub(crate) job_family: String,
}

/// All rows, by `external_id`.
#[derive(Debug)]
pub(crate) struct Names(HashMap<String, Entry>);

impl Names {
    /// Parses a CSV file. Errors contain the line.
    pub(crate) fn parse(csv: &[u8]) -> Result<Self, csv::Error> {
        let mut reader = csv::ReaderBuilder::new().trim(csv::Trim::All).from_reader(csv);
        let names = reader
            .deserialize::<Entry>()
            .map(|name| name.map(|name| (name.external_id.clone(), name)));
        names.collect::<Result<_, _>>().map(Self)
    }

    pub(crate) fn get(&self, external_id: &str) -> Option<&Entry> {
        self.0.get(external_id)
    }
}
