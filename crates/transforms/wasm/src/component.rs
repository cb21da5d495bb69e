//! Reads a component.

use std::path::Path;

use taskferry_sdk::{KeyPath, Problem};
use wasmtime::component::Component;
use wasmtime::{Cache, CacheConfig, Config, Engine};
use wit_component::ComponentEncoder;

/// The first bytes of a core module and of a component.
const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

const BUILD: &str =
    "build it from `transform.wit` with `cargo build --release --target wasm32-unknown-unknown`";

/// An engine whose calls can be interrupted. `cache` is a folder for compiled components.
pub(crate) fn engine(cache: Option<&Path>) -> Result<Engine, Problem> {
    let mut config = Config::new();
    config.epoch_interruption(true);
    if let Some(folder) = cache {
        config.cache(Some(open_cache(folder).map_err(|error| {
            let message = format!("can't use the folder `{}`: {error}", folder.display());
            problem("cache", message).help("name a folder that can be written")
        })?));
    }
    Engine::new(&config).map_err(|error| {
        problem("module", format!("WebAssembly is not supported on this machine: {error:#}"))
    })
}

fn open_cache(folder: &Path) -> Result<Cache, String> {
    let folder = std::path::absolute(folder).map_err(|error| error.to_string())?;
    let mut options = CacheConfig::new();
    options.with_directory(folder);
    Cache::new(options).map_err(|error| format!("{error:#}"))
}

/// Compiles a component, or a core module that was built with the interface.
pub(crate) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, Problem> {
    let component = if bytes.starts_with(COMPONENT) {
        bytes.to_vec()
    } else if bytes.starts_with(CORE_MODULE) {
        encode(bytes)?
    } else {
        return Err(problem("module", "the file is not WebAssembly").help(BUILD));
    };
    let component = Component::new(engine, component).map_err(|error| {
        problem("module", format!("the file is not a valid WebAssembly component: {error:#}"))
            .help(BUILD)
    })?;
    let imports = component.component_type();
    if let Some((name, _)) = imports.imports(engine).next() {
        let message = format!("the component imports `{name}`, but a transform has no imports");
        let help = "build the component for `wasm32-unknown-unknown`; WASI targets import files and clocks, which a transform can't use";
        return Err(problem("module", message).help(help));
    }
    Ok(component)
}

fn encode(module: &[u8]) -> Result<Vec<u8>, Problem> {
    let encoded = ComponentEncoder::default().module(module).and_then(|mut it| it.encode());
    encoded.map_err(|error| {
        let message = format!("the core module can't be converted to a component: {error:#}");
        problem("module", message).help(BUILD)
    })
}

/// An error in the value of an option.
pub(crate) fn problem(option: &str, message: impl Into<String>) -> Problem {
    Problem::at(KeyPath::of(option), "invalid-value", message)
}
