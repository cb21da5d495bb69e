//! Transform `rename_skills`: renames linked skills to the skill names of Workday, SAP or another system.
//!
//! A CSV file maps skills to names. The transform renames all skills in `linked_skills` of jobs and rows, and the skill of rows
//! that `flatten_hierarchy` exploded.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::testing::{Files, TransformTest};
//! use taskferry_transform_rename_skills::RenameSkills;
//!
//! let mapping = "vendor,skill,vendor_skill\nworkday,Python,Python Programming\n";
//! let files = Files::new().with("skills.csv", mapping);
//! let options = json!({"vendor": "workday", "mapping": "skills.csv"});
//! let mut rename = TransformTest::with_files::<RenameSkills>(&options, &files).unwrap();
//! assert_eq!(
//!     rename.apply(r#"{"task_id":"t1","linked_skills":[{"skill_id":"s1","skill":"Python"}]}"#)?,
//!     [r#"{"task_id":"t1","linked_skills":[{"skill_id":"s1","skill":"Python Programming"}]}"#]
//! );
//! # Ok::<(), taskferry_sdk::StageError>(())
//! ```

mod config;
mod mapping;
mod merge;
mod plugin;
mod tally;
mod transform;

pub use config::{Match, RenameSkills, Unmapped};
