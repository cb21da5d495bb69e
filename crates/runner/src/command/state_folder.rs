//! The folder that holds the state of a run.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use taskferry_config::is_same_file;
use taskferry_pipeline::Pipeline;
use taskferry_sdk::{RunContext, Shard};
use taskferry_state::{LockAttempt, StateDir, StateError};

use super::published::{Publisher, files_of_others};
use crate::command_error::CommandError;
use crate::exit::Exit;

/// The file in the folder that names the pipeline file.
const OWNER: &str = "pipeline";

/// The state folder of a pipeline, of an experiment, or of a shard.
#[derive(Debug)]
pub(crate) struct StateFolder {
    pipeline: PathBuf,
    parent: PathBuf,
    name: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    file: String,
}

impl StateFolder {
    pub(crate) fn of(pipeline: &Pipeline, shard: Option<Shard>) -> Self {
        let Pipeline { name, state, experiment, .. } = pipeline;
        Self::new(&state.dir, name, experiment.as_deref(), shard)
    }

    /// The folder of the pipeline `name` in the state folder `dir`.
    pub(crate) fn new(
        dir: &str,
        name: &str,
        experiment: Option<&str>,
        shard: Option<Shard>,
    ) -> Self {
        let dir = Path::new(dir);
        let pipeline = StateDir::path_of(dir, name);
        let (parent, name) = match experiment {
            None => (dir.to_owned(), name.to_owned()),
            Some(experiment) => (pipeline.join("experiments"), experiment.to_owned()),
        };
        let (parent, name) = match shard {
            None => (parent, name),
            Some(shard) => (StateDir::path_of(&parent, &name).join("shards"), shard.name()),
        };
        Self { pipeline, parent, name }
    }

    /// The context of a run that reads only a sample of the listing, and compares the sample with the last complete run.
    pub(crate) fn sample_run(pipeline: &Pipeline) -> RunContext {
        let mut run = taskferry_engine::new_run(&pipeline.name);
        run.is_sample = true;
        run.compared_with = Some(Self::of(pipeline, None).path());
        run
    }

    pub(crate) fn path(&self) -> PathBuf {
        StateDir::path_of(&self.parent, &self.name)
    }

    /// The files that other pipelines have published with the same `dir`.
    pub(crate) fn files_of_others(&self) -> BTreeMap<PathBuf, Publisher> {
        files_of_others(self.pipeline.parent().unwrap_or(Path::new("")), &self.pipeline)
    }

    /// The path of the state folder, and the paths of the state folders of experiments.
    pub(crate) fn with_experiments(&self) -> Vec<PathBuf> {
        let folder = self.path();
        let experiments = std::fs::read_dir(folder.join("experiments")).into_iter().flatten();
        let experiments = experiments.flatten().map(|entry| entry.path());
        std::iter::once(folder).chain(experiments).collect()
    }

    /// Creates and locks the folder for a run of the pipeline file `file`.
    pub(crate) fn open(
        &self,
        pipeline: &Pipeline,
        run: Option<&RunContext>,
        file: &Path,
    ) -> Result<StateDir, CommandError> {
        let state =
            match StateDir::open(&self.parent, &self.name).map_err(|error| unusable(&error))? {
                LockAttempt::Acquired(state) => state,
                LockAttempt::Held(holder) => {
                    let process = holder.map(|holder| format!(" (process {})", holder.pid));
                    let shard = run.and_then(|run| run.shard);
                    let part = shard.map(|shard| format!("shard {shard} of ")).unwrap_or_default();
                    let (name, process) = (&pipeline.name, process.unwrap_or_default());
                    let message = format!("another run of {part}`{name}` is active{process}");
                    return Err(CommandError::new(Exit::BUSY, message));
                }
            };
        self.claim(&state, file)?;
        if state.path() != self.pipeline {
            self.refuse_conflicting_experiment(pipeline, run)?;
        }
        Ok(state)
    }

    /// Records the pipeline file in the folder.
    fn claim(&self, state: &StateDir, file: &Path) -> Result<(), CommandError> {
        if let Some(other) = self.check_owner(state.path(), file)? {
            let (folder, other) = (self.pipeline.display(), other.display());
            tracing::info!(
                "the pipeline file `{other}` no longer exists; this run continues with the state of that file in `{folder}`"
            );
        }
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        let owner = Owner { file: file.to_string_lossy().into_owned() };
        state.save(OWNER, &owner).map_err(|error| unusable(&error))
    }

    /// Checks that the folder of the pipeline, and the folder `own` of a run, belong to `file`: two files with the same pipeline
    /// name would resume each other's runs, and compare their exports with each other. Returns the path of an owner that no longer exists.
    pub(crate) fn check_owner(
        &self,
        own: &Path,
        file: &Path,
    ) -> Result<Option<PathBuf>, CommandError> {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        // An unreadable owner file is written again.
        let owner = |folder: &Path| taskferry_state::load::<Owner>(folder, OWNER).ok().flatten();
        let own = if own == self.pipeline { None } else { owner(own) };
        let mut gone = None;
        for owner in owner(&self.pipeline).into_iter().chain(own) {
            let other = Path::new(&owner.file);
            if is_same_file(other, &file) {
                continue;
            }
            if other.exists() {
                let (folder, shown) = (self.pipeline.display(), other.display());
                let file = file.display();
                return Err(CommandError::usage(format!(
                    "`{folder}` contains the state of `{shown}`, which has the same pipeline name as `{file}`; set another `name`, \
                     or another `dir` in [state], in one of the two files; if `{file}` replaces `{shown}`, remove \
                     `{folder}/{OWNER}.json`"
                )));
            }
            gone = Some(other.to_owned());
        }
        Ok(gone)
    }

    /// Refuses an experiment that would overwrite the output of an unfinished run of the pipeline.
    fn refuse_conflicting_experiment(
        &self,
        pipeline: &Pipeline,
        run: Option<&RunContext>,
    ) -> Result<(), CommandError> {
        if pipeline.experiment.is_none() {
            return Ok(());
        }
        let run = run.cloned().unwrap_or_else(|| taskferry_engine::new_run(&pipeline.name));
        match taskferry_engine::conflicting_run(pipeline, &run, &self.pipeline) {
            None => Ok(()),
            Some((run_id, output)) => Err(CommandError::usage(format!(
                "this run would overwrite `{output}` of the unfinished run {run_id} of `{}`; resume that run without `--set` \
                 first, choose another path, or use `--dry-run`",
                pipeline.name
            ))),
        }
    }
}

fn unusable(error: &StateError) -> CommandError {
    let message = format!("{error}: {}; set `dir` in [state] to use another folder", error.source);
    CommandError::usage(message)
}
