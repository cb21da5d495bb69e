//! The transform.

use taskferry_sdk::{Counters, ErrorKind, Output, Record, StageError, Transform};

use crate::config::Unmatched;
use crate::key::text_of;
use crate::table::Table;

const MATCHED: &str = "matched";
const UNMATCHED: &str = "unmatched";
/// Keys that are in the file if all differences are ignored.
const SIMILAR: &str = "similar";
/// The number of keys in a warning.
const MAX_SHOWN: usize = 3;

#[derive(Debug)]
pub(crate) struct Joiner {
    pub(crate) key: String,
    pub(crate) columns: Vec<String>,
    pub(crate) unmatched: Unmatched,
    pub(crate) table: Table,
}

impl Transform for Joiner {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let (root, mut edit) = (record.root()?, record.edit()?);
        let key = root.get(&self.key).and_then(text_of);
        let found = key.as_deref().and_then(|key| self.table.find(key));
        if let Some(values) = found {
            out.count(MATCHED, 1);
            for (column, value) in self.columns.iter().zip(values) {
                edit.set(root, column, value);
            }
            out.explain("columns", || format!("adds `{}`", self.columns.join("`, `")));
            out.emit(edit.finish());
            return Ok(());
        }
        out.count(UNMATCHED, 1);
        if let Some(key) = &key {
            out.count_value(UNMATCHED, key);
            if self.table.has_similar(key) {
                out.count(SIMILAR, 1);
            }
        }
        let shown = || match &key {
            Some(key) => format!("the file has no row with the key `{key}`"),
            None => format!("the record has no key in `{}`", self.key),
        };
        match self.unmatched {
            Unmatched::Fail => {
                let hint =
                    "add a row to the file, or set `unmatched` to \"null\", \"keep\" or \"drop\"";
                return Err(StageError::new(ErrorKind::Record, shown()).hint(hint));
            }
            Unmatched::Drop => {
                out.explain("unmatched", || format!("drops the record: {}", shown()));
            }
            Unmatched::Keep => {
                out.explain("unmatched", || format!("keeps the record as it is: {}", shown()));
                out.emit(record);
            }
            Unmatched::Null => {
                self.columns.iter().for_each(|column| _ = edit.set(root, column, ()));
                out.explain("unmatched", || format!("sets the columns to null: {}", shown()));
                out.emit(edit.finish());
            }
        }
        Ok(())
    }

    fn warnings(&self, _: u64, totals: &Counters) -> Vec<String> {
        let (unmatched, similar) = (totals.get(UNMATCHED), totals.get(SIMILAR));
        let mut warnings = Vec::new();
        if similar > 0 {
            warnings.push(format!(
                "{similar} of {unmatched} keys without a match differ from keys in the file only by spaces, case or leading zeros; set `normalise`"
            ));
        } else if unmatched > 0 && totals.get(MATCHED) == 0 {
            let frequent = totals.frequent(UNMATCHED);
            let shown: Vec<String> =
                frequent.iter().take(MAX_SHOWN).map(|one| format!("`{}`", one.value)).collect();
            let keys = match &shown[..] {
                [] => format!("no record has a key in `{}`", self.key),
                shown => format!(
                    "the file contains none of the records' keys, for example {}",
                    shown.join(", ")
                ),
            };
            warnings.push(format!("no record was matched: {keys}"));
        }
        warnings
    }
}
