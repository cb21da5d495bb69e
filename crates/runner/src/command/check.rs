//! `taskferry check`.

use serde_json::Map;
use taskferry_pipeline::{Pipeline, Registry};

use super::arguments::CheckArguments;
use super::mistakes;
use super::run::load;
use crate::console;
use crate::exit::Exit;
use crate::logging::{self, LogFormat};

/// Checks pipeline files without sending a request.
pub(crate) fn check(registry: &Registry, arguments: &CheckArguments) -> Exit {
    let mut exit = Exit::COMPLETE;
    for file in &taskferry_config::pipeline_files(&arguments.files) {
        let checked = load(registry, &arguments.layers, file, arguments.log);
        let checked = checked.and_then(|checked| {
            let tests = taskferry_config::load_tests(file, registry);
            tests.map(|_| checked).map_err(|found| {
                mistakes::write_all(&found, arguments.log);
                Exit::USAGE
            })
        });
        match checked {
            Ok(checked) => match arguments.log {
                LogFormat::Text => {
                    let outline = outline(&checked.pipeline);
                    console::line(&format!("{}: ok, {outline}", file.display()));
                }
                LogFormat::Json => {
                    let file = ("file".to_owned(), file.to_string_lossy().into());
                    logging::json_line("INFO", "ok", Map::from_iter([file]));
                }
            },
            Err(failed) => exit = failed,
        }
    }
    exit
}

/// The stages of a pipeline in one line.
pub(super) fn outline(pipeline: &Pipeline) -> String {
    let transforms = pipeline.transforms.iter().map(|stage| stage.name.as_str());
    let chain: Vec<&str> =
        std::iter::once(pipeline.source.name.as_str()).chain(transforms).collect();
    let sinks: Vec<&str> = pipeline.sinks.iter().map(|stage| stage.name.as_str()).collect();
    format!("{} → {}", chain.join(" → "), sinks.join(" and "))
}
