//! The options.

use std::path::PathBuf;

use schemars::JsonSchema;
use serde::Deserialize;
use serde_json::{Map, Value};
use taskferry_sdk::{ByteCount, Duration};

/// Calls a WebAssembly component for each record, which returns any number of records.
///
/// The component has no access to files and connections. A record that it refuses, or that exceeds a limit, is handled by
/// `on_error`. The result must depend only on the record and the options, because several instances work at the same time.
#[derive(Debug, Clone, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Wasm {
    /// The component, or a core module that was built with its interface. A relative path starts at the folder of the pipeline
    /// file.
    pub(crate) module: PathBuf,
    /// The options of the component: any table. The component checks them.
    #[serde(default)]
    pub(crate) options: Map<String, Value>,
    /// The maximum time for one record, and for the start of an instance.
    #[serde(default = "default_time_limit")]
    pub(crate) time_limit: Duration,
    /// The maximum memory of one instance. There is one instance for each thread.
    #[serde(default = "default_memory_limit")]
    pub(crate) memory_limit: ByteCount,
    /// A folder for compiled components, for components that take seconds to compile. A relative path starts at the working
    /// directory. By default, no compiled component is kept.
    pub(crate) cache: Option<PathBuf>,
}

fn default_time_limit() -> Duration {
    Duration::from_secs(1)
}

fn default_memory_limit() -> ByteCount {
    ByteCount::new(64 << 20)
}
