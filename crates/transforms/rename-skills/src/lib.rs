//! Transform `rename_skills`: puts linked skills into the words of Workday, SAP or any other system.
//!
//! A CSV file says what each skill is called there. Skills are renamed wherever `linked_skills` stands, in jobs
//! of any layout as in rows, and on rows of one skill each, as `flatten_hierarchy` explodes them.
//!
//! ```
//! use std::io;
//! use std::path::{Path, PathBuf};
//!
//! use serde_json::json;
//! use taskferry_sdk::{BuildContext, Output, InputFiles, Record, Registry};
//! use taskferry_transform_rename_skills::RenameSkills;
//!
//! #[derive(Debug)]
//! struct Mapping;
//!
//! impl InputFiles for Mapping {
//!     fn resolve(&self, path: &Path) -> PathBuf {
//!         path.to_owned()
//!     }
//!     fn read(&self, _: &Path) -> io::Result<Vec<u8>> {
//!         Ok(b"vendor,skill,vendor_skill\nworkday,Python,Python Programming\n".to_vec())
//!     }
//! }
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), taskferry_sdk::StageError> {
//! let mut registry = Registry::new();
//! registry.transform::<RenameSkills>();
//! let context = BuildContext::new(&Mapping, registry.endpoints());
//! let options = json!({"vendor": "workday", "mapping": "skills.csv"});
//! let built = registry.build_transform("rename_skills", &options, &context).unwrap().unwrap();
//!
//! let task = json!({"task_id": "t1", "linked_skills": [{"skill_id": "s1", "skill": "Python"}]});
//! let mut out = Output::new();
//! built.transform.apply(Record::from_value(task), &mut out).await?;
//! let renamed = out.into_records().remove(0).into_value()?;
//! assert_eq!(renamed["linked_skills"], json!([{"skill_id": "s1", "skill": "Python Programming"}]));
//! # Ok(())
//! # }
//! ```

mod config;
mod mapping;
mod merge;
mod tally;
mod transform;

pub use config::{Match, RenameSkills, Unmapped};
