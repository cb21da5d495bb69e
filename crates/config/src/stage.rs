//! From one table of the pipeline file to one built stage.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use taskferry_pipeline::{
    Feed, OnError, Registry, Role, SinkStage, SourceStage, TransformStage, common_keys,
};
use taskferry_sdk::{BuildContext, KeyPath, Part, Problem, Segment, nearest, read_options};

use crate::built::{CheckedSink, CheckedSource, CheckedTransform};
use crate::files::PipelineFiles;
use crate::layers::Layers;
use crate::tree::{Kind, Layer, Node, string};

/// Builds stages and collects the problems on the way.
pub(crate) struct StageBuilder<'a> {
    registry: &'a Registry,
    context: BuildContext<'a>,
    layers: &'a Layers,
    problems: Vec<Problem>,
}

/// A stage's table: the keys that every stage has, and the plugin's own.
struct StageTable<'a> {
    path: KeyPath,
    type_name: &'a str,
    name: Option<String>,
    fields: &'a BTreeMap<String, Node>,
}

impl<'a> StageBuilder<'a> {
    pub(crate) fn new(
        registry: &'a Registry,
        files: &'a PipelineFiles,
        pipeline: &'a str,
        layers: &'a Layers,
    ) -> Self {
        let context = BuildContext::new(files, registry.endpoints()).for_pipeline(pipeline);
        Self { registry, context, layers, problems: Vec::new() }
    }

    pub(crate) fn into_problems(self) -> Vec<Problem> {
        self.problems
    }

    pub(crate) fn source(&mut self, node: Option<&Node>) -> Option<CheckedSource> {
        let path = KeyPath::of("source");
        let Some(node) = node else {
            let problem =
                Problem::at(KeyPath::root(), "key::missing", "the pipeline has no `[source]`");
            self.problems.push(
                problem.part(Part::Key).help("add a table `[source]` with `type = \"techwolf\"`"),
            );
            return None;
        };
        let table = self.table(node, path, Role::Source)?;
        let registry = self.registry;
        let built = self.build(&table, Role::Source, |options, context| {
            registry.build_source(table.type_name, options, context)
        })?;
        let name = table.name.unwrap_or_else(|| table.type_name.to_owned());
        let stage =
            SourceStage { name, type_name: built.type_name, feed: Feed::Source(built.source) };
        Some(CheckedSource { stage, fields: built.fields })
    }

    pub(crate) fn transforms(
        &mut self,
        node: Option<&Node>,
        path: &KeyPath,
    ) -> Vec<CheckedTransform> {
        let tables = self.list(node, path, "[[transform]]");
        let built: Vec<_> = tables.iter().map(|(node, path)| self.transform(node, path)).collect();
        self.names_twice(tables);
        built.into_iter().flatten().collect()
    }

    fn transform(&mut self, node: &Node, path: &KeyPath) -> Option<CheckedTransform> {
        let table = self.table(node, path.clone(), Role::Transform)?;
        let on_error = self.on_error(&table);
        let registry = self.registry;
        let built = self.build(&table, Role::Transform, |options, context| {
            registry.build_transform(table.type_name, options, context)
        })?;
        let name = table.name.unwrap_or_else(|| table.type_name.to_owned());
        let stage = TransformStage {
            name,
            type_name: built.type_name,
            on_error,
            transform: built.transform,
        };
        Some(CheckedTransform { path: table.path, stage, fields: built.fields })
    }

    pub(crate) fn sinks(&mut self, node: Option<&Node>) -> Vec<CheckedSink> {
        let tables = self.list(node, &KeyPath::of("sink"), "[[sink]]");
        if tables.is_empty() && node.is_none_or(|node| node.as_list().is_some()) {
            let problem =
                Problem::at(KeyPath::root(), "key::missing", "the pipeline has no `[[sink]]`");
            self.problems.push(
                problem.part(Part::Key).help("add a table `[[sink]]` with `type = \"stdout\"`"),
            );
        }
        let built: Vec<_> = tables.iter().map(|(node, path)| self.sink(node, path)).collect();
        self.names_twice(tables);
        built.into_iter().flatten().collect()
    }

    fn sink(&mut self, node: &Node, path: &KeyPath) -> Option<CheckedSink> {
        let table = self.table(node, path.clone(), Role::Sink)?;
        let transforms =
            self.transforms(table.fields.get("transform"), &table.path.key("transform"));
        let on_error = self.on_error(&table);
        let registry = self.registry;
        let built = self.build(&table, Role::Sink, |options, context| {
            registry.build_sink(table.type_name, options, context)
        })?;
        let name = table.name.unwrap_or_else(|| table.type_name.to_owned());
        let stage = SinkStage {
            name,
            type_name: built.type_name,
            on_error,
            transforms: Vec::new(),
            sink: built.sink,
        };
        let (output_id, files, columns) = (built.output_id, built.files, built.columns);
        Some(CheckedSink { path: table.path, stage, transforms, output_id, files, columns })
    }

    /// Builds a stage from the plugin's own keys. A value from the environment or the command line that
    /// looks like a number is tried as the text it is, where the plugin wants a text.
    fn build<T>(
        &mut self,
        table: &StageTable<'_>,
        role: Role,
        build: impl Fn(&Value, &BuildContext<'_>) -> Option<Result<T, Vec<Problem>>>,
    ) -> Option<T> {
        let common = |key: &str| common_keys(role).iter().any(|common| common.name == key);
        let own = table.fields.iter().filter(|(key, _)| !common(key));
        let own: Map<String, Value> =
            own.map(|(key, node)| (key.clone(), node.to_value())).collect();
        let mut options = Value::Object(own);
        let mut result = build(&options, &self.context)?;
        if let Err(problems) = &result
            && self.texts_where_wanted(&mut options, table, problems)
        {
            result = build(&options, &self.context)?;
        }
        let found =
            |problems: Vec<Problem>| problems.into_iter().map(|problem| problem.under(&table.path));
        result.map_err(|problems| self.problems.extend(found(problems))).ok()
    }

    fn texts_where_wanted(
        &self,
        options: &mut Value,
        table: &StageTable<'_>,
        problems: &[Problem],
    ) -> bool {
        let mut changed = false;
        for problem in problems.iter().filter(|problem| problem.code == "value::type") {
            let path = table.path.join(&problem.path);
            let given = self.layers.overrides.iter().rfind(|given| given.path == path);
            let node = table.fields.get(problem.path.last_key().unwrap_or_default());
            let wants_text = problem.message.starts_with("expected a string");
            let pointer =
                problem.path.segments().iter().try_fold(&mut *options, |value, segment| {
                    match segment {
                        Segment::Key(key) => value.get_mut(key),
                        Segment::Index(index) => value.get_mut(index),
                    }
                });
            if let (Some(given), Some(value), true) = (given, pointer, wants_text)
                && node.is_none_or(|node| !matches!(node.layer, Layer::File(_)))
            {
                *value = Value::String(given.value().to_owned());
                changed = true;
            }
        }
        changed
    }

    fn table<'n>(&mut self, node: &'n Node, path: KeyPath, role: Role) -> Option<StageTable<'n>> {
        let Kind::Table(fields) = &node.kind else {
            let message = format!("expected a table, found {}", node.type_name());
            self.problems.push(Problem::at(path, "value::type", message));
            return None;
        };
        let name = string(fields, &path, "name").unwrap_or_else(|problem| {
            self.problems.push(problem);
            None
        });
        if name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            self.problems.push(Problem::at(
                path.key("name"),
                "value::invalid",
                "a name can't be empty",
            ));
        }
        let known: Vec<&str> = match role {
            Role::Source => self.registry.source_types().collect(),
            Role::Transform => self.registry.transform_types().collect(),
            Role::Sink => self.registry.sink_types().collect(),
        };
        let types = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        match fields.get("type").map(|node| (node, node.as_str())) {
            Some((_, Some(type_name))) if known.contains(&type_name) => {
                Some(StageTable { path, type_name, name, fields })
            }
            Some((_, Some(type_name))) => {
                let help = match nearest(type_name, known.iter().copied()) {
                    Some(near) => format!("did you mean `{near}`?"),
                    None => format!("the {role}s here are {types}"),
                };
                let message = format!("there is no {role} `{type_name}`");
                self.problems
                    .push(Problem::at(path.key("type"), "plugin::unknown", message).help(help));
                None
            }
            Some((node, None)) => {
                let message = format!("expected a string, found {}", node.type_name());
                self.problems.push(Problem::at(path.key("type"), "value::type", message));
                None
            }
            None => {
                let meant = nearest("type", fields.keys().map(String::as_str));
                let problem = match meant {
                    Some(key) => {
                        Problem::at(path.key(key), "key::unknown", format!("unknown key `{key}`"))
                            .help("did you mean `type`?")
                    }
                    None => Problem::at(path, "key::missing", "the key `type` is missing")
                        .label("needs `type`")
                        .help(format!("the {role}s here are {types}")),
                };
                self.problems.push(problem.part(Part::Key));
                None
            }
        }
    }

    fn list<'n>(
        &mut self,
        node: Option<&'n Node>,
        path: &KeyPath,
        example: &str,
    ) -> Vec<(&'n Node, KeyPath)> {
        let Some(node) = node else { return Vec::new() };
        let Some(items) = node.as_list() else {
            let message = format!("expected a list of tables, found {}", node.type_name());
            let problem = Problem::at(path.clone(), "value::type", message).part(Part::Key);
            self.problems.push(problem.help(format!("write `{example}` with two brackets")));
            return Vec::new();
        };
        items.iter().enumerate().map(|(index, node)| (node, path.index(index))).collect()
    }

    fn on_error(&mut self, table: &StageTable<'_>) -> OnError {
        let Some(node) = table.fields.get("on_error") else { return OnError::default() };
        read_options(&node.to_value(), &[]).unwrap_or_else(|problems| {
            let path = table.path.key("on_error");
            self.problems.extend(problems.into_iter().map(|problem| problem.under(&path)));
            OnError::default()
        })
    }

    /// Two stages that were given the same name can't be told apart in messages.
    fn names_twice(&mut self, tables: Vec<(&Node, KeyPath)>) {
        let mut seen: Vec<&str> = Vec::new();
        for (node, path) in tables {
            let Some(name) =
                node.as_table().and_then(|fields| fields.get("name")).and_then(Node::as_str)
            else {
                continue;
            };
            if seen.contains(&name) {
                let message = format!("another stage is named `{name}` already");
                self.problems.push(
                    Problem::at(path.key("name"), "name::taken", message)
                        .help("choose another name"),
                );
            }
            seen.push(name);
        }
    }
}
