//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use taskferry::sdk::{AnyTransform, BuildContext, KeyPath, Plugin, Problem, TransformPlugin};

use crate::names::Names;
use crate::transform::Join;

/// Adds a job's name and family, which the export does not carry, from a CSV file.
///
/// Job records get `job_name` and `job_family` behind their `external_id`, rows behind `job_external_id`.
#[derive(Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct JoinJobNames {
    /// The CSV file, with a header and the columns `external_id`, `job_name` and `job_family`. A relative
    /// path starts at the pipeline file's folder.
    pub file: PathBuf,
    /// What happens to a job that the file does not know.
    #[serde(default)]
    pub unknown: Unknown,
}

/// What happens to a job that the file does not know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Unknown {
    /// Its name and family are null.
    #[default]
    Null,
    /// The record is refused; `on_error` decides what follows.
    Fail,
}

impl Plugin for JoinJobNames {
    const TYPE: &'static str = "join_job_names";
}

impl TransformPlugin for JoinJobNames {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let problem = |message: String| {
            let help = "the file needs a header with `external_id`, `job_name` and `job_family`";
            vec![Problem::at(KeyPath::of("file"), "join_job_names::file", message).help(help)]
        };
        let shown = context.files().resolve(&self.file).display().to_string();
        let bytes = context
            .files()
            .read(&self.file)
            .map_err(|error| problem(format!("can't read `{shown}`: {error}")))?;
        let names = Names::parse(&bytes).map_err(|error| problem(format!("`{shown}`: {error}")))?;
        Ok(AnyTransform::stateless(Join::new(names, self.unknown)))
    }

    /// Fields are only added.
    fn changes_schema(&self) -> bool {
        false
    }
}
