//! `taskferry schema`: prints the JSON Schemas of pipeline files and manifests.

use schemars::generate::SchemaSettings;
use serde_json::{Value, json};
use taskferry_config::file_schema;
use taskferry_engine::Manifest;
use taskferry_pipeline::Registry;

use super::arguments::SchemaArguments;
use super::merge::MergedManifest;
use crate::command_error::{Ended, printed};
use crate::console;

/// Prints the schema of pipeline files, or of manifests.
pub(crate) fn schema(registry: &Registry, arguments: &SchemaArguments) -> Ended {
    let schema = if arguments.manifest { manifest_schema() } else { file_schema(registry) };
    printed(console::data(&format!("{schema:#}\n")))
}

/// The schema of the manifests of runs and of `merge`. Other keys are allowed, because later versions may add some.
fn manifest_schema() -> Value {
    let mut generator = SchemaSettings::draft2020_12().for_serialize().into_generator();
    let run = generator.subschema_for::<Manifest>();
    let merged = generator.subschema_for::<MergedManifest>();
    json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "taskferry manifest",
        "description": "The report of a run, or of all shards of an export. Ignore keys that are not listed here: a later version \
                        may add keys and keep `schema_version`.",
        "oneOf": [run, merged],
        "$defs": generator.take_definitions(true),
    })
}
