//! `taskferry check`.

use serde_json::Map;
use taskferry_pipeline::{Pipeline, Registry};

use super::arguments::CheckArguments;
use super::mistakes;
use crate::console;
use crate::exit::Exit;
use crate::logging::{self, LogFormat};

/// Tells everything about pipeline files that can be known without a request.
pub(crate) fn check(registry: &Registry, arguments: &CheckArguments) -> Exit {
    let mut exit = Exit::COMPLETE;
    for file in &arguments.files {
        match taskferry_config::load(&arguments.layers.layers(file), registry) {
            Ok(checked) => {
                mistakes::write(&checked.warnings, arguments.log);
                match arguments.log {
                    LogFormat::Text => {
                        let outline = outline(&checked.pipeline);
                        console::line(&format!("{}: ok, {outline}", file.display()));
                    }
                    LogFormat::Json => {
                        let file = ("file".to_owned(), file.to_string_lossy().into());
                        logging::json_line("INFO", "ok", Map::from_iter([file]));
                    }
                }
            }
            Err(found) => {
                mistakes::show(&found, arguments.log);
                exit = Exit::USAGE;
            }
        }
    }
    exit
}

/// The stages of a pipeline in a line.
fn outline(pipeline: &Pipeline) -> String {
    let transforms = pipeline.transforms.iter().map(|stage| stage.name.as_str());
    let way: Vec<&str> = std::iter::once(pipeline.source.name.as_str()).chain(transforms).collect();
    let sinks: Vec<&str> = pipeline.sinks.iter().map(|stage| stage.name.as_str()).collect();
    format!("{} → {}", way.join(" → "), sinks.join(" and "))
}
