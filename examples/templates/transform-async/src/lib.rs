//! Transform `my_plugin`: adds the title of each job, from an HTTP service.
//!
//! The crate depends on `taskferry-sdk`, and on `taskferry-lookup` for requests. `config.rs` contains the options, and `transform.rs`
//! the implementation.

mod config;
mod transform;

pub use config::MyPlugin;

use taskferry_sdk::Plugins;

/// Registers the plugins of this crate. `taskferry build` and the runner call this function.
pub fn register(plugins: &mut impl Plugins) {
    plugins.transform::<MyPlugin>();
}
