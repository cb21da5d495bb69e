//! The command line's words.

use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use taskferry_config::Layers;
use taskferry_sdk::Shard;

#[cfg(feature = "sandbox")]
use super::sandbox_arguments::{SandboxArguments, long_help};
use super::shard::ShardArgument;
use crate::logging::{self, LogFormat};
#[cfg(not(feature = "sandbox"))]
use crate::no_sandbox::{SandboxArguments, long_help};

/// Exports job task profiles from TechWolf through a pipeline of transforms into files, webhooks and
/// standard output.
#[derive(Debug, Parser)]
#[command(name = "taskferry", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a pipeline
    #[command(after_long_help = crate::exit::help())]
    Run(RunArguments),
    /// Send dead letters on, from the stage that refused them
    Replay(ReplayArguments),
    /// Show the last runs of a pipeline
    Runs(RunsArguments),
    /// Put the manifests of all shares of an export together, and say whether any is missing
    Merge(MergeArguments),
    /// Check pipeline files without sending a request
    Check(CheckArguments),
    /// Show what can stand in a pipeline file
    Plugins(PluginsArguments),
    /// Serve the TechWolf endpoint on this machine
    #[command(after_long_help = long_help())]
    Sandbox(SandboxArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Values over the pipeline file.
#[derive(Debug, Args)]
pub(crate) struct LayerArguments {
    /// Merge this file over the pipeline file; can be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    /// Set one value, `source.limit=50` or `sink.0.path=out/x.csv`; can be given several times
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Take the sandbox instead of the addresses and credentials of the source and the webhooks: the jobs are made up, and
    /// files and state stand beside the real ones. `${…}` in what is replaced need not be set
    #[arg(long)]
    pub(crate) sandbox: bool,
}

impl HowArguments {
    /// Sets up the log.
    pub(crate) fn start_logging(&self) {
        logging::start(self.log, if self.quiet { logging::QUIET } else { logging::NORMAL });
    }
}

impl LayerArguments {
    /// The files that a pipeline is read from.
    pub(crate) fn files<'a>(&'a self, file: &'a Path) -> impl Iterator<Item = &'a Path> {
        std::iter::once(file).chain(self.overlay.iter().map(PathBuf::as_path))
    }

    /// All layers of a pipeline file, those of the environment included.
    pub(crate) fn layers(&self, file: &Path) -> Layers {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        let mut layers = Layers::from_file(file);
        for overlay in &self.overlay {
            layers = layers.overlay(overlay);
        }
        layers = layers.environment(environment).sandbox(self.sandbox);
        self.set.iter().fold(layers, |layers, assignment| layers.set(assignment))
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    /// Take one share of the export: `2/8` the second of eight, `8` the one of eight that `JOB_COMPLETION_INDEX` says.
    /// The cursors that the last complete run without this option remembered say where shares begin
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<ShardArgument>,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
    #[command(flatten)]
    pub(crate) when: Conditions,
    #[command(flatten)]
    pub(crate) how: HowArguments,
}

/// Whether to run, and how far.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct Conditions {
    /// Do nothing where the last run is over and ended less than `resume_within` ago: the exit code is that of the last run
    /// then. For second attempts, by whatever starts runs
    #[arg(long, conflicts_with = "fresh")]
    pub(crate) if_incomplete: bool,
    /// Do everything but publish and send: sinks write and send nothing, no state is kept, and no dead letter
    #[arg(long, conflicts_with_all = ["if_incomplete", "fresh", "metrics_file"])]
    pub(crate) dry_run: bool,
}

/// How to run, and how to tell of it.
#[derive(Debug, Args)]
pub(crate) struct HowArguments {
    /// Start over, even where a run that ended early could be gone on with
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Write the run's manifest to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// Write the run's figures to this file, as Prometheus text: where `node_exporter` looks for it, it must end in `.prom`
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics_file: Option<PathBuf>,
    /// Hide progress and the table, but neither warnings nor the last line of `--log json`
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// The form of what is written to standard error
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    /// The dead letters
    #[arg(value_name = "DEAD")]
    pub(crate) dead: PathBuf,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
    #[command(flatten)]
    pub(crate) how: HowArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RunsArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    /// Show those of one share of the export
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<Shard>,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
    /// Print the manifests as JSON, one a line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArguments {
    /// The manifests that `run --shard --summary` has written, one for each share
    #[arg(required = true, value_name = "MANIFEST")]
    pub(crate) manifests: Vec<PathBuf>,
    /// Write the manifest of all shares together to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct CheckArguments {
    /// The pipeline files
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
    /// The form of what is written to standard error
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct PluginsArguments {
    /// Show every option of this plugin
    #[arg(value_name = "TYPE")]
    pub(crate) type_name: Option<String>,
    /// Write Markdown instead of text
    #[arg(long)]
    pub(crate) markdown: bool,
}
