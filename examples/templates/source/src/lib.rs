//! Source `my_plugin`: reads records from an NDJSON file.
//!
//! The crate depends on `taskferry-sdk`. `config.rs` contains the options, and `source.rs` the implementation.

mod config;
mod source;

pub use config::MyPlugin;

use taskferry_sdk::Plugins;

/// Registers the plugins of this crate. `taskferry build` and the runner call this function.
pub fn register(plugins: &mut impl Plugins) {
    plugins.source::<MyPlugin>();
}
