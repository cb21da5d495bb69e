//! The columns of a table, and the cells of one row.

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};
use taskferry_sdk::json::{Kind, Node};
use taskferry_sdk::{ErrorKind, Record, StageError};

use crate::WriteReport;
use crate::cell::{escape_formula, replace_nul, write_cell};
use crate::options::CellStyle;

/// The maximum number of columns, as in Excel. Without a maximum, records whose keys are data would add columns without end.
const MAX_COLUMNS: usize = 16_384;
/// The maximum number of omitted fields in the report.
const MAX_OMITTED: usize = 100;
/// The column of records that are not objects.
const VALUE: &str = "value";

/// The columns of a table in order, each with its cell of the current row. New columns are appended, so that earlier rows
/// stay valid.
#[derive(Debug)]
pub(crate) struct Columns {
    by_name: IndexMap<String, Column>,
    is_fixed: bool,
    style: CellStyle,
    /// The number of replaced NUL characters.
    nul: u64,
    left_out: IndexSet<String>,
    more_left_out: bool,
}

/// One column. The cell is reused for each row.
#[derive(Debug, Default)]
struct Column {
    cell: String,
    seen: bool,
    /// Whether any cell was not empty.
    filled: bool,
    /// The number of cells that got a leading `'`.
    escaped: u64,
}

/// The state of the columns, from which a later run continues the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColumnsState {
    /// The columns that any record had, in order.
    seen: Vec<String>,
    /// The columns with a cell that was not empty.
    filled: Vec<String>,
    left_out: Vec<String>,
    more_left_out: bool,
    nul: u64,
    /// The columns with cells that got a leading `'`, with the number of these cells.
    #[serde(default)]
    escaped: Vec<(String, u64)>,
}

impl Columns {
    pub(crate) fn state(&self) -> ColumnsState {
        let names = |which: fn(&Column) -> bool| {
            let which = self.by_name.iter().filter(move |(_, column)| which(column));
            which.map(|(name, _)| name.clone()).collect()
        };
        ColumnsState {
            seen: names(|column| column.seen),
            filled: names(|column| column.filled),
            nul: self.nul,
            escaped: self.escaped(),
            left_out: self.left_out.iter().cloned().collect(),
            more_left_out: self.more_left_out,
        }
    }

    fn escaped(&self) -> Vec<(String, u64)> {
        let columns = self.by_name.iter().filter(|(_, column)| column.escaped > 0);
        columns.map(|(name, column)| (name.clone(), column.escaped)).collect()
    }

    pub(crate) fn restore(&mut self, state: &ColumnsState) {
        for name in &state.seen {
            self.by_name.entry(name.clone()).or_default().seen = true;
        }
        for name in &state.filled {
            self.by_name.entry(name.clone()).or_default().filled = true;
        }
        for (name, count) in &state.escaped {
            self.by_name.entry(name.clone()).or_default().escaped = *count;
        }
        self.nul = state.nul;
        self.left_out.extend(state.left_out.iter().cloned());
        self.more_left_out = state.more_left_out;
    }

    /// The columns `names`; without names, a column for each field of the records.
    pub(crate) fn new(names: Option<&[String]>, style: CellStyle) -> Self {
        let columns = names.into_iter().flatten().map(|name| (name.clone(), Column::default()));
        Self {
            by_name: columns.collect(),
            is_fixed: names.is_some(),
            style,
            nul: 0,
            left_out: IndexSet::new(),
            more_left_out: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// The names in the header.
    pub(crate) fn header(&self) -> impl Iterator<Item = String> {
        self.by_name.keys().map(|name| {
            let mut name = name.clone();
            replace_nul(&mut name);
            if self.style.escape {
                escape_formula(&mut name);
            }
            name
        })
    }

    /// The cells of a record, one for each column so far.
    pub(crate) fn row(
        &mut self,
        record: &Record,
    ) -> Result<impl Iterator<Item = &str>, StageError> {
        self.by_name.values_mut().for_each(|column| column.cell.clear());
        let record = record.root()?;
        if record.kind() == Kind::Object {
            for (name, value) in record.members() {
                self.fill(&name.as_str(), value)?;
            }
        } else {
            self.fill(VALUE, record)?;
        }
        Ok(self.by_name.values().map(|column| column.cell.as_str()))
    }

    fn fill(&mut self, name: &str, value: Node<'_>) -> Result<(), StageError> {
        let may_grow = self.by_name.len() < MAX_COLUMNS;
        let column = match self.by_name.get_mut(name) {
            Some(column) => column,
            None if self.is_fixed => {
                self.omit(name);
                return Ok(());
            }
            None if may_grow => self.by_name.entry(name.to_owned()).or_default(),
            None => return Err(too_many()),
        };
        column.seen = true;
        let changes = write_cell(value, self.style, &mut column.cell);
        self.nul += changes.nul;
        column.escaped += u64::from(changes.escaped);
        column.filled |= !column.cell.is_empty();
        Ok(())
    }

    fn omit(&mut self, name: &str) {
        if self.left_out.contains(name) {
            return;
        }
        if self.left_out.len() < MAX_OMITTED {
            self.left_out.insert(name.to_owned());
        } else {
            self.more_left_out = true;
        }
    }

    pub(crate) fn into_report(self) -> WriteReport {
        let (mut unseen, mut empty) = (Vec::new(), Vec::new());
        let escaped = self.escaped();
        // Only columns that the user named are reported. Discovered columns may be empty, because not every job has every
        // field.
        for (name, column) in self.by_name.into_iter().filter(|_| self.is_fixed) {
            match (column.seen, column.filled) {
                (false, _) => unseen.push(name),
                (true, false) => empty.push(name),
                (true, true) => {}
            }
        }
        WriteReport {
            unseen,
            empty,
            nul_replaced: self.nul,
            escaped,
            left_out: self.left_out.into_iter().collect(),
            more_left_out: self.more_left_out,
            ..WriteReport::default()
        }
    }
}

fn too_many() -> StageError {
    let message = format!("the records have more than {MAX_COLUMNS} different fields");
    StageError::new(ErrorKind::Limit, message).hint("list the fields of the table in `columns`; objects whose keys are data add a column per key")
}
