//! Builds stages from their tables in the pipeline file.

use std::collections::BTreeMap;

use serde_json::{Map, Value};
use taskferry_pipeline::{Built, OnError, Registry, Role, StageId, common_keys};
use taskferry_sdk::{BuildContext, KeyPath, Part, Problem, Segment, nearest, read_options};

use crate::built::{CheckedSink, CheckedSource, CheckedStage, CheckedTransform};
use crate::files::PipelineFiles;
use crate::layers::Layers;
use crate::suggestion::listed;
use crate::tree::{Kind, Layer, Node, string, wrong_type};

/// Builds stages and collects their problems.
pub(crate) struct StageBuilder<'a> {
    registry: &'a Registry,
    context: BuildContext<'a>,
    layers: &'a Layers,
    problems: Vec<Problem>,
}

/// The function of the registry that builds a stage.
type Build<S> =
    fn(&Registry, &str, &Value, &BuildContext<'_>) -> Option<Result<Built<S>, Vec<Problem>>>;

/// The table of a stage, with its common keys read.
struct StageTable<'a> {
    path: KeyPath,
    role: Role,
    type_name: &'a str,
    name: String,
    on_error: OnError,
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
        let Some(node) = node else {
            self.missing("[source]", "techwolf");
            return None;
        };
        let table = self.table(node, KeyPath::of("source"), Role::Source)?;
        let source = self.checked(&table, Registry::build_source)?;
        self.context = self.context.for_subject(source.built.subject);
        Some(source)
    }

    pub(crate) fn transforms(
        &mut self,
        node: Option<&Node>,
        path: &KeyPath,
    ) -> Vec<CheckedTransform> {
        let tables = self.list(node, path, "[[transform]]");
        let built: Vec<_> =
            tables.iter().map(|(node, path)| self.transform(node, path.clone())).collect();
        self.refuse_duplicate_names(&tables);
        built.into_iter().flatten().collect()
    }

    fn transform(&mut self, node: &Node, path: KeyPath) -> Option<CheckedTransform> {
        let table = self.table(node, path, Role::Transform)?;
        self.checked(&table, Registry::build_transform)
    }

    pub(crate) fn sinks(&mut self, node: Option<&Node>) -> Vec<CheckedSink> {
        let tables = self.list(node, &KeyPath::of("sink"), "[[sink]]");
        if tables.is_empty() && node.is_none_or(|node| node.as_list().is_some()) {
            self.missing("[[sink]]", "stdout");
        }
        let built: Vec<_> =
            tables.iter().map(|(node, path)| self.sink(node, path.clone())).collect();
        self.refuse_duplicate_names(&tables);
        built.into_iter().flatten().collect()
    }

    fn sink(&mut self, node: &Node, path: KeyPath) -> Option<CheckedSink> {
        let table = self.table(node, path, Role::Sink)?;
        let own = table.fields.get("transform");
        let transforms = self.transforms(own, &table.path.key("transform"));
        let stage = self.checked(&table, Registry::build_sink)?;
        Some(CheckedSink { stage, transforms })
    }

    fn checked<S>(&mut self, table: &StageTable<'_>, build: Build<S>) -> Option<CheckedStage<S>> {
        let Built { type_name, stage, warnings } = self.build(table, build)?;
        self.add_problems(&table.path, warnings);
        let id = StageId { role: table.role, name: table.name.clone() };
        let (path, on_error) = (table.path.clone(), table.on_error);
        Some(CheckedStage { path, id, type_name, on_error, built: stage })
    }

    /// Builds a stage from the options of its plugin. A value from the environment or the command line that looks like a
    /// number is a string if the plugin expects a string.
    fn build<S>(&mut self, table: &StageTable<'_>, build: Build<S>) -> Option<Built<S>> {
        let common = common_keys(table.role);
        let own = table.fields.iter().filter(|(key, _)| common.iter().all(|it| it.name != *key));
        let own: Map<String, Value> =
            own.map(|(key, node)| (key.clone(), node.to_value())).collect();
        let mut options = Value::Object(own);
        let mut result = build(self.registry, table.type_name, &options, &self.context)?;
        if let Err(problems) = &result
            && self.use_strings(&mut options, table, problems)
        {
            result = build(self.registry, table.type_name, &options, &self.context)?;
        }
        result.map_err(|problems| self.add_problems(&table.path, problems)).ok()
    }

    /// Adds the problems of the stage at `path`.
    fn add_problems(&mut self, path: &KeyPath, problems: Vec<Problem>) {
        self.problems.extend(problems.into_iter().map(|problem| problem.under(path)));
    }

    /// Replaces values of the wrong type by their text if a string is expected there. Returns whether it replaced any.
    fn use_strings(
        &self,
        options: &mut Value,
        table: &StageTable<'_>,
        problems: &[Problem],
    ) -> bool {
        let mut changed = false;
        for problem in problems.iter().filter(|problem| {
            problem.code == "wrong-type" && problem.message.starts_with("expected a string")
        }) {
            let path = table.path.join(&problem.path);
            let given = self.layers.overrides.iter().rfind(|given| given.path == path);
            let node = table.fields.get(problem.path.last_key().unwrap_or_default());
            let mut segments = problem.path.segments().iter();
            let value = segments.try_fold(&mut *options, |value, segment| match segment {
                Segment::Key(key) => value.get_mut(key),
                Segment::Index(index) => value.get_mut(index),
            });
            if let (Some(given), Some(value)) = (given, value)
                && node.is_none_or(|node| !matches!(node.layer, Layer::File(_)))
            {
                *value = given.value().into();
                changed = true;
            }
        }
        changed
    }

    fn table<'n>(&mut self, node: &'n Node, path: KeyPath, role: Role) -> Option<StageTable<'n>> {
        let Kind::Table(fields) = &node.kind else {
            self.problems.push(wrong_type(path, "a table", node));
            return None;
        };
        let name = string(fields, &path, "name").unwrap_or_else(|problem| {
            self.problems.push(problem);
            None
        });
        if name.as_deref().is_some_and(|name| name.trim().is_empty()) {
            let message = "`name` must not be empty";
            self.problems.push(Problem::at(path.key("name"), "invalid-value", message));
        }
        let type_name = match self.type_name(fields, &path, role) {
            Ok(type_name) => type_name,
            Err(problem) => {
                self.problems.push(problem);
                return None;
            }
        };
        let on_error = self.on_error(fields, &path);
        let name = name.unwrap_or_else(|| type_name.to_owned());
        Some(StageTable { path, role, type_name, name, on_error, fields })
    }

    fn type_name<'n>(
        &self,
        fields: &'n BTreeMap<String, Node>,
        path: &KeyPath,
        role: Role,
    ) -> Result<&'n str, Problem> {
        let known = self.registry.types(role);
        let available = || format!("the available {role}s are {}", listed(&known));
        let Some(node) = fields.get("type") else {
            let near = nearest("type", fields.keys().map(String::as_str));
            let problem = match near {
                Some(key) => {
                    Problem::at(path.key(key), "unknown-key", format!("unknown key `{key}`"))
                        .help("did you mean `type`?")
                }
                None => Problem::at(path.clone(), "missing-key", "the key `type` is missing")
                    .label("needs `type`")
                    .help(available()),
            };
            return Err(problem.part(Part::Key));
        };
        let path = path.key("type");
        let type_name = node.as_str().ok_or_else(|| wrong_type(path.clone(), "a string", node))?;
        if known.contains(&type_name) {
            return Ok(type_name);
        }
        if let Some(help) = self.registry.left_out(type_name) {
            let message = format!("this binary was built without the {role} `{type_name}`");
            return Err(Problem::at(path, "unknown-plugin", message).help(help));
        }
        let mut help =
            format!("{}; `taskferry build --with CRATE` adds the plugins of a crate", available());
        if let Some(near) = nearest(type_name, known.iter().copied()) {
            help = format!("did you mean `{near}`? Otherwise, {help}");
        }
        let message = format!("there is no {role} `{type_name}`");
        Err(Problem::at(path, "unknown-plugin", message).help(help))
    }

    fn on_error(&mut self, fields: &BTreeMap<String, Node>, path: &KeyPath) -> OnError {
        let Some(node) = fields.get("on_error") else { return OnError::default() };
        read_options(&node.to_value(), &[]).unwrap_or_else(|problems| {
            let path = path.key("on_error");
            self.problems.extend(problems.into_iter().map(|problem| problem.under(&path)));
            OnError::default()
        })
    }

    fn list<'n>(
        &mut self,
        node: Option<&'n Node>,
        path: &KeyPath,
        header: &str,
    ) -> Vec<(&'n Node, KeyPath)> {
        let Some(node) = node else { return Vec::new() };
        let Some(items) = node.as_list() else {
            let problem = wrong_type(path.clone(), "a list of tables", node).part(Part::Key);
            let help = match node.layer {
                Layer::File(0) => format!("write `{header}` with two brackets"),
                _ => format!(
                    "to change one option, use `--set {path}.NAME.KEY=…`; an overlay with `{header}` replaces the whole list"
                ),
            };
            self.problems.push(problem.help(help));
            return Vec::new();
        };
        items.iter().enumerate().map(|(index, node)| (node, path.index(index))).collect()
    }

    fn missing(&mut self, header: &str, type_name: &str) {
        let message = format!("the pipeline has no `{header}`");
        let help = format!("add a table `{header}` with `type = \"{type_name}\"`");
        let problem = Problem::at(KeyPath::root(), "missing-key", message);
        self.problems.push(problem.part(Part::Key).help(help));
    }

    fn refuse_duplicate_names(&mut self, tables: &[(&Node, KeyPath)]) {
        let mut seen: Vec<(&str, &KeyPath)> = Vec::new();
        for (node, path) in tables {
            let name = node.as_table().and_then(|fields| fields.get("name")?.as_str());
            let Some(name) = name else { continue };
            if let Some((_, first)) = seen.iter().find(|(other, _)| *other == name) {
                let message = format!("another stage already has the name `{name}`");
                let problem = Problem::at(path.key("name"), "duplicate-name", message);
                let problem = problem.related(first.key("name"), Part::Value, "the other stage");
                self.problems.push(problem.label("this stage").help("choose another name"));
            }
            seen.push((name, path));
        }
    }
}
