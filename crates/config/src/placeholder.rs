//! Placeholders for variables that are not set, so that a pipeline can be checked and tested without secrets.
//!
//! Only the plugin of a stage decides which values an option accepts. So a placeholder tries values of several kinds, until the
//! pipeline has no error at its option.

use std::ops::Range;
use std::path::Path;

use serde_json::Value;
use taskferry_pipeline::Registry;
use taskferry_sdk::{KeyPath, Part, Problem, Segment, Severity};

use crate::schema::{StageSchema, option_schema, stages};
use crate::secrets::Secrets;
use crate::tree::{Interpolation, Kind, Node};

/// A string with variables.
#[derive(Debug, Default)]
pub(crate) struct Template {
    /// Texts, and `None` for each variable.
    pieces: Vec<Option<String>>,
    variables: Vec<Variable>,
}

/// A variable that is not set.
#[derive(Debug)]
pub(crate) struct Variable {
    /// Its name, or `file:PATH`.
    pub(crate) name: String,
    /// Where the string refers to it.
    pub(crate) part: Part,
    /// What to report if no placeholder is accepted; `None` if its default is empty.
    problem: Option<Problem>,
}

impl Variable {
    /// Whether it is a file beside the pipeline file.
    fn is_project_file(&self) -> bool {
        self.name.strip_prefix("file:").is_some_and(|path| !Path::new(path.trim()).is_absolute())
    }
}

impl Template {
    pub(crate) fn push(&mut self, text: &str) {
        self.pieces.push(Some(text.to_owned()));
    }

    pub(crate) fn push_variable(
        &mut self,
        name: &str,
        span: Range<usize>,
        problem: Option<Problem>,
    ) {
        self.pieces.push(None);
        let variable = Variable { name: name.to_owned(), part: Part::Within(span), problem };
        self.variables.push(variable);
    }

    /// The string with `value` in place of each variable.
    pub(crate) fn with(&self, value: &str) -> String {
        self.pieces.iter().map(|piece| piece.as_deref().unwrap_or(value)).collect()
    }
}

/// A string whose variables are not set.
#[derive(Debug)]
pub(crate) struct Placeholder {
    pub(crate) path: KeyPath,
    template: Template,
    /// The values to try, the next one last.
    rest: Vec<String>,
    /// Whether the placeholder is the empty default of the variables.
    pub(crate) is_default: bool,
}

impl Placeholder {
    /// `None` if all variables are set.
    pub(crate) fn of(path: &KeyPath, template: Template) -> Option<Self> {
        let is_default = template.variables.iter().all(|variable| variable.problem.is_none());
        let is_needed = !template.variables.is_empty();
        is_needed.then(|| Self { path: path.clone(), template, rest: Vec::new(), is_default })
    }

    /// The variables that the placeholder stands for.
    pub(crate) fn variables(&self) -> &[Variable] {
        &self.template.variables
    }

    /// Whether a problem concerns the value of the placeholder.
    pub(crate) fn concerns(&self, problem: &Problem) -> bool {
        let (own, other) = (self.path.segments(), problem.path.segments());
        own == other || (own.starts_with(other) && other.len() > stage_depth(own))
    }

    /// Tries the next value. Returns whether there is one.
    fn advance(&mut self, tree: &mut Node) -> bool {
        let next = self.rest.pop();
        self.is_default = false;
        // Without a further value, the empty default is restored, so that the empty value is reported.
        let has_defaults = || self.template.variables.iter().all(|it| it.problem.is_none());
        let value = next.as_deref().or_else(|| has_defaults().then_some(""));
        if let (Some(value), Some(node)) = (value, tree.get_mut(&self.path)) {
            node.kind = Kind::Scalar(self.template.with(value).into());
        }
        next.is_some()
    }

    /// Reports the variables for which `is_reported` is true.
    fn fail(
        self,
        tree: &mut Node,
        problems: &mut Vec<Problem>,
        is_reported: fn(&Variable) -> bool,
    ) {
        let count = problems.len();
        let reported = self.template.variables.into_iter().filter(is_reported);
        problems.extend(reported.filter_map(|it| it.problem));
        if let Some(node) = tree.get_mut(&self.path).filter(|_| problems.len() > count) {
            node.interpolation = Interpolation::Failed;
        }
    }
}

/// Separates the placeholders for files that must exist from the others. A file beside the pipeline file must exist, unless
/// it contains a secret.
fn missing_files(
    tree: &Node,
    placeholders: Vec<Placeholder>,
    registry: &Registry,
) -> (Vec<Placeholder>, Vec<Placeholder>) {
    let secrets = Secrets::by_option(&stages(tree, registry));
    let must_exist = |it: &Placeholder| {
        it.variables().iter().any(Variable::is_project_file) && !secrets.covers(&it.path)
    };
    placeholders.into_iter().partition(must_exist)
}

/// Assembles a pipeline with placeholders. Returns the placeholders that the pipeline accepts, and adds the problems of the others
/// to `problems`.
pub(crate) fn assemble<T>(
    tree: &mut Node,
    mut placeholders: Vec<Placeholder>,
    registry: &Registry,
    problems: &mut Vec<Problem>,
    assemble: impl Fn(&Node) -> Result<T, Vec<Problem>>,
) -> (Result<T, Vec<Problem>>, Vec<Placeholder>) {
    let (missing, rest) = missing_files(tree, placeholders, registry);
    placeholders = rest;
    for placeholder in missing {
        // Other variables of the string need not be set.
        placeholder.fail(tree, problems, Variable::is_project_file);
    }
    for placeholder in &mut placeholders {
        placeholder.rest = values(tree, placeholder, registry);
        if !placeholder.is_default {
            placeholder.advance(tree);
        }
    }
    loop {
        let result = assemble(tree);
        let errors = result.as_ref().err().map(Vec::as_slice).unwrap_or_default();
        let errors = errors.iter().filter(|it| it.severity == Severity::Error);
        let (refused, accepted): (Vec<_>, Vec<_>) = placeholders
            .into_iter()
            .partition(|placeholder| errors.clone().any(|it| placeholder.concerns(it)));
        if refused.is_empty() {
            return (result, accepted);
        }
        placeholders = accepted;
        for mut placeholder in refused {
            if placeholder.advance(tree) {
                placeholders.push(placeholder);
                continue;
            }
            placeholder.fail(tree, problems, |_| true);
        }
    }
}

/// The number of segments in the path of the stage or table that holds an option.
fn stage_depth(option: &[Segment]) -> usize {
    let key = |position: usize, name: &str| matches!(option.get(position), Some(Segment::Key(key)) if key == name);
    match () {
        () if key(0, "sink") && key(2, "transform") => 4,
        () if key(0, "sink") || key(0, "transform") => 2,
        () => 1,
    }
}

/// The values to try, the first one last. Names of variables make them unique, because two outputs must not be the same.
fn values(tree: &Node, placeholder: &Placeholder, registry: &Registry) -> Vec<String> {
    let name = placeholder.template.variables.first().map(|it| it.name.as_str());
    let words = name.unwrap_or_default().to_lowercase();
    let words = words.split(|character: char| !character.is_ascii_alphanumeric());
    let words: Vec<&str> = words.filter(|word| !word.is_empty()).collect();
    let name = words.join("-");
    let mut values = vec![
        format!("placeholder-{name}"),
        format!("https://{name}.placeholder.invalid"),
        format!("placeholder-{name}-{{run_id}}"),
        "1s".to_owned(),
        "1 MiB".to_owned(),
        "1".to_owned(),
        "2000-01-01T00:00:00Z".to_owned(),
    ];
    values.extend(choices(&stages(tree, registry), &placeholder.path));
    values.reverse();
    values
}

/// The values that the schema of an option lists.
pub(crate) fn choices(stages: &[StageSchema<'_>], path: &KeyPath) -> Vec<String> {
    let option = option_schema(stages, path).unwrap_or(&Value::Null);
    let described = option.get("oneOf").and_then(Value::as_array).into_iter().flatten();
    let constants = described.filter_map(|choice| choice.get("const"));
    let listed = |key| option.get(key).and_then(Value::as_array).into_iter().flatten();
    let values = constants.chain(listed("enum")).chain(listed("examples"));
    values.filter_map(Value::as_str).map(str::to_owned).collect()
}
