//! Transform `filter_ai_impact`: keeps the tasks with the wanted AI impact levels.
//!
//! Of a job it keeps the tasks that match, in a list as in a hierarchy, whose empty branches are pruned; of rows
//! it keeps those that match. A record that loses nothing is passed on as it came.
//!
//! ```
//! use serde_json::json;
//! use taskferry_sdk::{BuildContext, Output, Endpoints, NoFiles, Record, Registry};
//! use taskferry_transform_filter_ai_impact::FilterAiImpact;
//!
//! # #[tokio::main(flavor = "current_thread")]
//! # async fn main() -> Result<(), taskferry_sdk::StageError> {
//! let mut registry = Registry::new();
//! registry.transform::<FilterAiImpact>();
//! let context = BuildContext::new(&NoFiles, registry.endpoints());
//! let options = json!({"at_most": "H2"});
//! let built = registry.build_transform("filter_ai_impact", &options, &context).unwrap().unwrap();
//!
//! let record = Record::from_value(json!({"external_id": "j1", "tasks": [
//!     {"task_id": "t1", "ai_impact": {"level": "H1"}},
//!     {"task_id": "t2", "ai_impact": {"level": "H4"}},
//! ]}));
//! let mut out = Output::new();
//! built.transform.apply(record, &mut out).await?;
//! let kept = out.into_records().remove(0).into_value()?;
//! assert_eq!(kept["tasks"], json!([{"task_id": "t1", "ai_impact": {"level": "H1"}}]));
//! # Ok(())
//! # }
//! ```

mod config;
mod tally;
mod transform;

pub use config::{EmptyJobs, FilterAiImpact, Missing};
