//! Interpolates `${NAME}` in strings.

use std::io::ErrorKind;
use std::path::Path;

use serde_json::Value;
use taskferry_sdk::{InputFiles, KeyPath, Part, Problem, Segment, is_secret_name, nearest};

use crate::files::PipelineFiles;
use crate::layers::Layers;
use crate::placeholder::{Placeholder, Template};
use crate::tree::{Interpolation, Kind, Layer, Node};
use crate::variables::trim_value;

/// The result of interpolation.
#[derive(Default)]
pub(crate) struct Interpolated {
    pub(crate) problems: Vec<Problem>,
    /// The strings with variables that are not set, if placeholders may stand for these.
    pub(crate) placeholders: Vec<Placeholder>,
}

/// Replaces `${NAME}`, `${NAME:-default}`, `${file:PATH}` and `$$` in the strings of files. Values from the environment and the
/// command line stay as they are, because the shell has expanded them.
pub(crate) fn interpolate(tree: &mut Node, layers: &Layers, files: &PipelineFiles) -> Interpolated {
    let mut found = Interpolated::default();
    Interpolator { layers, files }.visit(tree, &KeyPath::root(), &mut found);
    found
}

/// The string of a node with the values of its variables; `None` if a variable is not set, or if the string refers to a file.
pub(crate) fn with_variables(
    node: &Node,
    layers: &Layers,
    files: &PipelineFiles,
) -> Option<String> {
    let mut node = node.clone();
    if node.as_str()?.contains("${file:") {
        return None;
    }
    let found = interpolate(&mut node, layers, files);
    let is_set = found.problems.is_empty() && found.placeholders.is_empty();
    node.as_str().filter(|_| is_set).map(str::to_owned)
}

#[derive(Clone, Copy)]
struct Interpolator<'a> {
    layers: &'a Layers,
    files: &'a PipelineFiles,
}

/// A problem without its position: code, message and help.
type Failure = (&'static str, String, String);

/// The result of a reference.
enum Reference {
    Value(String),
    /// The variable is not set, and a placeholder may replace it. Contains the failure to report; `None` if the default is empty.
    Missing(Option<Failure>),
}

impl Interpolator<'_> {
    fn visit(self, node: &mut Node, path: &KeyPath, found: &mut Interpolated) {
        match &mut node.kind {
            Kind::Table(fields) => {
                for (key, node) in fields {
                    self.visit(node, &path.key(key.clone()), found);
                }
            }
            Kind::List(items) => {
                for (index, node) in items.iter_mut().enumerate() {
                    self.visit(node, &path.index(index), found);
                }
            }
            Kind::Scalar(Value::String(text))
                if matches!(node.layer, Layer::File(_)) && text.contains('$') =>
            {
                found.problems.extend(without_braces(text, path));
                match self.replace(text, path) {
                    Ok((template, interpolation)) => {
                        *text = template.with("");
                        node.interpolation = interpolation;
                        found.placeholders.extend(Placeholder::of(path, template));
                    }
                    Err(problem) => {
                        node.interpolation = match problem.code {
                            "unclosed-variable" | "invalid-variable" => Interpolation::Unclosed,
                            _ => Interpolation::Failed,
                        };
                        found.problems.push(problem);
                    }
                }
            }
            Kind::Scalar(_) => {}
        }
    }

    fn replace(self, text: &str, path: &KeyPath) -> Result<(Template, Interpolation), Problem> {
        let (mut template, mut interpolation) = (Template::default(), Interpolation::None);
        let mut rest = text;
        while let Some(position) = rest.find('$') {
            let (before, dollar) = rest.split_at(position);
            template.push(before);
            let start = text.len() - dollar.len();
            if let Some(after) = dollar.strip_prefix("$$") {
                template.push("$");
                interpolation = interpolation.max(Interpolation::Public);
                rest = after;
            } else if let Some(inside) = dollar.strip_prefix("${") {
                let problem = |span, (code, message, help): Failure| {
                    Problem::at(path.clone(), code, message).part(Part::Within(span)).help(help)
                };
                let Some((name, after)) = inside.split_once('}') else {
                    let message = "`${` has no closing `}`".to_owned();
                    let help = "add the `}`; write `$$` for a literal `$`".to_owned();
                    let failure = ("unclosed-variable", message, help);
                    return Err(problem(start..text.len(), failure));
                };
                if let Some(file) = name.strip_prefix("file:") {
                    self.files.record_interpolation(Path::new(file.trim()), path);
                }
                let span = start..text.len() - after.len();
                match self.look_up(name) {
                    Ok(Reference::Value(value)) => {
                        template.push(&value);
                        interpolation = interpolation.max(if is_secret(name) {
                            Interpolation::Secret
                        } else {
                            Interpolation::Public
                        });
                    }
                    Ok(Reference::Missing(failure)) => {
                        let problem = failure.map(|failure| problem(span.clone(), failure));
                        template.push_variable(variable(name), span, problem);
                        interpolation = interpolation.max(Interpolation::Public);
                    }
                    Err(failure) => return Err(problem(span, failure)),
                }
                rest = after;
            } else {
                template.push("$");
                rest = dollar.get(1..).unwrap_or_default();
            }
        }
        template.push(rest);
        Ok((template, interpolation))
    }

    /// The value of the text between the braces.
    fn look_up(self, text: &str) -> Result<Reference, Failure> {
        let may_be_missing = self.layers.placeholders;
        if let Some(path) = text.strip_prefix("file:") {
            let path = Path::new(path.trim());
            return match self.read(path) {
                Err(failure) if may_be_missing && failure.0 == "unreadable-file" => {
                    Ok(Reference::Missing(Some(failure)))
                }
                read => read.map(Reference::Value),
            };
        }
        let (name, default) = match text.split_once(":-") {
            Some((name, default)) => (name, Some(default)),
            None => (text, None),
        };
        let in_name = |character: char| character.is_ascii_alphanumeric() || character == '_';
        if name.is_empty() || !name.chars().all(in_name) {
            let message = "`${…}` does not contain a valid variable name".to_owned();
            let help =
                "write `${NAME}`, `${NAME:-default}` or `${file:PATH}`; `$$` for a literal `$`";
            return Err(("invalid-variable", message, help.to_owned()));
        }
        let variables = &self.layers.environment;
        let value = variables.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        // An empty variable counts as unset.
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            return Ok(Reference::Value(value.clone()));
        }
        match default {
            Some("") if may_be_missing => return Ok(Reference::Missing(None)),
            Some(default) => return Ok(Reference::Value(default.to_owned())),
            None => {}
        }
        let (message, near) = if value.is_some() {
            (format!("the variable `{name}` is empty"), None)
        } else {
            let known = variables.iter().map(|(name, _)| name.as_str());
            (format!("the variable `{name}` is not set"), nearest(name, known))
        };
        let near = near.map(|near| format!("did you mean `{near}`? If not, "));
        let near = near.unwrap_or_default();
        let help =
            format!("{near}set the environment variable, or write a default: `${{{name}:-…}}`");
        let failure = ("unset-variable", message, help);
        if may_be_missing { Ok(Reference::Missing(Some(failure))) } else { Err(failure) }
    }

    fn read(self, path: &Path) -> Result<String, Failure> {
        let shown = self.files.resolve(path).display().to_string();
        let bytes = self.files.read_untracked(path).map_err(|error| {
            let help = match error.kind() {
                ErrorKind::PermissionDenied => {
                    "allow the user who runs taskferry to read the file, or run taskferry as another user"
                }
                _ if path.is_absolute() => "check the path, and whether this machine has the file",
                _ => "a relative path starts at the pipeline file's folder",
            };
            ("unreadable-file", format!("can't read `{shown}`: {error}"), help.to_owned())
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            let message = format!("`{shown}` is not UTF-8 text");
            ("invalid-encoding", message, "save the file as UTF-8".to_owned())
        })?;
        Ok(trim_value(&text).to_owned())
    }
}

/// Whether the value of the text between the braces must not be shown.
fn is_secret(text: &str) -> bool {
    text.starts_with("file:") || is_secret_name(variable(text))
}

/// The text between the braces without its default.
fn variable(text: &str) -> &str {
    if text.starts_with("file:") { text } else { text.split(":-").next().unwrap_or(text) }
}

/// A warning about `$NAME` in an option of a source or sink, which is most likely meant as `${NAME}`. Transforms have expressions
/// with such variables.
fn without_braces(text: &str, path: &KeyPath) -> Option<Problem> {
    let is_transform = |segment: &Segment| *segment == Segment::Key("transform".to_owned());
    let first = path.segments().first()?;
    let is_checked = ["source", "sink"].map(|role| Segment::Key(role.to_owned())).contains(first);
    if !is_checked || path.segments().iter().any(is_transform) {
        return None;
    }
    let in_name = |it: char| it.is_ascii_uppercase() || it.is_ascii_digit() || it == '_';
    let mut dollars = text.match_indices('$').filter(|(at, _)| {
        let before = text.get(..*at).unwrap_or_default();
        !before.ends_with('$')
    });
    let (start, name) = dollars.find_map(|(at, _)| {
        let name = text.get(at + 1..)?;
        let name = name.get(..name.find(|it| !in_name(it)).unwrap_or(name.len()))?;
        (name.len() > 2 && name.starts_with(|it: char| it.is_ascii_uppercase()))
            .then_some((at, name))
    })?;
    let message = "a variable without braces is not replaced";
    let help = format!("write `${{{name}}}`, or `$$` for a dollar sign");
    let problem = Problem::at(path.clone(), "invalid-variable", message);
    let span = start..start + 1 + name.len();
    Some(problem.part(Part::Within(span)).help(help).warning())
}
