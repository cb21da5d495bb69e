//! Transform `wasm`: calls a WebAssembly component for each record.
//!
//! The component implements the world in `wit/transform.wit`. It can't read files or open connections, and its time and memory
//! are limited. The crate is empty without its feature `runtime`, which adds the compiler of WebAssembly.
//!
//! - A call is interrupted by epochs, which a thread increments (`clock.rs`). The alternative, fuel, would count
//!   every instruction.
//! - Instances are reused, one for each thread that calls the transform (`guest.rs`). An instance is replaced after an error, or
//!   when it uses half of its memory, so that memory stays flat.
//! - A core module is turned into a component (`component.rs`), so that authors in Rust need only `cargo build`.

#[cfg(feature = "runtime")]
mod clock;
#[cfg(feature = "runtime")]
mod component;
#[cfg(feature = "runtime")]
mod config;
#[cfg(feature = "runtime")]
mod guest;
#[cfg(feature = "runtime")]
mod plugin;
#[cfg(feature = "runtime")]
mod transform;

#[cfg(feature = "runtime")]
pub use config::Wasm;
