//! The writer of records.

use std::fmt;
use std::io::{self, Write};

use serde::{Deserialize, Serialize};
use taskferry_files::FolderEntry;
use taskferry_sdk::{Batch, ErrorKind, Record, Refusals, StageError};

use crate::columns::ColumnsState;
use crate::spool::SpoolState;
use crate::table::{NamedTable, UnionTable};
use crate::{Format, FormatOptions, Spool, WriteError, WriteReport};

/// Writes records to `W` in one format.
///
/// The output is complete after [`RecordWriter::finish`]. The writer does not buffer: use a buffered `W` if its writes are
/// expensive.
pub struct RecordWriter<W: Write> {
    encoding: Encoding<W>,
    records: u64,
}

/// The state of a [`RecordWriter`], from which another writer continues.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct WriterState {
    records: u64,
    columns: ColumnsState,
    spool: SpoolState,
}

impl WriterState {
    /// The number of records written.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// Whether the spool file still has the rows of this state. `None` if the state has no spool file.
    pub fn matches_spool(&self, entry: &FolderEntry) -> Option<bool> {
        (self.spool != SpoolState::default()).then(|| self.spool.is_in(entry))
    }
}

enum Encoding<W: Write> {
    Ndjson(W),
    Json(W),
    Named(Box<NamedTable<W>>),
    Union(Box<UnionTable<W>>),
}

impl<W: Write> RecordWriter<W> {
    /// A writer to `out`. The options must have no [problems](FormatOptions::problems). `spool` stores the rows of a CSV table
    /// without `columns`.
    ///
    /// # Errors
    /// Errors of `out`, which may get a header, and of the spool.
    pub fn new(options: &FormatOptions, spool: &Spool, out: W) -> Result<Self, WriteError> {
        Self::begin(options, spool, None, out)
    }

    /// A writer that continues from the [state](Self::sync) of another writer with the same options. `out` and the spool must
    /// end at that state.
    ///
    /// # Errors
    /// Errors of the spool.
    pub fn resume(
        options: &FormatOptions,
        spool: &Spool,
        state: &WriterState,
        out: W,
    ) -> Result<Self, WriteError> {
        Self::begin(options, spool, Some(state), out)
    }

    fn begin(
        options: &FormatOptions,
        spool: &Spool,
        from: Option<&WriterState>,
        out: W,
    ) -> Result<Self, WriteError> {
        let style = options.table_style();
        let encoding = match (options.format, &options.columns) {
            (Format::Ndjson, _) => Encoding::Ndjson(out),
            (Format::Json, _) => Encoding::Json(out),
            (Format::Csv, Some(names)) => {
                let columns = from.map(|from| &from.columns);
                Encoding::Named(Box::new(NamedTable::new(names, style, columns, out)?))
            }
            (Format::Csv, None) => {
                let from = from.map(|from| (&from.columns, &from.spool));
                Encoding::Union(Box::new(UnionTable::new(style, spool, from, out)?))
            }
        };
        Ok(Self { encoding, records: from.map_or(0, |from| from.records) })
    }

    /// Writes one record.
    ///
    /// # Errors
    /// Errors of the output and of the spool. For CSV, an error of the record if it is not a valid document, or if the table
    /// would get too many columns.
    pub fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        match &mut self.encoding {
            Encoding::Ndjson(out) => {
                out.write_all(record.as_bytes())?;
                out.write_all(b"\n")?;
            }
            Encoding::Json(out) => {
                out.write_all(if self.records == 0 { b"[\n" } else { b",\n" })?;
                out.write_all(record.as_bytes())?;
            }
            Encoding::Named(table) => table.write(record)?,
            Encoding::Union(table) => table.write(record)?,
        }
        self.records += 1;
        Ok(())
    }

    /// Writes a batch. Malformed records go to `refusals`. `explain` describes an error of the output.
    ///
    /// # Errors
    /// Errors of the output and of the spool, a table with too many columns, and a record that `refusals` does not accept.
    pub fn write_batch(
        &mut self,
        batch: &Batch,
        refusals: &mut Refusals,
        explain: impl Fn(io::Error) -> StageError,
    ) -> Result<(), StageError> {
        for (index, record) in batch.records.iter().enumerate() {
            let Err(error) = self.write(record) else { continue };
            let WriteError::Record(error) = error else { return Err(error.explained(&explain)) };
            let error = error.at_record(index);
            if error.kind() != ErrorKind::Malformed {
                return Err(error);
            }
            refusals.refuse(index..index + 1, error)?;
        }
        Ok(())
    }

    /// Records written so far.
    pub fn records(&self) -> u64 {
        self.records
    }

    /// The output.
    pub fn get_ref(&self) -> &W {
        match &self.encoding {
            Encoding::Ndjson(out) | Encoding::Json(out) => out,
            Encoding::Named(table) => table.out.get_ref(),
            Encoding::Union(table) => &table.out,
        }
    }

    /// Flushes all bytes to the output, except rows that are stored until the header is known.
    ///
    /// # Errors
    /// Errors of the output and of the spool.
    pub fn flush(&mut self) -> Result<(), WriteError> {
        match &mut self.encoding {
            Encoding::Ndjson(out) | Encoding::Json(out) => out.flush()?,
            Encoding::Named(table) => table.out.flush()?,
            Encoding::Union(table) => table.flush()?,
        }
        Ok(())
    }

    /// Flushes, syncs rows in a [named spool](Spool::Named) to disk, and returns the state from which a writer
    /// [continues](Self::resume).
    ///
    /// # Errors
    /// Errors of the output and of the spool.
    pub fn sync(&mut self) -> Result<WriterState, WriteError> {
        self.flush()?;
        let (columns, spool) = match &mut self.encoding {
            Encoding::Ndjson(_) | Encoding::Json(_) => Default::default(),
            Encoding::Named(table) => (table.columns.state(), SpoolState::default()),
            Encoding::Union(table) => (table.columns.state(), table.sync()?),
        };
        Ok(WriterState { records: self.records, columns, spool })
    }

    /// Completes the output and returns it, with a report.
    ///
    /// # Errors
    /// Errors of the output and of the spool.
    pub fn finish(self) -> Result<(W, WriteReport), WriteError> {
        let (out, mut report) = match self.encoding {
            Encoding::Ndjson(out) => (out, WriteReport::default()),
            Encoding::Json(out) => (close_array(out, self.records)?, WriteReport::default()),
            Encoding::Named(table) => table.finish()?,
            Encoding::Union(table) => table.finish()?,
        };
        report.records = self.records;
        Ok((out, report))
    }
}

fn close_array<W: Write>(mut out: W, records: u64) -> io::Result<W> {
    out.write_all(if records == 0 { b"[]\n" } else { b"\n]\n" })?;
    Ok(out)
}

impl<W: Write> fmt::Debug for RecordWriter<W> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("RecordWriter")
            .field("records", &self.records)
            .finish_non_exhaustive()
    }
}
