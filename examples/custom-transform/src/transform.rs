//! The transform, and how it is built from the options.

use taskferry_sdk::{
    AnyTransform, BuildContext, ErrorKind, FieldRule, KeyPath, Plugin, Problem, StageError,
    TransformPlugin,
};

use crate::config::{JoinJobNames, Unknown};
use crate::names::Names;

const JOB_NAME: &str = "job_name";
const JOB_FAMILY: &str = "job_family";

impl Plugin for JoinJobNames {
    const TYPE: &'static str = "join_job_names";
}

impl TransformPlugin for JoinJobNames {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let problem = |message: String| {
            let help = "the file needs a header with `external_id`, `job_name` and `job_family`";
            vec![Problem::at(KeyPath::of("file"), "unreadable-file", message).help(help)]
        };
        let shown = context.files().resolve(&self.file).display().to_string();
        let bytes = context
            .files()
            .read(&self.file)
            .map_err(|error| problem(format!("can't read `{shown}`: {error}")))?;
        let names = Names::parse(&bytes).map_err(|error| problem(format!("`{shown}`: {error}")))?;
        let unknown = self.unknown;
        Ok(AnyTransform::edit(move |record, edit| {
            // Rows have `job_external_id`, jobs have `external_id`.
            let id = record.get("job_external_id").or(record.get("external_id"));
            let id = id.and_then(|id| id.as_str()).ok_or_else(|| {
                let message = "the record has neither `job_external_id` nor `external_id`";
                let hint = "put `join_job_names` before transforms that drop these fields";
                StageError::new(ErrorKind::Record, message).hint(hint)
            })?;
            let name = names.get(&id);
            if name.is_none() && unknown == Unknown::Fail {
                let message = format!("the file has no job `{id}`");
                let hint = "add the job to the file, or set `unknown = \"null\"`";
                return Err(StageError::new(ErrorKind::Record, message).hint(hint));
            }
            edit.set(record, JOB_NAME, name.map(|name| name.job_name.as_str()));
            edit.set(record, JOB_FAMILY, name.map(|name| name.job_family.as_str()));
            Ok(())
        }))
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        FieldRule::unchanged().adds(JOB_NAME).adds(JOB_FAMILY)
    }
}
