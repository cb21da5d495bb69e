//! Reads a component.

use std::path::Path;

use wasmtime::component::Component;
use wasmtime::{Cache, CacheConfig, Config, Engine};
use wit_component::ComponentEncoder;

/// The first bytes of a core module and of a component.
const CORE_MODULE: &[u8] = b"\0asm\x01\0\0\0";
const COMPONENT: &[u8] = b"\0asm\x0d\0\x01\0";

/// Why a file is not a usable component.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub(crate) message: String,
    pub(crate) help: &'static str,
}

const BUILD: &str =
    "build it from `transform.wit` with `cargo build --release --target wasm32-unknown-unknown`";

/// An engine whose calls can be interrupted.
pub(crate) fn engine(cache: Option<&Path>) -> Result<Engine, Mistake> {
    let failed = |error: wasmtime::Error, help| Mistake { message: format!("{error:#}"), help };
    let mut config = Config::new();
    config.epoch_interruption(true);
    if let Some(folder) = cache {
        let mut options = CacheConfig::new();
        options.with_directory(folder);
        let cache = Cache::new(options).map_err(|error| {
            failed(error, "set `cache` to the absolute path of a folder that can be written")
        })?;
        config.cache(Some(cache));
    }
    Engine::new(&config).map_err(|error| failed(error, "this machine is not supported"))
}

/// Compiles a component, or a core module that was built with the interface.
pub(crate) fn compile(engine: &Engine, bytes: &[u8]) -> Result<Component, Mistake> {
    let component = if bytes.starts_with(COMPONENT) {
        bytes.to_vec()
    } else if bytes.starts_with(CORE_MODULE) {
        encode(bytes)?
    } else {
        let message = "the file is not WebAssembly".to_owned();
        return Err(Mistake { message, help: BUILD });
    };
    let component = Component::new(engine, component).map_err(|error| Mistake {
        message: format!("the file is not valid: {error:#}"),
        help: BUILD,
    })?;
    let imports = component.component_type();
    if let Some((name, _)) = imports.imports(engine).next() {
        let message = format!("the component imports `{name}`, but a transform has no imports");
        let help = "build it for `wasm32-unknown-unknown`: a component for WASI needs files, clocks and more";
        return Err(Mistake { message, help });
    }
    Ok(component)
}

fn encode(module: &[u8]) -> Result<Vec<u8>, Mistake> {
    let encoded = ComponentEncoder::default().module(module).and_then(|mut it| it.encode());
    encoded.map_err(|error| Mistake {
        message: format!("the core module can't become a component: {error:#}"),
        help: BUILD,
    })
}
