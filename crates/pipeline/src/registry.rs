//! The plugin registry.

use std::any::{TypeId, type_name};
use std::collections::BTreeMap;
use std::collections::btree_map;
use std::fmt;
use std::sync::LazyLock;

use schemars::{Schema, schema_for};
use serde_json::Value;

use taskferry_sdk::{
    BuildContext, EndpointFactory, Endpoints, KeyPath, Plugin, Plugins, Problem, Segment,
    SinkPlugin, SourcePlugin, TransformPlugin, read_options_partially,
};

use crate::{Built, BuiltSink, BuiltSource, BuiltTransform, Role, common_keys};

/// Reads the options and builds the stage. If the options have errors, builds the stage without the wrong values, to
/// find further errors. Errors that only result from the first ones are dropped.
fn read_and_build<P: Plugin, S>(
    options: &Value,
    context: &BuildContext<'_>,
    role: Role,
    build: impl FnOnce(&P) -> Result<S, Vec<Problem>>,
) -> Result<Built<S>, Vec<Problem>> {
    let common: Vec<&str> = common_keys(role).iter().map(|key| key.name).collect();
    let (plugin, mut problems) = read_options_partially::<P>(options, &common);
    let result = plugin.map(|plugin| {
        let stage = build(&plugin)?;
        Ok(Built { type_name: P::TYPE, stage, warnings: plugin.warnings(context) })
    });
    if problems.is_empty() {
        return result.unwrap_or_else(|| Err(problems));
    }
    let is_consequence = |found: &Problem| {
        let overlaps = |error: &Problem| {
            let (found, error) = (found.path.segments(), error.path.segments());
            found.starts_with(error) || error.starts_with(found)
        };
        // A missing key is reported at the path of its table, and `build` reports its consequences at the path of the key.
        let has_path =
            |error: &&Problem| error.code != "missing-key" || !error.path.segments().is_empty();
        problems.iter().filter(has_path).any(overlaps)
            || problems.iter().any(|error| mentions(found, error))
            || !exists(options, &found.path)
    };
    let found = result.and_then(Result::err).unwrap_or_default();
    let further: Vec<Problem> = found.into_iter().filter(|it| !is_consequence(it)).collect();
    problems.extend(further);
    Err(problems)
}

/// Whether a problem mentions the key of an error, for example a file name that does not match a misspelt `format`.
fn mentions(found: &Problem, error: &Problem) -> bool {
    let is_key = |segment: &&Segment| matches!(segment, Segment::Key(_));
    let Some(Segment::Key(key)) = error.path.segments().iter().rfind(is_key) else {
        return false;
    };
    let (name, assignment) = (format!("`{key}`"), format!("`{key} ="));
    let in_help = |help: &String| help.contains(&name) || help.contains(&assignment);
    found.message.contains(&name) || found.help.as_ref().is_some_and(in_help)
}

fn exists(options: &Value, path: &KeyPath) -> bool {
    fn step<'a>(value: &'a Value, segment: &Segment) -> Option<&'a Value> {
        match segment {
            Segment::Key(key) => value.get(key),
            Segment::Index(index) => value.get(index),
        }
    }
    path.segments().iter().try_fold(options, step).is_some()
}

/// A registered plugin, for reference pages and editors.
#[derive(Debug, Clone, Copy)]
pub struct PluginEntry<'a> {
    /// The role of its stage.
    pub role: Role,
    /// The value of `type`.
    pub type_name: &'static str,
    /// The JSON Schema of its options. The description is the doc comment of the options struct.
    pub schema: &'a Schema,
}

type Build<S> = fn(&Value, &BuildContext<'_>) -> Result<Built<S>, Vec<Problem>>;

struct Entry<T> {
    plugin: TypeId,
    path: &'static str,
    /// Made when it is first needed: most commands need the schemas of a few plugins.
    schema: LazyLock<Schema>,
    build: Build<T>,
}

impl<T> Entry<T> {
    fn of<P: Plugin>(build: Build<T>) -> Self {
        let (plugin, path) = (TypeId::of::<P>(), type_name::<P>());
        Self { plugin, path, schema: LazyLock::new(|| schema_for!(P)), build }
    }

    fn describe(&self, role: Role, type_name: &'static str) -> PluginEntry<'_> {
        PluginEntry { role, type_name, schema: &self.schema }
    }
}

/// Two plugins of one role with the same type name. The registry keeps the first one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TypeConflict {
    /// The role of both.
    pub role: Role,
    /// The value of `type`.
    pub type_name: &'static str,
    /// The paths of the Rust types, which begin with the names of their crates.
    pub paths: [&'static str; 2],
}

/// The plugins that a pipeline file may use, by type name. Registration is explicit.
#[derive(Default)]
pub struct Registry {
    sources: BTreeMap<&'static str, Entry<BuiltSource>>,
    transforms: BTreeMap<&'static str, Entry<BuiltTransform>>,
    sinks: BTreeMap<&'static str, Entry<BuiltSink>>,
    endpoints: Endpoints,
    program: String,
    conflicts: Vec<TypeConflict>,
    /// Types that this binary lacks, with what to do about it.
    left_out: BTreeMap<&'static str, &'static str>,
}

impl Registry {
    /// An empty registry.
    pub fn new() -> Self {
        Self::default()
    }

    /// The plugins that were not added, because their role has another plugin with the same type name.
    pub fn conflicts(&self) -> &[TypeConflict] {
        &self.conflicts
    }

    /// Declares a type that this binary was built without, with a help text.
    pub fn leave_out(&mut self, type_name: &'static str, help: &'static str) -> &mut Self {
        self.left_out.insert(type_name, help);
        self
    }

    /// The help text for a type that this binary was built without.
    pub fn left_out(&self, type_name: &str) -> Option<&'static str> {
        self.left_out.get(type_name).copied()
    }

    /// Sets the name and version of the program. A run of another program or version is not resumed.
    pub fn set_program(&mut self, name_and_version: impl Into<String>) -> &mut Self {
        self.program = name_and_version.into();
        self
    }

    /// The name and version of the program.
    pub fn program(&self) -> &str {
        &self.program
    }

    /// Registers an endpoint that serves a URL scheme inside the process.
    pub fn endpoint(&mut self, scheme: &'static str, factory: EndpointFactory) -> &mut Self {
        self.endpoints.register(scheme, factory);
        self
    }

    /// The registered endpoints.
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// The types of a role.
    pub fn types(&self, role: Role) -> Vec<&'static str> {
        match role {
            Role::Source => self.sources.keys().copied().collect(),
            Role::Transform => self.transforms.keys().copied().collect(),
            Role::Sink => self.sinks.keys().copied().collect(),
        }
    }

    /// All plugins: sources, transforms, sinks, each sorted by name.
    pub fn plugins(&self) -> Vec<PluginEntry<'_>> {
        let sources = self.sources.iter().map(|(name, entry)| entry.describe(Role::Source, name));
        let transforms =
            self.transforms.iter().map(|(name, entry)| entry.describe(Role::Transform, name));
        let sinks = self.sinks.iter().map(|(name, entry)| entry.describe(Role::Sink, name));
        sources.chain(transforms).chain(sinks).collect()
    }

    /// One plugin; `None` if the type is unknown.
    pub fn plugin(&self, role: Role, type_name: &str) -> Option<PluginEntry<'_>> {
        fn find<'a, T>(
            entries: &'a BTreeMap<&'static str, Entry<T>>,
            role: Role,
            type_name: &str,
        ) -> Option<PluginEntry<'a>> {
            let (name, entry) = entries.get_key_value(type_name)?;
            Some(entry.describe(role, name))
        }
        match role {
            Role::Source => find(&self.sources, role, type_name),
            Role::Transform => find(&self.transforms, role, type_name),
            Role::Sink => find(&self.sinks, role, type_name),
        }
    }

    /// Builds a source from its table without the common keys; `None` if the type is unknown.
    pub fn build_source(
        &self,
        type_name: &str,
        options: &Value,
        context: &BuildContext<'_>,
    ) -> Option<Result<Built<BuiltSource>, Vec<Problem>>> {
        self.sources.get(type_name).map(|entry| (entry.build)(options, context))
    }

    /// Builds a transform from its table without the common keys; `None` if the type is unknown.
    pub fn build_transform(
        &self,
        type_name: &str,
        options: &Value,
        context: &BuildContext<'_>,
    ) -> Option<Result<Built<BuiltTransform>, Vec<Problem>>> {
        self.transforms.get(type_name).map(|entry| (entry.build)(options, context))
    }

    /// Builds a sink from its table without the common keys; `None` if the type is unknown.
    pub fn build_sink(
        &self,
        type_name: &str,
        options: &Value,
        context: &BuildContext<'_>,
    ) -> Option<Result<Built<BuiltSink>, Vec<Problem>>> {
        self.sinks.get(type_name).map(|entry| (entry.build)(options, context))
    }
}

impl Plugins for Registry {
    fn source<P: SourcePlugin>(&mut self) -> &mut Self {
        let conflict = add::<P, _>(&mut self.sources, Role::Source, build_source::<P>);
        self.conflicts.extend(conflict);
        self
    }

    fn transform<P: TransformPlugin>(&mut self) -> &mut Self {
        let conflict = add::<P, _>(&mut self.transforms, Role::Transform, build_transform::<P>);
        self.conflicts.extend(conflict);
        self
    }

    fn sink<P: SinkPlugin>(&mut self) -> &mut Self {
        let conflict = add::<P, _>(&mut self.sinks, Role::Sink, build_sink::<P>);
        self.conflicts.extend(conflict);
        self
    }
}

/// Adds a plugin. Adding the same plugin twice is no conflict.
fn add<P: Plugin, T>(
    entries: &mut BTreeMap<&'static str, Entry<T>>,
    role: Role,
    build: Build<T>,
) -> Option<TypeConflict> {
    let added = Entry::of::<P>(build);
    match entries.entry(P::TYPE) {
        btree_map::Entry::Vacant(entry) => {
            entry.insert(added);
            None
        }
        btree_map::Entry::Occupied(entry) => {
            let first = entry.get();
            let paths = [first.path, added.path];
            let is_other = first.plugin != added.plugin;
            is_other.then_some(TypeConflict { role, type_name: P::TYPE, paths })
        }
    }
}

impl fmt::Debug for Registry {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("Registry")
            .field("sources", &self.sources.keys())
            .field("transforms", &self.transforms.keys())
            .field("sinks", &self.sinks.keys())
            .finish_non_exhaustive()
    }
}

fn build_source<P: SourcePlugin>(
    options: &Value,
    context: &BuildContext<'_>,
) -> Result<Built<BuiltSource>, Vec<Problem>> {
    read_and_build(options, context, Role::Source, |plugin: &P| {
        Ok(BuiltSource {
            source: plugin.build(context)?,
            fields: plugin.fields(),
            vocabulary: plugin.vocabulary(),
            subject: plugin.subject(),
        })
    })
}

fn build_transform<P: TransformPlugin>(
    options: &Value,
    context: &BuildContext<'_>,
) -> Result<Built<BuiltTransform>, Vec<Problem>> {
    read_and_build(options, context, Role::Transform, |plugin: &P| {
        Ok(BuiltTransform {
            fields: plugin.fields(context),
            transform: plugin.build(context)?,
            explained_options: P::explained_options(),
        })
    })
}

fn build_sink<P: SinkPlugin>(
    options: &Value,
    context: &BuildContext<'_>,
) -> Result<Built<BuiltSink>, Vec<Problem>> {
    read_and_build(options, context, Role::Sink, |plugin: &P| {
        Ok(BuiltSink {
            output_id: plugin.output_id(context),
            files: plugin.files(context),
            columns: plugin.columns(),
            sink: plugin.build(context)?,
        })
    })
}
