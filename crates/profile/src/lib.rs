//! The domain of task profiles: jobs, tasks, AI impact levels, and a walk over any hierarchy.

#[cfg(any(test, feature = "proptest"))]
pub mod arbitrary;
pub mod mapping;
pub mod model;
pub mod null_tasks;
pub mod text;
pub mod walk;

mod level;

pub use level::{AiLevel, UnknownLevel};
