//! Which columns a table has, and the cells of one row.

use indexmap::{IndexMap, IndexSet};
use serde::{Deserialize, Serialize};
use taskferry_sdk::json::{Kind, Node};
use taskferry_sdk::{ErrorKind, Record, StageError};

use crate::WriteReport;
use crate::cell::{make_harmless, replace_nul, write_cell};
use crate::options::CellStyle;

/// As many columns as the widest spreadsheets take. Without a limit, records whose keys are data (one
/// object a job, keyed by task) would make a table of their square.
const MOST_COLUMNS: usize = 16_384;
/// How many left out fields are named in the report.
const MOST_LEFT_OUT: usize = 100;
/// The column of records that are not objects.
const VALUE: &str = "value";

/// The columns of a table in order, each with the cell of the row that is being made. Columns are only ever
/// added at the end, so that a row made earlier is right as far as it goes.
#[derive(Debug)]
pub(crate) struct Columns {
    by_name: IndexMap<String, Column>,
    named: bool,
    style: CellStyle,
    /// NUL characters that were replaced.
    nul: u64,
    left_out: IndexSet<String>,
    more_left_out: bool,
}

/// Its cell is kept from row to row for its memory.
#[derive(Debug, Default)]
struct Column {
    cell: String,
    seen: bool,
    /// Whether any of its cells held something.
    filled: bool,
}

/// What is known of the columns after some rows, so that a later run can continue the table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ColumnsState {
    /// The columns that a record had, in order.
    seen: Vec<String>,
    /// The columns among them that held something.
    filled: Vec<String>,
    left_out: Vec<String>,
    more_left_out: bool,
    nul: u64,
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
            left_out: self.left_out.iter().cloned().collect(),
            more_left_out: self.more_left_out,
        }
    }

    /// Continues from a state.
    pub(crate) fn restore(&mut self, state: &ColumnsState) {
        for name in &state.seen {
            self.by_name.entry(name.clone()).or_default().seen = true;
        }
        for name in &state.filled {
            self.by_name.entry(name.clone()).or_default().filled = true;
        }
        self.nul = state.nul;
        self.left_out.extend(state.left_out.iter().cloned());
        self.more_left_out = state.more_left_out;
    }

    /// Exactly these.
    pub(crate) fn named(names: &[String], style: CellStyle) -> Self {
        let by_name = names.iter().map(|name| (name.clone(), Column::default())).collect();
        Self { by_name, named: true, ..Self::discovered(style) }
    }

    /// Those that records turn out to have.
    pub(crate) fn discovered(style: CellStyle) -> Self {
        Self {
            by_name: IndexMap::new(),
            named: false,
            style,
            nul: 0,
            left_out: IndexSet::new(),
            more_left_out: false,
        }
    }

    pub(crate) fn len(&self) -> usize {
        self.by_name.len()
    }

    /// The names as they stand in the header.
    pub(crate) fn header(&self) -> impl Iterator<Item = String> {
        self.by_name.keys().map(|name| {
            let mut name = name.clone();
            replace_nul(&mut name);
            if self.style.escape {
                make_harmless(&mut name);
            }
            name
        })
    }

    /// The cells of a record, one for each column known by now.
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
        let room = self.by_name.len() < MOST_COLUMNS;
        let column = match self.by_name.get_mut(name) {
            Some(column) => column,
            None if self.named => {
                self.leave_out(name);
                return Ok(());
            }
            None if room => self.by_name.entry(name.to_owned()).or_default(),
            None => return Err(too_many()),
        };
        column.seen = true;
        self.nul += write_cell(value, self.style, &mut column.cell);
        column.filled |= !column.cell.is_empty();
        Ok(())
    }

    fn leave_out(&mut self, name: &str) {
        if self.left_out.contains(name) {
            return;
        }
        if self.left_out.len() < MOST_LEFT_OUT {
            self.left_out.insert(name.to_owned());
        } else {
            self.more_left_out = true;
        }
    }

    /// The report on the columns.
    pub(crate) fn into_report(self) -> WriteReport {
        let (mut unseen, mut empty) = (Vec::new(), Vec::new());
        // A column that was not asked for may well be empty: rows have fields for what their job lacks.
        for (name, column) in self.by_name.into_iter().filter(|_| self.named) {
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
            left_out: self.left_out.into_iter().collect(),
            more_left_out: self.more_left_out,
            ..WriteReport::default()
        }
    }
}

fn too_many() -> StageError {
    let message = format!("the records have more than {MOST_COLUMNS} different fields");
    StageError::new(ErrorKind::Limit, message)
        .hint("name the fields that the table shall hold with `columns`")
}
