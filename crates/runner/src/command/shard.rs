//! `--shard`: runs one shard of an export.

use std::path::Path;
use std::str::FromStr;

use taskferry_pipeline::{Feed, Pipeline};
use taskferry_sdk::{AnyTransform, RunContext, Shard};
use taskferry_state::StateDir;

/// The variable that holds the number of a pod in an Indexed Job of Kubernetes, from 0.
const COMPLETION_INDEX: &str = "JOB_COMPLETION_INDEX";

/// The value of `--shard`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ShardArgument {
    /// `2/8`.
    This(Shard),
    /// `8`: the shard of eight whose number is in the environment.
    OneOf(u32),
}

impl FromStr for ShardArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.trim().parse() {
            Ok(0) => {
                Err("the number of shards must be greater than zero, for example `2/8`, or `8`"
                    .to_owned())
            }
            Ok(count) => Ok(Self::OneOf(count)),
            Err(_) => text.parse().map(Self::This).map_err(|error| {
                format!("{error}, or `8` to take the shard number from {COMPLETION_INDEX}")
            }),
        }
    }
}

impl ShardArgument {
    /// The shard to run.
    pub(crate) fn resolve(self) -> Result<Shard, String> {
        match self {
            Self::This(shard) => Ok(shard),
            Self::OneOf(count) => of_index(
                count,
                std::env::var(COMPLETION_INDEX).ok().filter(|index| !index.is_empty()).as_deref(),
            ),
        }
    }
}

fn of_index(count: u32, index: Option<&str>) -> Result<Shard, String> {
    let Some(index) = index else {
        return Err(format!(
            "`--shard {count}` needs {COMPLETION_INDEX}, which is not set; write for example `--shard 2/{count}`"
        ));
    };
    let number = index.trim().parse::<u32>().ok().and_then(|index| index.checked_add(1));
    number.and_then(|number| Shard::new(number, count).ok()).ok_or_else(|| {
        format!(
            "{COMPLETION_INDEX} is `{index}`; with {count} shards it must be from 0 to {}",
            count - 1
        )
    })
}

/// The context of a run of one shard. Its state folder is inside the folder of the whole export.
pub(crate) fn new_run(pipeline: &Pipeline, shard: Shard) -> RunContext {
    let whole = StateDir::path_of(Path::new(&pipeline.state.dir), &pipeline.name);
    let mut run = taskferry_engine::new_run(&pipeline.name);
    (run.shard, run.whole_dir) = (Some(shard), Some(whole));
    run
}

/// The reasons why a pipeline cannot run in shards.
pub(crate) fn problems(pipeline: &Pipeline) -> Vec<String> {
    let mut problems = Vec::new();
    let can_shard = match &pipeline.source.feed {
        Feed::Source(source) => source.can_shard(),
        Feed::DeadLetters(_) => false,
    };
    if !can_shard {
        let name = &pipeline.source.name;
        problems.push(format!(
            "source `{name}` does not support `--shard`: every shard would export everything; run without `--shard`"
        ));
    }
    let own = pipeline.sinks.iter().flat_map(|sink| &sink.transforms);
    for stage in pipeline.transforms.iter().chain(own) {
        if let AnyTransform::Ordered(transform) = &stage.transform
            && let Some(reason) = transform.shard_conflict()
        {
            let name = &stage.name;
            problems.push(format!(
                "transform `{name}` does not support `--shard`: {reason}; run without `--shard`"
            ));
        }
    }
    for stage in &pipeline.sinks {
        if let Some(path) = stage.sink.shard_conflict() {
            problems.push(format!(
                "sink `{}`: all shards would write to `{path}`; add `{{shard}}` to its path, for example \
                 `out/{{pipeline}}.{{shard}}.ndjson`",
                stage.name
            ));
        }
    }
    problems
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_shard_is_written_as_index_and_count() {
        let this = |text: &str| ShardArgument::This(text.parse().unwrap());
        assert_eq!("2/8".parse(), Ok(this("2/8")));
        assert_eq!("8".parse(), Ok(ShardArgument::OneOf(8)));
        for wrong in ["", "0", "9/8", "-1", "x", "99999999999"] {
            assert!(wrong.parse::<ShardArgument>().unwrap_err().contains("`2/8`"), "{wrong}");
        }
    }

    #[test]
    fn shards_from_the_environment_start_at_0() {
        assert_eq!(of_index(8, Some("0")).unwrap().to_string(), "1/8");
        assert_eq!(of_index(8, Some("7")).unwrap().to_string(), "8/8");
        for wrong in [None, Some("8"), Some("-1"), Some(""), Some("4294967295")] {
            assert!(of_index(8, wrong).unwrap_err().contains("JOB_COMPLETION_INDEX"));
        }
    }
}
