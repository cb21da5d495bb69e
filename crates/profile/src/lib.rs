//! The domain of task profiles: jobs, tasks, AI impact levels, and linked skills.
//!
//! The layout of a hierarchy record is not documented, so this crate accepts any layout. An object with `task_id` is a
//! task. The objects that contain the task are its domain, subdomain, cluster and canonical task. A list record is a
//! hierarchy without these levels. Fields of a task are not searched for further tasks.
//!
//! - [`Profile::of`] reads a record: a [`Job`] with tasks in any layout, or a row. An invalid value instead of a task is a
//!   [`Mismatch`].
//! - [`Job::visit_tasks`] visits every task with its [`Branch`]. [`Job::retain_tasks`] removes tasks, and branches that become
//!   empty.
//! - [`TaskFilter`] and [`TaskEditor`] are transforms of closures over a [`TaskRef`], for plugins that drop or change tasks.
//! - [`ai_level`] reads the level of a task, and [`visit_linked_skills`] visits the lists of skills.
//!
//! ```
//! use taskferry_json::Document;
//! use taskferry_profile::Profile;
//!
//! let record = r#"{"external_id": "j1", "domains": [{"domain": "Finance", "tasks": [{"task_id": "t1"}]}]}"#;
//! let record = Document::parse(record)?;
//! let Profile::Job(job) = Profile::of(record.root())? else { panic!("the record is a row") };
//! job.visit_tasks(|task, branch| {
//!     assert_eq!(task.get("task_id").unwrap().as_str().unwrap(), "t1");
//!     let domain = branch.iter().next().unwrap();
//!     assert_eq!((domain.name(), domain.label().unwrap().as_ref()), ("domain".into(), "Finance"));
//!     Ok::<(), ()>(())
//! })
//! .unwrap();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod mapping;
pub mod model;
pub mod null_tasks;

/// The code in the guide for authors of plugins.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/plugins/testing.md")]
mod guide {}

mod branch;
mod check;
mod empty_jobs;
mod level;
mod linked_skills;
mod mismatch;
mod profile;
mod prune;
mod task;
mod task_ref;
mod task_transforms;
mod visit;
mod words;

pub use branch::{Branch, Level};
pub use empty_jobs::EmptyJobs;
pub use level::{AiLevel, UnknownLevel};
pub use linked_skills::{LINKED_SKILLS, visit_linked_skills};
pub use mismatch::Mismatch;
pub use profile::{Job, Profile};
pub use task::{ai_level, is_branch, is_job, task_name};
pub use task_ref::TaskRef;
pub use task_transforms::{TaskEditor, TaskFilter};
pub use words::LEVELS;
