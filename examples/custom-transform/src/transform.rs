//! The transform, and how it is built from the options.

use taskferry_sdk::{
    AnyTransform, BuildContext, ErrorKind, FieldRule, KeyPath, Output, Plugin, Problem, Record,
    StageError, Transform, TransformPlugin,
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
        Ok(AnyTransform::stateless(Join { names, unknown: self.unknown }))
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        FieldRule::exact(|input| {
            let mut output = input.clone();
            output.own.add(JOB_NAME);
            output.own.add(JOB_FAMILY);
            output
        })
    }
}

/// The transform. It has no state, so the engine calls it from several threads.
#[derive(Debug)]
struct Join {
    names: Names,
    unknown: Unknown,
}

impl Transform for Join {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let root = record.root()?;
        // Rows have `job_external_id`, jobs have `external_id`.
        let id = root.get("job_external_id").or(root.get("external_id"));
        let id = id.and_then(|id| id.as_str()).ok_or_else(|| {
            let message = "the record has neither `job_external_id` nor `external_id`";
            StageError::new(ErrorKind::Record, message)
                .hint("put `join_job_names` before transforms that drop them")
        })?;
        let name = self.names.get(&id);
        if name.is_none() && self.unknown == Unknown::Fail {
            let message = format!("the file has no job `{id}`");
            return Err(StageError::new(ErrorKind::Record, message)
                .hint("add it, or set `unknown = \"null\"`"));
        }
        let mut edit = record.edit()?;
        edit.set(root, JOB_NAME, name.map(|name| name.job_name.as_str()));
        edit.set(root, JOB_FAMILY, name.map(|name| name.job_family.as_str()));
        out.emit(edit.finish());
        Ok(())
    }
}
