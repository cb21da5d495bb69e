//! The command line.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

use clap::{Args, Parser, Subcommand};
use clap_complete::Shell;
use taskferry_config::Layers;
use taskferry_sdk::{Duration, Shard};

use super::build::arguments::BuildArguments;
use super::check_format::CheckFormat;
use super::graph::format::GraphFormat;
use super::new::arguments::NewArguments;
use super::shard::ShardArgument;
pub(crate) use super::test::arguments::{RecordedJob, RecordingArguments, TestArguments};
use crate::explanations::help_of_exit_codes;
use crate::logging::{self, LogFormat};
use crate::sandbox::{SandboxArguments, long_help};

/// Exports task profiles from TechWolf, transforms them, and delivers them to files, webhooks or standard output.
#[derive(Debug, Parser)]
#[command(name = "taskferry", version, arg_required_else_help = true, max_term_width = 100)]
pub(crate) struct Arguments {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run a pipeline
    #[command(after_long_help = help_of_exit_codes())]
    Run(RunArguments),
    /// Process dead letters again, starting at the stage that refused them
    Replay(ReplayArguments),
    /// List the last runs of a pipeline
    Runs(RunsArguments),
    /// Merge the manifests of all shards of an export, and report missing shards
    Merge(MergeArguments),
    /// Show what every stage does with the first records, without delivering anything
    Preview(PreviewArguments),
    /// Show what happens to one record: found, kept, changed, dropped, refused, delivered
    Why(WhyArguments),
    /// Check pipeline files without sending a request
    Check(CheckArguments),
    /// Explain an error, a warning or an exit code, and what to do
    Explain(ExplainArguments),
    /// Run the tests of pipelines, without a request and without secrets
    Test(TestArguments),
    /// Check everything that a run needs, without delivering anything
    #[command(after_long_help = help_of_exit_codes())]
    Doctor(DoctorArguments),
    /// Describe the plugins and tables of a pipeline file
    Plugins(PluginsArguments),
    /// Write files to start from: a pipeline, or a plugin of your own
    New(NewArguments),
    /// Build a taskferry binary with your own plugins. Requires Rust
    Build(BuildArguments),
    /// Draw the stages of a pipeline, with the counts of a run
    Graph(GraphArguments),
    /// Print the JSON Schema of pipeline files, for editors
    Schema(SchemaArguments),
    /// Serve an emulation of the TechWolf API on this machine
    #[command(after_long_help = long_help())]
    Sandbox(SandboxArguments),
    /// Print a completion script for a shell
    Completions {
        /// The shell
        shell: Shell,
    },
}

/// Layers over the pipeline file.
#[derive(Debug, Args)]
pub(crate) struct LayerArguments {
    /// Merge this file over the pipeline file. Repeatable
    #[arg(long, value_name = "FILE")]
    pub(crate) overlay: Vec<PathBuf>,
    /// Set one value, for example `source.limit=50` or `sink.0.path=out/x.csv`. Repeatable
    #[arg(long, value_name = "KEY=VALUE")]
    pub(crate) set: Vec<String>,
    /// Use a sandbox with generated records instead of the addresses and credentials of the source and the webhooks. The output
    /// files and the state of real runs stay unchanged. Variables in the replaced values need not be set
    #[arg(long)]
    pub(crate) sandbox: bool,
}

impl Command {
    /// The format of its messages.
    pub(crate) fn log(&self) -> LogFormat {
        match self {
            Self::Run(run) => run.options.log,
            Self::Replay(replay) => replay.options.log,
            Self::Check(check) => check.log,
            _ => LogFormat::Text,
        }
    }
}

impl RunOptionArguments {
    pub(crate) fn start_logging(&self) {
        logging::start(self.log, if self.quiet { logging::QUIET } else { logging::NORMAL });
    }
}

/// Quotes an argument for a shell.
pub(crate) fn quoted(argument: &str) -> Cow<'_, str> {
    let is_plain =
        |character: char| character.is_alphanumeric() || "-_./=:,@%+~".contains(character);
    if !argument.is_empty() && argument.chars().all(is_plain) {
        return Cow::Borrowed(argument);
    }
    Cow::Owned(format!("'{}'", argument.replace('\'', "'\\''")))
}

impl LayerArguments {
    /// The files of a pipeline.
    pub(crate) fn files<'a>(&'a self, file: &'a Path) -> impl Iterator<Item = &'a Path> {
        std::iter::once(file).chain(self.overlay.iter().map(PathBuf::as_path))
    }

    /// The options as text, for a command that a message suggests. Values of `--set` are omitted, because they may be secrets.
    pub(crate) fn shown(&self) -> String {
        let overlays = self.overlay.iter();
        let overlays =
            overlays.map(|file| format!(" --overlay {}", quoted(&file.to_string_lossy())));
        let mut text: String = overlays.collect();
        if !self.set.is_empty() {
            text.push_str(" --set …");
        }
        if self.sandbox {
            text.push_str(" --sandbox");
        }
        text
    }

    /// All layers of a pipeline, with the environment.
    pub(crate) fn layers(&self, file: &Path) -> Layers {
        let environment = std::env::vars_os().filter_map(|(name, value)| {
            Some((name.into_string().ok()?, value.into_string().ok()?))
        });
        self.layers_of_tests(file).environment(environment).sandbox(self.sandbox)
    }

    /// The layers of the tests of a pipeline: without the environment.
    pub(crate) fn layers_of_tests(&self, file: &Path) -> Layers {
        Layers::with_overlays(file, &self.overlay, &self.set)
    }
}

#[derive(Debug, Args)]
pub(crate) struct RunArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    /// Export one shard of the listing: `2/8` exports the second of eight shards; `8` takes the number of the shard from
    /// `JOB_COMPLETION_INDEX`. Requires `partition` in [source], or an earlier complete run without `--shard`, which stores the
    /// boundaries of the shards
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<ShardArgument>,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
    /// Accept the removals that the run with this id has withheld. The run must be the last complete run, with exit code 8. Later
    /// removals are checked again
    #[arg(long, value_name = "RUN_ID", conflicts_with = "if_incomplete")]
    pub(crate) accept_removals: Option<String>,
    #[command(flatten)]
    pub(crate) conditions: RunConditions,
    #[command(flatten)]
    pub(crate) options: RunOptionArguments,
}

/// Conditions of a run.
#[derive(Debug, Clone, Copy, Default, Args)]
pub(crate) struct RunConditions {
    /// If the last run ended within `resume_within` and with exit code 0, 6 or 8, exit with the same code and do nothing. For
    /// schedulers that start a run several times
    #[arg(long, conflicts_with = "fresh")]
    pub(crate) if_incomplete: bool,
    /// Read and transform all records, but publish and send nothing. Keeps no state and no dead letters
    #[arg(long, conflicts_with_all = ["if_incomplete", "fresh", "metrics_file"])]
    pub(crate) dry_run: bool,
}

/// Options that `run` and `replay` have in common.
#[derive(Debug, Args)]
pub(crate) struct RunOptionArguments {
    /// Start at the first page, even if an earlier run can be resumed
    #[arg(long)]
    pub(crate) fresh: bool,
    /// Write the manifest of the run to this file, as JSON
    #[arg(long, value_name = "FILE")]
    pub(crate) summary: Option<PathBuf>,
    /// Write the metrics of the run to this file, as Prometheus text. For `node_exporter`, the name must end in `.prom`
    #[arg(long, value_name = "FILE")]
    pub(crate) metrics_file: Option<PathBuf>,
    /// Hide the progress bar and the closing table. Warnings, errors and the last line of `--log json` are still printed
    #[arg(long, short)]
    pub(crate) quiet: bool,
    /// The format of messages on standard error
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct ReplayArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    /// The dead-letter file of an earlier run
    pub(crate) dead_letters: PathBuf,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
    #[command(flatten)]
    pub(crate) options: RunOptionArguments,
}

#[derive(Debug, Args)]
pub(crate) struct RunsArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    /// List the runs of one shard
    #[arg(long, value_name = "K/N")]
    pub(crate) shard: Option<Shard>,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
    /// Print the manifests as JSON, one per line
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct MergeArguments {
    /// The manifests of the shards, written by `run --shard --summary`
    #[arg(required = true, value_name = "MANIFEST")]
    pub(crate) manifests: Vec<PathBuf>,
    /// Write the merged manifest to this file, as JSON
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
    /// Report variables that are not set as errors. Without this option, the values that contain them are not checked
    #[arg(long)]
    pub(crate) env: bool,
    /// Exit with code 2 if there is a warning. A variable that is not set is not a warning
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// Print every value as TOML on standard output, with its origin as a comment. Defaults are comments; secrets are masked
    #[arg(long)]
    pub(crate) print: bool,
    /// How to report errors: `text` on standard error, `github` on standard output (annotations of GitHub Actions), or
    /// `sarif=FILE`. Repeatable. `text` by default
    #[arg(long = "format", value_name = "FORMAT")]
    pub(crate) formats: Vec<CheckFormat>,
    /// The format of messages on standard error
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) log: LogFormat,
}

#[derive(Debug, Args)]
pub(crate) struct GraphArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
    /// What to write
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: GraphFormat,
    /// Add the counts in this manifest, written by `run --summary` or `merge --summary`
    #[arg(long, value_name = "MANIFEST")]
    pub(crate) run: Option<PathBuf>,
}

#[derive(Debug, Args)]
pub(crate) struct SchemaArguments {
    /// Print the schema of the manifests that `--summary` writes
    #[arg(long)]
    pub(crate) manifest: bool,
}

#[derive(Debug, Args)]
pub(crate) struct ExplainArguments {
    /// The name of an error, for example `unknown-key`, or an exit code. Without a name, all errors and exit codes are listed
    #[arg(value_name = "NAME")]
    pub(crate) name: Option<String>,
    /// Write Markdown instead of text
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Debug, Args)]
pub(crate) struct DoctorArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    /// Run only the checks with this name, for example `token`. `--verbose` shows all names. Repeatable
    #[arg(long, value_name = "NAME")]
    pub(crate) check: Vec<String>,
    /// Show all checks and their times, not only problems
    #[arg(long, short)]
    pub(crate) verbose: bool,
    /// The time limit of each check
    #[arg(long, value_name = "DURATION", default_value = "10s")]
    pub(crate) timeout: Duration,
    /// Print one JSON document with all checks to standard output
    #[arg(long)]
    pub(crate) json: bool,
    /// Write the pipeline's files, the checks and the last manifests to this text file, for support. Secrets are masked. The
    /// contents are listed first
    #[arg(long, value_name = "FILE")]
    pub(crate) bundle: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
}

#[derive(Debug, Args)]
pub(crate) struct PluginsArguments {
    /// The plugin or table to describe. Without a type, all plugins and tables are listed
    #[arg(value_name = "TYPE")]
    pub(crate) type_name: Option<String>,
    /// Write Markdown instead of text
    #[arg(long)]
    pub(crate) markdown: bool,
}

#[derive(Debug, Args)]
#[command(mut_arg("record", |record| record.conflicts_with_all(["watch", "overlay", "set"])))]
pub(crate) struct PreviewArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    /// The number of records to show. If all these records are dropped, the first delivered record is shown too
    #[arg(short = 'n', long, value_name = "N", default_value_t = 3,
        value_parser = clap::value_parser!(u16).range(1..=1000))]
    pub(crate) records: u16,
    /// Show only this stage, without shortening anything
    #[arg(long, value_name = "NAME")]
    pub(crate) stage: Option<String>,
    /// Show the record with this id. Reads the listing until the record is found
    #[arg(long, value_name = "JOB", allow_negative_numbers = true)]
    pub(crate) id: Option<String>,
    /// Show only records of the source for which this jq expression is true, for example `.tasks | length > 20`. The expression
    /// applies to the record as the source returns it, even with `--stage`
    #[arg(long = "where", value_name = "JQ")]
    pub(crate) condition: Option<String>,
    /// The maximum number of pages to read. With `--id`, the number is not limited
    #[arg(long, value_name = "N", default_value_t = 20, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) max_pages: u64,
    /// Read the records from a file instead of the source, without a request: NDJSON, a JSON array, one object, or a page of the API
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// Request the pages again. Otherwise, pages that were read in the last hour are used
    #[arg(long, conflicts_with = "input")]
    pub(crate) refresh: bool,
    #[command(flatten)]
    pub(crate) output: PreviewOutput,
    #[command(flatten)]
    pub(crate) recording: RecordingArguments,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
}

/// How to show the records.
#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct PreviewOutput {
    /// Show the preview again after each change to the pipeline file or to a file that it reads, until Ctrl-C
    #[arg(long, conflicts_with = "json")]
    pub(crate) watch: bool,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Show text values even if standard output is not a terminal
    #[arg(long)]
    pub(crate) show_values: bool,
}

#[derive(Debug, Args)]
pub(crate) struct WhyArguments {
    /// The pipeline file
    pub(crate) file: PathBuf,
    /// The id of the job
    #[arg(long, value_name = "JOB", allow_negative_numbers = true)]
    pub(crate) id: String,
    /// Follow one task of the job: its id or its name
    #[arg(long, value_name = "TASK", allow_negative_numbers = true)]
    pub(crate) task: Option<String>,
    /// Show the output files of the run with this manifest
    #[arg(long, value_name = "MANIFEST")]
    pub(crate) run: Option<PathBuf>,
    /// Print one JSON document
    #[arg(long)]
    pub(crate) json: bool,
    /// Show text values even if standard output is not a terminal
    #[arg(long)]
    pub(crate) show_values: bool,
    #[command(flatten)]
    pub(crate) layers: LayerArguments,
}
