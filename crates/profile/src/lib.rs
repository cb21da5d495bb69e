//! The domain of task profiles: jobs, tasks, AI impact levels, and a walk over any hierarchy.

pub mod model;
pub mod text;
pub mod walk;

mod level;

pub use level::{AiLevel, UnknownLevel};
