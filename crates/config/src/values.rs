//! Prints every value of a pipeline as TOML, with its origin as a comment.

use std::collections::BTreeMap;

use serde_json::Value;
use taskferry_pipeline::{
    Registry, Role, common_keys, is_optional, properties, resolve_schema, run_tables,
};
use taskferry_sdk::{KeyPath, Segment, printable};

use crate::diagnostic::Diagnostics;
use crate::document::Document;
use crate::keys::{TESTS, TOP_LEVEL};
use crate::layers::{COMMAND_LINE, Layers};
use crate::mask::{mask_token, mask_urls};
use crate::sandbox::Plan;
use crate::schema::stages;
use crate::secrets::Secrets;
use crate::toml_text::{key, value};
use crate::tree::{Interpolation, Kind, Layer, Node};
use crate::{interpolate, merge, stage_names};

/// The column of the comments. After a longer value, the comment follows directly.
const COMMENT: usize = 48;

/// All values of a pipeline as TOML, each with its origin in a comment: the file and line, the variable or `--set`. Defaults are
/// comments, because some options are refused unless they have an effect. Secrets are masked, and variables that are not set stay
/// as they are written.
///
/// # Errors
/// The syntax errors, if a file is not valid TOML.
pub fn print_values(layers: &Layers, registry: &Registry) -> Result<String, Diagnostics> {
    let given = layers.clone().placeholders(false);
    let documents = given.parse(registry)?;
    let layers = stage_names::to_positions(&given, &documents);
    let (written, _) = merge::merge(&layers, &documents);
    let mut tree = written.clone();
    let plan = Plan::of(&tree, registry);
    if layers.sandbox {
        plan.apply(&mut tree, &layers, &layers.files(), registry);
    }
    interpolate::interpolate(&mut tree, &layers, &layers.files());
    let mut secrets = Secrets::find(&tree, registry);
    let mut interpolated = written.clone();
    interpolate::interpolate(&mut interpolated, &layers, &layers.files());
    secrets.extend(Secrets::find(&interpolated, registry));
    let (layers, documents) = (&layers, &documents);
    let mut printer =
        Printer { written: &written, layers, documents, secrets, page: String::new() };
    printer.pipeline(&tree, registry);
    Ok(printer.page)
}

struct Printer<'a> {
    /// The values before interpolation.
    written: &'a Node,
    layers: &'a Layers,
    documents: &'a [Document<'a>],
    secrets: Secrets,
    page: String,
}

/// The options of a table.
#[derive(Clone, Copy)]
struct Options<'a> {
    schema: &'a Value,
    root: &'a Value,
    /// The default of the whole table.
    defaults: Option<&'a Value>,
}

/// A table within a table, printed after the values.
type Inner<'a> = (KeyPath, Option<&'a Node>, Options<'a>);

impl Printer<'_> {
    fn pipeline(&mut self, tree: &Node, registry: &Registry) {
        let nothing = BTreeMap::new();
        let top = tree.as_table().unwrap_or(&nothing);
        let is_table = |node: &&Node| !matches!(node.kind, Kind::Scalar(_));
        let others = top.keys().map(String::as_str).filter(|key| !TOP_LEVEL.contains(key));
        for name in ["name", "description"].into_iter().chain(others) {
            if let Some(node) = top.get(name).filter(|node| !is_table(node)) {
                self.set(name, node, &KeyPath::of(name));
            }
        }
        let stages = stages(tree, registry);
        for role in [Role::Source, Role::Transform, Role::Sink] {
            let first = Segment::Key(role.to_string());
            for stage in stages.iter().filter(|it| it.path.segments().first() == Some(&first)) {
                let root = &stage.schema;
                let options = Options { schema: root, root, defaults: None };
                let is_entry = matches!(stage.path.segments().last(), Some(Segment::Index(_)));
                self.header(&stage.path, is_entry);
                self.common(stage.node, &stage.path, stage.role);
                self.table(Some(stage.node), &stage.path, options, Some(stage.role));
            }
        }
        for (name, schema) in run_tables().iter().filter(|(name, _)| *name != TESTS) {
            let (root, node) = (schema.as_value(), top.get(*name));
            // Without its table, a pipeline has no dead letters.
            if node.is_none() && schema.get("required").is_some() {
                self.add(&format!("\n# [{name}] is not set"));
                continue;
            }
            let path = KeyPath::of(*name);
            self.header(&path, false);
            let options = Options { schema: root, root, defaults: None };
            self.table(node, &path, options, None);
        }
    }

    /// The keys that every stage has.
    fn common(&mut self, node: &Node, path: &KeyPath, role: Role) {
        let fields = node.as_table();
        for common in common_keys(role).iter().filter(|common| common.name != "transform") {
            match (fields.and_then(|fields| fields.get(common.name)), common.default) {
                (Some(node), _) => self.set(common.name, node, &path.key(common.name)),
                (None, Some(default)) if default.starts_with('"') => {
                    self.default(&format!("{} = {default}", common.name));
                }
                (None, _) => {}
            }
        }
    }

    /// The values of a table, then the tables within it.
    fn table(
        &mut self,
        node: Option<&Node>,
        path: &KeyPath,
        options: Options<'_>,
        role: Option<Role>,
    ) {
        let nothing = BTreeMap::new();
        let fields = node.and_then(Node::as_table).unwrap_or(&nothing);
        let Options { schema, root, defaults } = options;
        let known = properties(schema).into_iter().flatten();
        let mut inner: Vec<Inner<'_>> = Vec::new();
        for (name, property) in known.clone() {
            let default =
                defaults.and_then(|all| all.get(name)).or_else(|| property.get("default"));
            let default = default.filter(|default| !default.is_null());
            let schema = resolve_schema(property, root);
            let options = Options { schema, root, defaults: default };
            match (fields.get(name), default) {
                (Some(node), _) => self.field(name, node, path, options, &mut inner),
                (None, _) if properties(schema).is_some() && !is_optional(property) => {
                    inner.push((path.key(name), None, options));
                }
                (None, Some(default)) => {
                    self.default(&format!("{} = {}", key(name), value(default)));
                }
                (None, None) => self.add(&format!("# {} is not set", key(name))),
            }
        }
        let common = role.map(common_keys).unwrap_or_default();
        let is_known = |name: &str| known.clone().any(|(known, _)| known == name);
        for (name, node) in fields {
            let is_common = common.iter().any(|common| common.name == name.as_str());
            if !is_common && !is_known(name) {
                let empty = Options { schema: &Value::Null, root, defaults: None };
                self.field(name, node, path, empty, &mut inner);
            }
        }
        for (path, node, options) in inner {
            if let Some(items) = node.and_then(Node::as_list) {
                let schema = options.schema.get("items").unwrap_or(&Value::Null);
                let schema = resolve_schema(schema, root);
                for (index, item) in items.iter().enumerate() {
                    let path = path.index(index);
                    self.header(&path, true);
                    self.table(Some(item), &path, Options { schema, ..options }, None);
                }
            } else {
                self.header(&path, false);
                self.table(node, &path, options, None);
            }
        }
    }

    fn field<'n>(
        &mut self,
        name: &str,
        node: &'n Node,
        path: &KeyPath,
        options: Options<'n>,
        inner: &mut Vec<Inner<'n>>,
    ) {
        let path = path.key(name);
        let is_list_of_tables = |items: &[Node]| {
            !items.is_empty() && items.iter().all(|item| item.as_table().is_some())
        };
        match &node.kind {
            Kind::Table(_) => inner.push((path, Some(node), options)),
            Kind::List(items) if is_list_of_tables(items) => {
                inner.push((path, Some(node), options));
            }
            _ => self.set(name, node, &path),
        }
    }

    /// A value that a layer sets.
    fn set(&mut self, name: &str, node: &Node, path: &KeyPath) {
        let text = format!("{} = {}", key(name), value(&self.shown(node, path)));
        let mut origins = vec![self.origin(node, path)];
        for (path, item) in node.scalars(path) {
            let origin = self.origin(item, &path);
            if item.layer != node.layer && !origins.contains(&origin) {
                origins.push(origin);
            }
        }
        self.line(&text, &origins.join(", "));
    }

    /// A value with its secrets masked.
    fn shown(&self, node: &Node, path: &KeyPath) -> Value {
        let visible = |text: &str| mask_urls(path.last_key().unwrap_or_default(), text);
        match &node.kind {
            // The default of a variable may be a secret.
            Kind::Scalar(Value::String(text)) if node.interpolation >= Interpolation::Failed => {
                let is_public = node.interpolation == Interpolation::Failed
                    && !text.contains(":-")
                    && !self.secrets.covers(path);
                if is_public { visible(text).into() } else { mask_token(text).into() }
            }
            Kind::Scalar(_) if self.secrets.covers(path) => "[secret]".into(),
            Kind::Scalar(Value::String(text)) => visible(&self.secrets.redact(text)).into(),
            Kind::Scalar(value) => value.clone(),
            Kind::List(items) => items
                .iter()
                .enumerate()
                .map(|(at, item)| self.shown(item, &path.index(at)))
                .collect(),
            Kind::Table(fields) => Value::Object(
                fields
                    .iter()
                    .map(|(key, it)| (key.clone(), self.shown(it, &path.key(key))))
                    .collect(),
            ),
        }
    }

    fn origin(&self, node: &Node, path: &KeyPath) -> String {
        match node.layer {
            // Of the options of stages, only those that the sandbox replaces have this layer.
            Layer::Default if path.segments().len() > 1 => "--sandbox".to_owned(),
            Layer::Default => "default".to_owned(),
            Layer::Override(index) => match self.layers.overrides.get(index) {
                Some(given) if given.name != COMMAND_LINE => {
                    let name = given.text.split('=').next().unwrap_or_default();
                    format!("variable {name}")
                }
                _ => COMMAND_LINE.to_owned(),
            },
            Layer::File(index) => {
                let place = self.documents.get(index).and_then(|file| file.line_of(path));
                let variables = self.variables(path);
                let mut origin = place.unwrap_or_else(|| "the pipeline file".to_owned());
                if !variables.is_empty() {
                    let noun = if variables.len() == 1 { "variable" } else { "variables" };
                    origin = format!("{origin}, {noun} {}", variables.join(", "));
                }
                origin
            }
        }
    }

    /// The references in a value, without their defaults.
    fn variables(&self, path: &KeyPath) -> Vec<String> {
        let text = self.written.get(path).and_then(Node::as_str).unwrap_or_default();
        let text = text.replace("$$", "");
        let references = text.split("${").skip(1).filter_map(|rest| rest.split_once('}'));
        // A name that is not valid may be a secret.
        let in_name = |letter: char| letter.is_ascii_alphanumeric() || letter == '_';
        let name = |(inside, _): (&str, _)| {
            let name = inside.split(":-").next().unwrap_or(inside);
            let is_file = inside.starts_with("file:");
            (is_file || name.chars().all(in_name))
                .then(|| if is_file { inside } else { name }.to_owned())
        };
        references.filter_map(name).collect()
    }

    fn header(&mut self, path: &KeyPath, is_entry: bool) {
        let keys = path.segments().iter().filter_map(|segment| match segment {
            Segment::Key(name) => Some(key(name)),
            Segment::Index(_) => None,
        });
        let keys = keys.collect::<Vec<_>>().join(".");
        let header = if is_entry { format!("[[{keys}]]") } else { format!("[{keys}]") };
        self.add(&format!("\n{header}"));
    }

    fn default(&mut self, text: &str) {
        self.line(&format!("# {text}"), "default");
    }

    fn line(&mut self, text: &str, origin: &str) {
        let origin = printable(origin);
        // The comment of a text of several lines follows its last line.
        let width = if text.contains('\n') { 0 } else { COMMENT };
        self.add(&format!("{text:width$}  # {origin}"));
    }

    fn add(&mut self, text: &str) {
        self.page.push_str(text);
        self.page.push('\n');
    }
}
