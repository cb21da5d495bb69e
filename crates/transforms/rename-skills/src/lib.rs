//! Transform `rename_skills`: puts linked skills into the words of Workday, SAP or any other system.
//!
//! A CSV file says what each skill is called there. Skills are renamed wherever `linked_skills` stands, in jobs
//! of any layout as in rows, and on rows of one skill each, as `flatten_hierarchy` explodes them.
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
