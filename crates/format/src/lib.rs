//! Writes records as NDJSON, JSON and CSV; shared by the sinks that write bytes.
//!
//! A [`RecordWriter`] turns records into bytes of one [`Format`] and hands them to whatever it was given to
//! write to: a stream, a compressor, a file. Its memory does not grow with the number of records: a table
//! whose columns are only known after the last of them waits on disk.
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
mod dry;
mod options;
mod report;
mod spool;
mod table;
mod writer;

pub use dry::DrySink;
pub use options::{Decimal, Delimiter, Dialect, Format, FormatOptions, LineEnding};
pub use report::{WriteError, WriteReport};
pub use spool::Spool;
pub use writer::{RecordWriter, WriterState};
