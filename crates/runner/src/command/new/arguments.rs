//! The arguments of `taskferry new`.

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::preset::Preset;

#[derive(Debug, Args)]
#[command(args_conflicts_with_subcommands = true, arg_required_else_help = true)]
pub(crate) struct NewArguments {
    #[command(subcommand)]
    pub(crate) what: Option<New>,
    /// Print the changes of the template since the folder of the plugin was created, as a patch. Your own changes are not
    /// included. By default the folder is the working directory
    #[arg(long, value_name = "FOLDER", num_args = 0..=1, default_missing_value = ".")]
    pub(crate) diff: Option<PathBuf>,
    /// Record that the patch of `--diff` is applied: later patches contain only the changes after this version of taskferry
    #[arg(long, requires = "diff")]
    pub(crate) accept: bool,
}

#[derive(Debug, Subcommand)]
pub(crate) enum New {
    /// Write a pipeline with comments, a test, its variables and its schema into a new folder
    Pipeline(NewPipelineArguments),
    /// Write a crate with a transform of your own into a new folder
    Transform(NewTransformArguments),
    /// Write a crate with a source of your own into a new folder
    Source(NewCrateArguments),
    /// Write a crate with a sink of your own into a new folder
    Sink(NewCrateArguments),
}

#[derive(Debug, Args)]
pub(crate) struct NewPipelineArguments {
    /// The name of the pipeline and of the new folder
    pub(crate) name: String,
    /// The pipeline to start from. Without this option, taskferry prompts for it on a terminal
    #[arg(long, value_name = "PRESET")]
    pub(crate) preset: Option<Preset>,
    /// The folder in which the new folder is created. By default, the working directory
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct NewTransformArguments {
    #[command(flatten)]
    pub(crate) new: NewCrateArguments,
    /// What the output for a record depends on
    #[arg(long, value_name = "KIND", default_value = "stateless")]
    pub(crate) kind: Kind,
}

#[derive(Debug, Args)]
pub(crate) struct NewCrateArguments {
    /// The name of the crate and of the new folder, for example `drop-short-tasks`. In pipeline files, the type is `drop_short_tasks`
    pub(crate) name: String,
    /// The folder in which the new folder is created. By default, the working directory
    #[arg(long, value_name = "DIR")]
    pub(crate) dir: Option<PathBuf>,
    /// Depend on this checkout of taskferry. By default, the crate depends on the published version
    #[arg(long, value_name = "CHECKOUT")]
    pub(crate) path: Option<PathBuf>,
}

/// A kind of transform.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Kind {
    /// The record alone. Runs on several threads
    Stateless,
    /// The record and the records before it: numbers, duplicates, sums. Gets one record at a time, in order
    Ordered,
    /// The record and something to wait for: a file, a database, a service
    Async,
}
