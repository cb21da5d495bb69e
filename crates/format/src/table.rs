//! CSV as RFC 4180 has it, unless the options say otherwise: with a header, lines that end in CRLF, and quotes where
//! they are needed.
//!
//! The RFC's CRLF is the default, though LF is more at home on Unix: every reader of CSV takes both, and some take
//! CRLF alone.

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
/// Says that a text is UTF-8.
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();

/// A table whose columns are named in advance: rows are written as they come.
pub(crate) struct NamedTable<W: Write> {
    columns: Columns,
    out: csv::Writer<W>,
}

impl<W: Write> NamedTable<W> {
    pub(crate) fn new(names: &[String], style: TableStyle, mut out: W) -> io::Result<Self> {
        let columns = Columns::named(names, style.cells);
        begin(style, &mut out)?;
        let mut out = table_to(style, out);
        out.write_record(columns.header()).map_err(io_error)?;
        Ok(Self { columns, out })
    }

    /// A table whose header and first rows are written already.
    pub(crate) fn resume(
        names: &[String],
        style: TableStyle,
        state: &ColumnsState,
        out: W,
    ) -> Self {
        let mut columns = Columns::named(names, style.cells);
        columns.restore(state);
        Self { columns, out: table_to(style, out) }
    }

    pub(crate) fn state(&self) -> ColumnsState {
        self.columns.state()
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        let row = self.columns.row(record).map_err(WriteError::Record)?;
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
    style: TableStyle,
    spool: csv::Writer<SpoolFile>,
    place: PathBuf,
    out: W,
}

impl<W: Write> UnionTable<W> {
    pub(crate) fn new(style: TableStyle, spool: &Spool, out: W) -> Result<Self, WriteError> {
        let file = spool.create().map_err(|error| spool_error(&spool.path(), error))?;
        let (columns, place) = (Columns::discovered(style.cells), spool.path());
        Ok(Self { columns, style, spool: spool_to(file), place, out })
    }

    /// A table some of whose rows wait in the spool already.
    pub(crate) fn resume(
        style: TableStyle,
        spool: &Spool,
        state: &ColumnsState,
        rows: &SpoolState,
        out: W,
    ) -> Result<Self, WriteError> {
        let file = spool.resume(rows).map_err(|error| spool_error(&spool.path(), error))?;
        let mut columns = Columns::discovered(style.cells);
        columns.restore(state);
        Ok(Self { columns, style, spool: spool_to(file), place: spool.path(), out })
    }

    pub(crate) fn state(&self) -> ColumnsState {
        self.columns.state()
    }

    pub(crate) fn write(&mut self, record: &Record) -> Result<(), WriteError> {
        let row = self.columns.row(record).map_err(WriteError::Record)?;
        let written = self.spool.write_record(row);
        written.map_err(|error| spool_error(&self.place, io_error(error)))
    }

    pub(crate) fn get_ref(&self) -> &W {
        &self.out
    }

    pub(crate) fn flush(&mut self) -> Result<(), WriteError> {
        self.spool.flush().map_err(|error| spool_error(&self.place, error))?;
        // What compresses may have begun its output already.
        Ok(self.out.flush()?)
    }

    /// Forces the rows that wait to disk, and returns what they are.
    pub(crate) fn sync(&mut self) -> Result<SpoolState, WriteError> {
        self.flush()?;
        self.spool.get_ref().sync().map_err(|error| spool_error(&self.place, error))
    }

    pub(crate) fn finish(self) -> Result<(W, WriteReport), WriteError> {
        let Self { columns, style, spool, place, mut out } = self;
        let failed = |error| spool_error(&place, error);
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
                return Err(meddled(&place));
            }
        }
        Ok((into_inner(out)?, columns.into_report()))
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

/// What stands before the header.
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

fn meddled(place: &Path) -> WriteError {
    let message = format!("somebody else has written to `{}`", place.display());
    let error = StageError::new(ErrorKind::Io, message)
        .hint("nothing was published; let nobody touch that file, and run again")
        .not_resumable();
    WriteError::Spool(error)
}

fn spool_error(place: &Path, error: io::Error) -> WriteError {
    let message = format!("can't keep rows in `{}` until the columns are known", place.display());
    let error = StageError::new(ErrorKind::Io, message)
        .caused_by(error)
        .hint("make room there, or name the `columns`: then no row has to wait");
    WriteError::Spool(error)
}
