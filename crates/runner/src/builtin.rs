//! The built-in plugins.

use taskferry_pipeline::{Registry, Role, TypeConflict};
use taskferry_sdk::Plugins;
use taskferry_sink_file::FileOptions;
use taskferry_sink_stdout::StdoutOptions;
use taskferry_sink_webhook::WebhookOptions;
use taskferry_source_techwolf::TechWolfOptions;
use taskferry_transform_aggregate::Aggregate;
use taskferry_transform_changes::Changes;
use taskferry_transform_command::Command;
use taskferry_transform_deduplicate::Deduplicate;
use taskferry_transform_filter_ai_impact::FilterAiImpact;
use taskferry_transform_flatten_hierarchy::FlattenHierarchy;
use taskferry_transform_join::Join;
use taskferry_transform_jq::Jq;
use taskferry_transform_rename_skills::RenameSkills;
use taskferry_transform_select::Select;

use crate::console;
use crate::exit::Exit;
use crate::sandbox;

/// A registry with all built-in plugins.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    registry
        .source::<TechWolfOptions>()
        .transform::<FilterAiImpact>()
        .transform::<FlattenHierarchy>()
        .transform::<RenameSkills>()
        .transform::<Aggregate>()
        .transform::<Join>()
        .transform::<Command>()
        .transform::<Deduplicate>()
        .transform::<Changes>()
        .transform::<Jq>()
        .transform::<Select>()
        .sink::<StdoutOptions>()
        .sink::<FileOptions>()
        .sink::<WebhookOptions>()
        .endpoint("sandbox", sandbox::build)
        .set_program(concat!("taskferry ", env!("CARGO_PKG_VERSION")));
    #[cfg(feature = "wasm")]
    registry.transform::<taskferry_transform_wasm::Wasm>();
    #[cfg(not(feature = "wasm"))]
    registry.leave_out("wasm", "build it with `cargo build --release --features wasm`");
    registry
}

/// Reports plugins with the type name of another plugin.
pub(crate) fn report_conflicts(plugins: &Registry) -> Exit {
    let builtin: Vec<(Role, &str)> =
        registry().plugins().iter().map(|entry| (entry.role, entry.type_name)).collect();
    for TypeConflict { role, type_name, paths: [first, second] } in plugins.conflicts() {
        if builtin.contains(&(*role, type_name)) {
            console::error(&format!(
                "the {role} `{type_name}` is built in, so the plugin `{second}` can't have this type"
            ));
        } else {
            console::error(&format!(
                "two {role}s have the type `{type_name}`: `{first}` and `{second}`"
            ));
        }
    }
    console::help("change `TYPE` of one plugin, or remove one of the crates");
    Exit::DEFECT
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::Value;
    use taskferry_config::{Layers, toml_value};

    /// Words of pipeline files.
    fn words() -> Vec<String> {
        let words =
            "name source transform sink state dir expect min_jobs dead_letter path type on_error";
        let mut words: Vec<String> = words.split(' ').map(str::to_owned).collect();
        for entry in registry().plugins() {
            words.push(entry.type_name.to_owned());
            words_of(entry.schema.as_value(), &mut words);
        }
        words
    }

    fn words_of(schema: &Value, words: &mut Vec<String>) {
        match schema {
            Value::Object(members) => {
                for (key, member) in members {
                    if key == "properties" {
                        words.extend(
                            member.as_object().into_iter().flatten().map(|(key, _)| key.clone()),
                        );
                    }
                    words_of(member, words);
                }
            }
            Value::Array(items) => items.iter().for_each(|item| words_of(item, words)),
            Value::String(text) if text.len() < 20 => words.push(text.clone()),
            _ => {}
        }
    }

    fn anything(words: Vec<String>) -> impl Strategy<Value = Value> {
        let word = prop_oneof![4 => prop::sample::select(words), 1 => ".{0,4}"];
        let scalar = prop_oneof![
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            any::<f32>().prop_map(Value::from),
            word.clone().prop_map(Value::from),
            "sandbox:.{0,8}|https?://.{0,8}|\\$\\{.{0,6}\\}|[0-9]{1,3}(ms|s|m|h|d| MB)?|[.a-z|]{0,8}".prop_map(Value::from),
        ];
        scalar.prop_recursive(4, 48, 8, move |inner| {
            prop_oneof![
                1 => prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                3 => prop::collection::vec((word.clone(), inner), 0..8)
                    .prop_map(|members| members.into_iter().collect()),
            ]
        })
    }

    fn plugin(role: &'static str) -> impl Strategy<Value = Value> {
        let types: Vec<&str> = registry()
            .plugins()
            .iter()
            .filter(|entry| entry.role.to_string() == role)
            .map(|entry| entry.type_name)
            .collect();
        (prop::sample::select(types), anything(words())).prop_map(|(type_name, mut options)| {
            if let Some(members) = options.as_object_mut() {
                members.insert("type".to_owned(), type_name.into());
            }
            options
        })
    }

    fn load(tables: &[(&str, Value)]) -> Result<(), String> {
        let lines = tables.iter().map(|(key, value)| format!("{key} = {}\n", toml_value(value)));
        let layers = Layers::from_text("jobs.toml", lines.collect::<String>());
        taskferry_config::load(&layers, &registry()).map(drop).map_err(|diagnostics| {
            let texts: Vec<String> = diagnostics
                .all()
                .iter()
                .map(|diagnostic| format!("{diagnostic} {diagnostic:?}"))
                .collect();
            texts.concat()
        })
    }

    proptest! {
        #[test]
        fn any_pipeline_file_is_checked_without_a_panic(
            source in plugin("source"), transform in plugin("transform"), sink in plugin("sink"), other in anything(words()),
        ) {
            let whole = [("source", source), ("transform", Value::Array(vec![transform])), ("sink", Value::Array(vec![sink]))];
            // Every invalid file is reported, and no valid file is.
            prop_assert_ne!(load(&whole), Err(String::new()));
            prop_assert_ne!(load(&[("source", other)]), Err(String::new()));
        }

        #[test]
        fn any_text_is_a_pipeline_file_or_an_error(text in "(source|sink|\\[|\\]|=|\"|\n|\\{|\\}|\\.|#|[a-z]|.){0,30}") {
            prop_assert!(taskferry_config::load(&Layers::from_text("jobs.toml", &text), &registry()).is_err());
        }
    }
}
