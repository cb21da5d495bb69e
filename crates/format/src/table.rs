//! CSV as RFC 4180 has it: with a header, lines that end in CRLF, and quotes where they are needed.
//!
//! The RFC's CRLF is kept, though LF is more at home on Unix: every reader of CSV takes both, and some take
//! CRLF alone.

use std::io::{self, Seek, Write};
use std::iter::repeat_n;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};
use taskferry_core::{ErrorKind, Record, StageError};
use tempfile::SpooledTempFile;

use crate::columns::Columns;
use crate::{WriteError, WriteReport};

const BUFFER: usize = 64 * 1024;
/// A table smaller than this waits in memory.
const SPOOL_IN_MEMORY: usize = 4 * 1024 * 1024;

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
/// record, and the header stands first: so rows wait in a file, each with the columns known when it came.
pub(crate) struct UnionTable<W> {
    columns: Columns,
    spool: csv::Writer<SpooledTempFile>,
    spool_dir: PathBuf,
    out: W,
}

impl<W: Write> UnionTable<W> {
    pub(crate) fn new(escape: bool, spool_dir: &Path, out: W) -> Self {
        let file = tempfile::spooled_tempfile_in(SPOOL_IN_MEMORY, spool_dir);
        // Always quoted: whatever a cell begins with, a byte order mark for example, is read back.
        let spool = WriterBuilder::new()
            .flexible(true)
            .quote_style(QuoteStyle::Always)
            .buffer_capacity(BUFFER)
            .from_writer(file);
        let columns = Columns::discovered(escape);
        Self { columns, spool, spool_dir: spool_dir.to_owned(), out }
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        let row = self.columns.row(record)?;
        let written = self.spool.write_record(row);
        Ok(written.map_err(|error| spool_error(&self.spool_dir, io_error(error)))?)
    }

    pub(crate) fn get_ref(&self) -> &W {
        &self.out
    }

    pub(crate) fn flush(&mut self) -> Result<(), WriteError> {
        Ok(self.spool.flush().map_err(|error| spool_error(&self.spool_dir, error))?)
    }

    pub(crate) fn finish(self) -> Result<W, WriteError> {
        let Self { columns, spool, spool_dir, out } = self;
        let failed = |error| spool_error(&spool_dir, error);
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

fn spool_error(folder: &Path, error: io::Error) -> StageError {
    let message = format!("can't keep rows in `{}` until the columns are known", folder.display());
    StageError::new(ErrorKind::Io, message)
        .caused_by(error)
        .hint("make room there, or name the `columns`: then no row has to wait")
}
