//! CSV as RFC 4180 has it: with a header, lines that end in CRLF, and quotes where they are needed.
//!
//! The RFC's CRLF is kept, though LF is more at home on Unix: every reader of CSV takes both, and some take
//! CRLF alone.

use std::io::{self, Seek, Write};
use std::iter::repeat_n;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};
use taskferry_core::{ErrorKind, Record, StageError};

use crate::columns::{Columns, ColumnsState};
use crate::spool::{Spool, SpoolFile};
use crate::{WriteError, WriteReport};

const BUFFER: usize = 64 * 1024;

/// A table whose columns are named in advance: rows are written as they come.
pub(crate) struct NamedTable<W: Write> {
    columns: Columns,
    out: csv::Writer<W>,
}

impl<W: Write> NamedTable<W> {
    pub(crate) fn new(names: &[String], escape: bool, out: W) -> io::Result<Self> {
        let columns = Columns::named(names, escape);
        let mut out = table_to(out);
        out.write_record(columns.header()).map_err(io_error)?;
        Ok(Self { columns, out })
    }

    /// A table whose header and first rows are written already.
    pub(crate) fn resume(names: &[String], escape: bool, state: &ColumnsState, out: W) -> Self {
        let mut columns = Columns::named(names, escape);
        columns.restore(state);
        Self { columns, out: table_to(out) }
    }

    pub(crate) fn state(&self) -> ColumnsState {
        self.columns.state()
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        let row = self.columns.row(record)?;
        Ok(self.out.write_record(row).map_err(io_error)?)
    }

    pub(crate) fn get_ref(&self) -> &W {
        self.out.get_ref()
    }

    pub(crate) fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }

    pub(crate) fn finish(self) -> Result<(W, WriteReport), WriteError> {
        Ok((into_inner(self.out)?, self.columns.into_report()))
    }
}

/// A table with the columns of all its records, in order of first appearance. They are known after the last
/// record, and the header stands first: so rows wait in a spool, each with the columns known when it came.
pub(crate) struct UnionTable<W> {
    columns: Columns,
    spool: csv::Writer<SpoolFile>,
    place: PathBuf,
    out: W,
}

impl<W: Write> UnionTable<W> {
    pub(crate) fn new(escape: bool, spool: &Spool, out: W) -> Result<Self, WriteError> {
        let file = spool.create().map_err(|error| spool_error(&spool.path(), error))?;
        let (columns, place) = (Columns::discovered(escape), spool.path());
        Ok(Self { columns, spool: spool_to(file), place, out })
    }

    /// A table some of whose rows wait in the spool already.
    pub(crate) fn resume(
        escape: bool,
        spool: &Spool,
        state: &ColumnsState,
        rows: u64,
        out: W,
    ) -> Result<Self, WriteError> {
        let file = spool.resume(rows).map_err(|error| spool_error(&spool.path(), error))?;
        let mut columns = Columns::discovered(escape);
        columns.restore(state);
        Ok(Self { columns, spool: spool_to(file), place: spool.path(), out })
    }

    pub(crate) fn state(&self) -> ColumnsState {
        self.columns.state()
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        let row = self.columns.row(record)?;
        let written = self.spool.write_record(row);
        Ok(written.map_err(|error| spool_error(&self.place, io_error(error)))?)
    }

    pub(crate) fn get_ref(&self) -> &W {
        &self.out
    }

    pub(crate) fn flush(&mut self) -> Result<(), WriteError> {
        self.spool.flush().map_err(|error| spool_error(&self.place, error))?;
        // What compresses may have begun its output already.
        Ok(self.out.flush()?)
    }

    /// Forces the rows that wait to disk, and returns their size in bytes.
    pub(crate) fn sync(&mut self) -> Result<u64, WriteError> {
        self.flush()?;
        let size = self.spool.get_ref().sync();
        Ok(size.map_err(|error| spool_error(&self.place, error))?)
    }

    pub(crate) fn finish(self) -> Result<W, WriteError> {
        let Self { columns, spool, place, out } = self;
        let failed = |error| spool_error(&place, error);
        let mut out = table_to(out);
        if columns.len() > 0 {
            out.write_record(columns.header()).map_err(io_error)?;
            let mut spool = into_inner(spool).map_err(failed)?;
            spool.rewind().map_err(failed)?;
            let mut rows = ReaderBuilder::new()
                .flexible(true)
                .has_headers(false)
                .buffer_capacity(BUFFER)
                .from_reader(spool);
            let mut row = ByteRecord::new();
            while rows.read_byte_record(&mut row).map_err(|error| failed(io_error(error)))? {
                let missing = columns.len().saturating_sub(row.len());
                let cells = row.iter().chain(repeat_n(&b""[..], missing));
                out.write_record(cells).map_err(io_error)?;
            }
        }
        Ok(into_inner(out)?)
    }
}

/// Always quoted: whatever a cell begins with, a byte order mark for example, is read back.
fn spool_to(file: SpoolFile) -> csv::Writer<SpoolFile> {
    WriterBuilder::new()
        .flexible(true)
        .quote_style(QuoteStyle::Always)
        .buffer_capacity(BUFFER)
        .from_writer(file)
}

fn table_to<W: Write>(out: W) -> csv::Writer<W> {
    WriterBuilder::new().terminator(Terminator::CRLF).buffer_capacity(BUFFER).from_writer(out)
}

fn into_inner<W: Write>(writer: csv::Writer<W>) -> io::Result<W> {
    writer.into_inner().map_err(csv::IntoInnerError::into_error)
}

fn io_error(error: csv::Error) -> io::Error {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => error,
        other => io::Error::other(format!("{other:?}")),
    }
}

fn spool_error(place: &Path, error: io::Error) -> StageError {
    let message = format!("can't keep rows in `{}` until the columns are known", place.display());
    StageError::new(ErrorKind::Io, message)
        .caused_by(error)
        .hint("make room there, or name the `columns`: then no row has to wait")
}
