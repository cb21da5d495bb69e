//! Suggestions for keys and values that other tools have, or that are in the wrong table.

use std::sync::LazyLock;

use serde::Deserialize;
use serde_json::Value;
use taskferry_pipeline::{
    PluginEntry, Registry, Role, common_keys, properties, resolve_schema, run_tables,
};
use taskferry_sdk::{KeyPath, MAX_PER_KIND, Problem, Segment};

use crate::keys::TOP_LEVEL;
use crate::placeholder::choices;
use crate::schema::{StageSchema, option_schema, stages};
use crate::suggestion::listed;
use crate::tree::Node;

/// Names in other tools, and the name with this meaning in taskferry.
#[derive(Deserialize)]
struct OtherName {
    names: Vec<String>,
    meant: String,
    example: Option<String>,
    help: Option<String>,
}

#[derive(Default, Deserialize)]
struct OtherNames {
    keys: Vec<OtherName>,
    values: Vec<OtherName>,
    types: Vec<OtherName>,
}

const DATA: &str = include_str!("../data/other_names.toml");
/// A test reads the file, so the default is never used.
static OTHER_NAMES: LazyLock<OtherNames> =
    LazyLock::new(|| toml::from_str(DATA).unwrap_or_default());

/// The first meaning of `wrong` that exists in the table. Case does not matter.
fn meant(
    all: &'static [OtherName],
    wrong: &str,
    exists: impl Fn(&str) -> bool,
) -> Option<&'static OtherName> {
    let is_name = |name: &String| name.eq_ignore_ascii_case(wrong);
    all.iter().find(|other| other.names.iter().any(is_name) && exists(&other.meant))
}

/// Improves the help of problems with unknown keys, choices and types.
pub(crate) fn suggest(problems: &mut [Problem], tree: &Node, registry: &Registry) {
    let codes = ["unknown-key", "unknown-choice", "unknown-plugin"];
    let is_vague = |problem: &&mut Problem| {
        let help = problem.help.as_deref();
        let is_other_name = || {
            let key = problem.path.last_key().unwrap_or_default();
            problem.code == "unknown-key" && meant(&OTHER_NAMES.keys, key, |_| true).is_some()
        };
        codes.contains(&problem.code)
            && (help.is_none_or(|help| !help.starts_with("did you mean")) || is_other_name())
    };
    let mut vague = problems.iter_mut().filter(is_vague).peekable();
    if vague.peek().is_none() {
        return;
    }
    let (stages, mut plugins) = (stages(tree, registry), registry.plugins());
    // A key most likely belongs to a stage of this pipeline.
    plugins.sort_by_key(|plugin| !stages.iter().any(|it| it.type_name == plugin.type_name));
    let names = Names { tree, stages, plugins };
    // Later problems are counted and not shown.
    for problem in vague.take(codes.len() * MAX_PER_KIND) {
        let help = match problem.code {
            "unknown-key" => names.key(problem),
            "unknown-choice" => names.choice(&problem.path),
            _ => names.plugin(problem),
        };
        problem.help = help.or_else(|| problem.help.take());
    }
}

/// Removes missing-key problems that follow from an unknown key: after `[[sinks]]`, a missing `[[sink]]` is not reported, and after
/// `[auth]`, a missing `auth` of the source.
pub(crate) fn remove_consequences(problems: &mut Vec<Problem>) {
    let unknown = problems.iter().filter(|problem| problem.code == "unknown-key");
    let is_top = |problem: &&Problem| problem.path.segments().len() == 1;
    let words: Vec<String> = unknown.filter(is_top).filter_map(meant_key).collect();
    let follows = |problem: &Problem| {
        let is_about = |word: &String| {
            let headers = [format!("`[{word}]`"), format!("`[[{word}]]`"), format!("`{word}`")];
            headers.iter().any(|header| problem.message.contains(header))
        };
        problem.code == "missing-key"
            && problem.path.segments().len() <= 1
            && words.iter().any(is_about)
    };
    problems.retain(|problem| !follows(problem));
}

/// The key that an unknown top-level key means.
fn meant_key(problem: &Problem) -> Option<String> {
    let help = problem.help.as_deref()?;
    let suggested = help.strip_prefix("did you mean `").and_then(|rest| rest.split('`').next());
    match suggested {
        Some(key) => Some(key.to_owned()),
        None if help.contains("is an option of the source") => {
            problem.path.last_key().map(str::to_owned)
        }
        None => None,
    }
}

/// The names that a pipeline can use.
struct Names<'a> {
    tree: &'a Node,
    stages: Vec<StageSchema<'a>>,
    plugins: Vec<PluginEntry<'a>>,
}

impl Names<'_> {
    fn key(&self, problem: &Problem) -> Option<String> {
        let (wrong, table) = (problem.path.last_key()?, problem.path.parent()?);
        let known = self.keys(&table)?;
        let other = meant(&OTHER_NAMES.keys, wrong, |it| known.iter().any(|known| known == it));
        if let Some(OtherName { meant, example, help, .. }) = other {
            let example = example.as_deref().map(|example| format!(" For example {example}"));
            let suggestion = || format!("did you mean `{meant}`?{}", example.unwrap_or_default());
            return Some(help.clone().unwrap_or_else(suggestion));
        }
        if problem.help.as_deref().is_some_and(|help| help.starts_with("did you mean")) {
            return None;
        }
        self.owner(wrong, &table).map(|owner| format!("`{wrong}` is an option of {owner}"))
    }

    /// The keys of a table.
    fn keys(&self, table: &KeyPath) -> Option<Vec<String>> {
        if table.segments().is_empty() {
            return Some(TOP_LEVEL.map(str::to_owned).to_vec());
        }
        let keys = |schema| properties(schema).into_iter().flatten().map(|(key, _)| key.clone());
        let of_run = run_tables().into_iter().find(|(name, _)| KeyPath::of(*name) == *table);
        match of_run {
            Some((_, schema)) => Some(keys(schema.as_value()).collect()),
            None => Some(keys(option_schema(&self.stages, table)?).collect()),
        }
    }

    /// The table to which a key belongs, with what to do.
    fn owner(&self, key: &str, table: &KeyPath) -> Option<String> {
        let has = |schema: &Value| properties(schema).is_some_and(|known| known.contains_key(key));
        let is_top = table.segments().is_empty();
        for plugin in &self.plugins {
            let (role, type_name, root) = (plugin.role, plugin.type_name, plugin.schema.as_value());
            let is_source = role == Role::Source;
            if has(root) {
                return Some(match (is_source, is_table(root, key)) {
                    (true, true) if is_top => format!("the source: write `[source.{key}]`"),
                    (true, _) => "the source: move it to `[source]`".to_owned(),
                    (false, _) => format!("the {role} `{type_name}`: move it to that table"),
                });
            }
            let inner = properties(root).into_iter().flatten();
            let inner = inner.map(|(name, schema)| (name, resolve_schema(schema, root)));
            if let Some((name, _)) = inner.into_iter().find(|(_, schema)| has(schema)) {
                let header = format!("[{role}.{name}]");
                let owner = if is_source { "source" } else { &format!("{role} `{type_name}`") };
                return Some(format!("the {owner}: move it to `{header}`"));
            }
        }
        let is_common = |role| common_keys(role).iter().any(|common| common.name == key);
        match [Role::Transform, Role::Sink].map(is_common) {
            [true, true] => Some("transforms and sinks: move it to one of them".to_owned()),
            _ => None,
        }
    }

    fn choice(&self, path: &KeyPath) -> Option<String> {
        let wrong = self.tree.get(path)?.as_str()?;
        let is_on_error =
            matches!(path.segments().last(), Some(Segment::Key(key)) if key == "on_error");
        let known = if is_on_error {
            ["fail", "skip", "dead_letter"].map(str::to_owned).to_vec()
        } else {
            choices(&self.stages, path)
        };
        let other = meant(&OTHER_NAMES.values, wrong, |it| known.iter().any(|known| known == it))?;
        Some(format!("did you mean \"{}\"? The choices are {}", other.meant, listed(&known)))
    }

    fn plugin(&self, problem: &Problem) -> Option<String> {
        let wrong = self.tree.get(&problem.path)?.as_str()?;
        let is_type = |name: &str| self.plugins.iter().any(|plugin| plugin.type_name == name);
        let OtherName { meant, example, .. } = meant(&OTHER_NAMES.types, wrong, is_type)?;
        let example = example.as_deref().map(|example| format!(" For example {example}."));
        let available = problem.help.as_deref().map(|help| format!(" Otherwise, {help}"));
        let (example, available) = (example.unwrap_or_default(), available.unwrap_or_default());
        Some(format!("did you mean `{meant}`?{example}{available}"))
    }
}

/// Whether the value of an option is a table.
fn is_table(root: &Value, key: &str) -> bool {
    let option = properties(root).and_then(|known| known.get(key));
    option.is_some_and(|option| properties(resolve_schema(option, root)).is_some())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_file_of_other_names_can_be_read() {
        let names: OtherNames = toml::from_str(DATA).unwrap();
        assert!(![names.keys, names.values, names.types].iter().any(Vec::is_empty));
    }
}
