//! Sink `my_plugin`: writes one field of each record to a text file.
//!
//! The crate depends on `taskferry-sdk`. `config.rs` contains the options, and `sink.rs` the implementation.

mod config;
mod sink;

pub use config::MyPlugin;

use taskferry_sdk::Plugins;

/// Registers the plugins of this crate. `taskferry build` and the runner call this function.
pub fn register(plugins: &mut impl Plugins) {
    plugins.sink::<MyPlugin>();
}
