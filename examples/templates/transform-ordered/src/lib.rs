//! Transform `my_plugin`: numbers the tasks of each job.
//!
//! The crate depends on `taskferry-sdk`. `config.rs` contains the options, and `transform.rs` the implementation.

mod config;
mod transform;

pub use config::MyPlugin;

use taskferry_sdk::Plugins;

/// Registers the plugins of this crate. `taskferry build` and the runner call this function.
pub fn register(plugins: &mut impl Plugins) {
    plugins.transform::<MyPlugin>();
}
