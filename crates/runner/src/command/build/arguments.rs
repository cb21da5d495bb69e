//! The arguments of `taskferry build`.

use std::path::PathBuf;

use clap::Args;

use super::plugin_source::PluginSource;

#[derive(Debug, Args)]
pub(crate) struct BuildArguments {
    /// A crate with plugins: the path of its folder (`.`, `../drop-short-tasks`), or its name in the registry, optionally with a
    /// version (`drop-short-tasks@1.2`). Repeatable
    #[arg(long, required = true, num_args = 1.., value_name = "PATH|CRATE[@VERSION]")]
    pub(crate) with: Vec<PluginSource>,
    /// The binary to write. An existing file is replaced when the build is complete
    #[arg(long, value_name = "FILE", default_value = "taskferry-custom")]
    pub(crate) output: PathBuf,
    /// Build this checkout of taskferry. By default, the checkout on which a plugin depends, or the published version
    #[arg(long, value_name = "CHECKOUT")]
    pub(crate) path: Option<PathBuf>,
    /// Build without optimization, which takes less time. The binary is much slower
    #[arg(long)]
    pub(crate) debug: bool,
}
