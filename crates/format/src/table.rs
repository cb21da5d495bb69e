//! CSV by RFC 4180, unless the options differ: a header, lines that end in CRLF, and quotes where they are needed.
//!
//! CRLF is the default because some readers of CSV accept only CRLF, and all readers accept CRLF.

use std::io::{self, Seek, Write};
use std::iter::repeat_n;
use std::path::{Path, PathBuf};

use csv::{ByteRecord, QuoteStyle, ReaderBuilder, Terminator, WriterBuilder};
use taskferry_sdk::{ErrorKind, Record, StageError};

use crate::columns::{Columns, ColumnsState};
use crate::options::{LineEnding, TableStyle};
use crate::spool::{Spool, SpoolFile, SpoolState};
use crate::{WriteError, WriteReport};

const BUFFER: usize = 64 * 1024;
/// Marks a text as UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A table with known columns. Rows are written at once.
pub(crate) struct NamedTable<W: Write> {
    pub(crate) columns: Columns,
    pub(crate) out: csv::Writer<W>,
}

impl<W: Write> NamedTable<W> {
    /// Begins a table, or continues it after its header and first rows.
    pub(crate) fn new(
        names: &[String],
        style: TableStyle,
        from: Option<&ColumnsState>,
        mut out: W,
    ) -> io::Result<Self> {
        let mut columns = Columns::new(Some(names), style.cells);
        let out = if let Some(state) = from {
            columns.restore(state);
            table_to(style, out)
        } else {
            begin(style, &mut out)?;
            let mut out = table_to(style, out);
            out.write_record(columns.header()).map_err(io_error)?;
            out
        };
        Ok(Self { columns, out })
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        let row = self.columns.row(record).map_err(WriteError::Record)?;
        Ok(self.out.write_record(row).map_err(io_error)?)
    }

    pub(crate) fn finish(self) -> Result<(W, WriteReport), WriteError> {
        Ok((into_inner(self.out)?, self.columns.into_report()))
    }
}

/// A table with the columns of all records, in order of first appearance. The header needs all columns, so the rows are
/// stored in a spool until the last record, each with the columns that were known at the time.
pub(crate) struct UnionTable<W> {
    pub(crate) columns: Columns,
    style: TableStyle,
    spool: csv::Writer<SpoolFile>,
    path: PathBuf,
    pub(crate) out: W,
}

impl<W: Write> UnionTable<W> {
    /// Begins a table, or continues it after the rows in the spool.
    pub(crate) fn new(
        style: TableStyle,
        spool: &Spool,
        from: Option<(&ColumnsState, &SpoolState)>,
        out: W,
    ) -> Result<Self, WriteError> {
        let (mut columns, path) = (Columns::new(None, style.cells), spool.path());
        let file = match from {
            Some((_, rows)) => spool.resume(rows),
            None => spool.create(),
        };
        let file = file.map_err(|error| spool_error(&path, error))?;
        if let Some((state, _)) = from {
            columns.restore(state);
        }
        Ok(Self { columns, style, spool: spool_to(file), path, out })
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        let row = self.columns.row(record).map_err(WriteError::Record)?;
        let written = self.spool.write_record(row);
        written.map_err(|error| spool_error(&self.path, io_error(error)))
    }

    pub(crate) fn flush(&mut self) -> Result<(), WriteError> {
        self.spool.flush().map_err(|error| spool_error(&self.path, error))?;
        // A compressor may have written a header.
        Ok(self.out.flush()?)
    }

    /// Syncs the stored rows to disk, and returns the state of the spool.
    pub(crate) fn sync(&mut self) -> Result<SpoolState, WriteError> {
        self.flush()?;
        self.spool.get_ref().sync().map_err(|error| spool_error(&self.path, error))
    }

    pub(crate) fn finish(self) -> Result<(W, WriteReport), WriteError> {
        let Self { columns, style, spool, path, mut out } = self;
        let failed = |error| spool_error(&path, error);
        if columns.len() > 0 {
            begin(style, &mut out)?;
        }
        let mut out = table_to(style, out);
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
            if !rows.get_ref().is_as_written() {
                return Err(spool_changed(&path));
            }
        }
        Ok((into_inner(out)?, columns.into_report()))
    }
}

/// Quotes all cells, so that each cell is read back unchanged, even if it begins with a byte order mark.
fn spool_to(file: SpoolFile) -> csv::Writer<SpoolFile> {
    WriterBuilder::new()
        .flexible(true)
        .quote_style(QuoteStyle::Always)
        .buffer_capacity(BUFFER)
        .from_writer(file)
}

/// Writes the byte order mark.
fn begin(style: TableStyle, out: &mut impl Write) -> io::Result<()> {
    if style.bom { out.write_all(BYTE_ORDER_MARK) } else { Ok(()) }
}

fn table_to<W: Write>(style: TableStyle, out: W) -> csv::Writer<W> {
    let terminator = match style.line_ending {
        LineEnding::Crlf => Terminator::CRLF,
        LineEnding::Lf => Terminator::Any(b'\n'),
    };
    let mut table = WriterBuilder::new();
    table.delimiter(style.delimiter.byte()).terminator(terminator);
    table.buffer_capacity(BUFFER).from_writer(out)
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

fn spool_changed(path: &Path) -> WriteError {
    let message = format!("another process has changed `{}`", path.display());
    let error = StageError::new(ErrorKind::Io, message)
        .hint("nothing was published; make sure that no other process changes this file, and run again")
        .not_resumable();
    WriteError::Spool(error)
}

fn spool_error(path: &Path, error: io::Error) -> WriteError {
    let message = format!("can't store rows in `{}`", path.display());
    let error = StageError::new(ErrorKind::Io, message)
        .caused_by(error)
        .hint("free some disk space, or set `columns`, so that no rows are stored");
    WriteError::Spool(error)
}
