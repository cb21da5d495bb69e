//! Where a pipeline's state is kept, and whose it is.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use taskferry_pipeline::Pipeline;
use taskferry_sdk::{RunContext, Shard};
use taskferry_state::{History, LockAttempt, StateDir, StateError};

use crate::exit::Exit;

/// The file that says which pipeline file the state is of.
const OWNER: &str = "pipeline";

/// Where the state of a run is kept: of the pipeline, of an experiment with it, or of a share of either.
#[derive(Debug)]
pub(crate) struct Place {
    /// The folder of the pipeline as its file has it.
    main: PathBuf,
    dir: PathBuf,
    name: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct Owner {
    file: String,
}

/// Why a folder is not this process's.
#[derive(Debug)]
pub(crate) enum Refused {
    /// Another run is active.
    Busy(String),
    /// It can't be used as it stands.
    Unusable(String),
}

impl Refused {
    pub(crate) fn exit(&self) -> Exit {
        match self {
            Self::Busy(_) => Exit::BUSY,
            Self::Unusable(_) => Exit::USAGE,
        }
    }

    pub(crate) fn why(&self) -> &str {
        match self {
            Self::Busy(why) | Self::Unusable(why) => why,
        }
    }
}

impl Place {
    pub(crate) fn of(pipeline: &Pipeline, shard: Option<Shard>) -> Self {
        let Pipeline { name, state, experiment, .. } = pipeline;
        Self::at(&state.dir, name, experiment.as_deref(), shard)
    }

    /// The place of the pipeline `name` whose state is kept in `dir`.
    pub(crate) fn at(
        dir: &str,
        name: &str,
        experiment: Option<&str>,
        shard: Option<Shard>,
    ) -> Self {
        let dir = Path::new(dir);
        let main = StateDir::path_of(dir, name);
        let (dir, name) = match experiment {
            None => (dir.to_owned(), name.to_owned()),
            Some(experiment) => (main.join("experiments"), experiment.to_owned()),
        };
        match shard {
            None => Self { main, dir, name },
            Some(shard) => {
                let dir = StateDir::path_of(&dir, &name).join("shards");
                Self { main, dir, name: shard.name() }
            }
        }
    }

    /// The folder.
    pub(crate) fn folder(&self) -> PathBuf {
        StateDir::path_of(&self.dir, &self.name)
    }

    /// The accounts of the runs that have their state here; for the pipeline as its file has it, those of experiments with it as
    /// well.
    pub(crate) fn histories(&self) -> Vec<History> {
        let folder = self.folder();
        let experiments = std::fs::read_dir(folder.join("experiments")).into_iter().flatten();
        let experiments = experiments.flatten().map(|entry| entry.path());
        std::iter::once(folder).chain(experiments).map(|it| History::in_folder(&it)).collect()
    }

    /// Takes the folder for this process: for a run of the pipeline file `file`.
    ///
    /// # Errors
    /// Why it can't have it.
    pub(crate) fn open(
        &self,
        pipeline: &Pipeline,
        run: Option<&RunContext>,
        file: &Path,
    ) -> Result<StateDir, Refused> {
        let opened = StateDir::open(&self.dir, &self.name);
        let state = match opened.map_err(|error| unusable(&error))? {
            LockAttempt::Acquired(state) => state,
            LockAttempt::Held(holder) => {
                let who =
                    holder.map(|holder| format!(" (process {})", holder.pid)).unwrap_or_default();
                let shard = run.and_then(|run| run.shard);
                let which = shard.map(|shard| format!("share {shard} of ")).unwrap_or_default();
                let name = &pipeline.name;
                return Err(Refused::Busy(format!(
                    "another run of {which}`{name}` is active{who}"
                )));
            }
        };
        self.claim(&state, &pipeline.name, file)?;
        if state.path() != self.main {
            self.spare(pipeline, run)?;
        }
        Ok(state)
    }

    /// Notes that the state is that of a pipeline file. Two files of one name would take each other's checkpoints, and be
    /// compared with each other's exports.
    fn claim(&self, state: &StateDir, pipeline: &str, file: &Path) -> Result<(), Refused> {
        let file = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
        // What can't be read belongs to nobody, and is written anew.
        let owner = |folder: &Path| taskferry_state::load::<Owner>(folder, OWNER).ok().flatten();
        let owners = [owner(&self.main), owner(state.path())];
        for other in owners.iter().flatten().map(|owner| Path::new(&owner.file)) {
            if is_same(other, &file) {
                continue;
            }
            let (there, main) = (other.exists(), self.main.display());
            let other = other.display();
            if there {
                return Err(Refused::Unusable(format!(
                    "the state of `{pipeline}` in `{main}` is that of `{other}`, and `{}` has the same name; give one \
                     of them another `name`, or another `dir` in [state]; if this file replaces that one, remove \
                     `{main}/{OWNER}.json`",
                    file.display()
                )));
            }
            tracing::info!("`{other}` is gone, and its state in `{main}` is taken over");
        }
        let owner = Owner { file: file.to_string_lossy().into_owned() };
        state.save(OWNER, &owner).map_err(|error| unusable(&error))
    }

    /// Keeps an experiment from writing over what an unfinished run of the pipeline has left.
    fn spare(&self, pipeline: &Pipeline, run: Option<&RunContext>) -> Result<(), Refused> {
        if pipeline.experiment.is_none() {
            return Ok(());
        }
        let new = || taskferry_engine::new_run(&pipeline.name);
        let run = run.cloned().unwrap_or_else(new);
        match taskferry_engine::conflicting_run(pipeline, &run, &self.main) {
            None => Ok(()),
            Some((run_id, output)) => Err(Refused::Unusable(format!(
                "run {run_id} of `{}` is not over, and this one, which `--set` changes, would write over what that has \
                 of `{output}`; let it go on without `--set` first, or set another path, or use `--dry-run`",
                pipeline.name
            ))),
        }
    }
}

fn unusable(error: &StateError) -> Refused {
    Refused::Unusable(format!(
        "{error}: {}; state is kept there, and `dir` in [state] names another folder",
        error.source
    ))
}

fn is_same(left: &Path, right: &Path) -> bool {
    let found = |path: &Path| std::fs::canonicalize(path).ok();
    left == right || found(left).is_some_and(|left| Some(left) == found(right))
}
