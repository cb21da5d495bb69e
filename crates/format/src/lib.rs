//! Writes records as NDJSON, JSON and CSV, for all sinks that write bytes.
//!
//! A [`RecordWriter`] writes records in one [`Format`] to a stream, a compressor or a file. Its memory does not grow with the
//! number of records: the rows of a table without `columns` are stored on disk until the last record.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::Record;
//! use taskferry_format::{Format, FormatOptions, RecordWriter, Spool};
//!
//! let options = FormatOptions { format: Format::Csv, ..FormatOptions::default() };
//! let spool = Spool::Unnamed(std::env::temp_dir());
//! let mut writer = RecordWriter::new(&options, &spool, Vec::new())?;
//! writer.write(&Record::from(json!({"task": "Add up", "hours": 1.50})))?;
//! writer.write(&Record::from(json!({"task": "=1+1", "linked_skills": [{"skill": "R"}, {"skill": "C"}]})))?;
//! let (bytes, report) = writer.finish()?;
//!
//! let lines = ["task,hours,linked_skills", "Add up,1.5,", "'=1+1,,R; C", ""];
//! assert_eq!(String::from_utf8(bytes).unwrap(), lines.join("\r\n"));
//! assert_eq!(report.records, 2);
//! # Ok::<(), taskferry_format::WriteError>(())
//! ```

mod cell;
mod columns;
mod options;
mod report;
mod spool;
mod stream;
mod table;
mod writer;

pub use options::{Decimal, Delimiter, Dialect, Format, FormatOptions, LineEnding};
pub use report::{WriteError, WriteReport};
pub use spool::Spool;
pub use stream::StreamSink;
pub use writer::{RecordWriter, WriterState};
