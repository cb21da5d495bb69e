//! Interpolates `${NAME}` in strings.

use std::path::Path;

use serde_json::Value;
use taskferry_sdk::{InputFiles, KeyPath, Part, Problem, is_secret_name, nearest};

use crate::files::PipelineFiles;
use crate::layers::Layers;
use crate::tree::{Interpolation, Kind, Layer, Node};
use crate::variables::trim_value;

/// Replaces `${NAME}`, `${NAME:-default}`, `${file:PATH}` and `$$` in the strings of files. Values from the environment and the
/// command line stay as they are, because the shell has expanded them.
pub(crate) fn interpolate(tree: &mut Node, layers: &Layers, files: &PipelineFiles) -> Vec<Problem> {
    let mut problems = Vec::new();
    Interpolator { layers, files }.visit(tree, &KeyPath::root(), &mut problems);
    problems
}

#[derive(Clone, Copy)]
struct Interpolator<'a> {
    layers: &'a Layers,
    files: &'a PipelineFiles,
}

/// A problem without its position: code, message and help.
type Failure = (&'static str, String, String);

impl Interpolator<'_> {
    fn visit(self, node: &mut Node, path: &KeyPath, problems: &mut Vec<Problem>) {
        match &mut node.kind {
            Kind::Table(fields) => {
                for (key, node) in fields {
                    self.visit(node, &path.key(key.clone()), problems);
                }
            }
            Kind::List(items) => {
                for (index, node) in items.iter_mut().enumerate() {
                    self.visit(node, &path.index(index), problems);
                }
            }
            Kind::Scalar(Value::String(text))
                if matches!(node.layer, Layer::File(_)) && text.contains('$') =>
            {
                match self.replace(text, path) {
                    Ok(replaced) => (*text, node.interpolation) = replaced,
                    Err(problem) => {
                        node.interpolation = match problem.code {
                            "variable::unclosed" | "variable::name" => Interpolation::Unclosed,
                            _ => Interpolation::Failed,
                        };
                        problems.push(problem);
                    }
                }
            }
            Kind::Scalar(_) => {}
        }
    }

    fn replace(self, text: &str, path: &KeyPath) -> Result<(String, Interpolation), Problem> {
        let (mut replaced, mut interpolation) = (String::new(), Interpolation::None);
        let mut rest = text;
        while let Some(position) = rest.find('$') {
            let (before, dollar) = rest.split_at(position);
            replaced.push_str(before);
            let start = text.len() - dollar.len();
            if let Some(after) = dollar.strip_prefix("$$") {
                replaced.push('$');
                interpolation = interpolation.max(Interpolation::Public);
                rest = after;
            } else if let Some(inside) = dollar.strip_prefix("${") {
                let problem = |span, (code, message, help): Failure| {
                    Problem::at(path.clone(), code, message).part(Part::Within(span)).help(help)
                };
                let Some((name, after)) = inside.split_once('}') else {
                    let message = "`${` has no closing `}`".to_owned();
                    let help = "add the `}`; write `$$` for a literal `$`".to_owned();
                    let failure = ("variable::unclosed", message, help);
                    return Err(problem(start..text.len(), failure));
                };
                if let Some(file) = name.strip_prefix("file:") {
                    self.files.record_interpolation(Path::new(file.trim()), path);
                }
                let value = self.look_up(name);
                let span = start..text.len() - after.len();
                replaced.push_str(&value.map_err(|failure| problem(span, failure))?);
                interpolation = interpolation.max(if is_secret(name) {
                    Interpolation::Secret
                } else {
                    Interpolation::Public
                });
                rest = after;
            } else {
                replaced.push('$');
                rest = dollar.get(1..).unwrap_or_default();
            }
        }
        replaced.push_str(rest);
        Ok((replaced, interpolation))
    }

    /// The value of the text between the braces.
    fn look_up(self, text: &str) -> Result<String, Failure> {
        if let Some(path) = text.strip_prefix("file:") {
            return self.read(Path::new(path.trim()));
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
            return Err(("variable::name", message, help.to_owned()));
        }
        let variables = &self.layers.environment;
        let value = variables.iter().find(|(known, _)| known == name).map(|(_, value)| value);
        // An empty variable counts as unset.
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            return Ok(value.clone());
        }
        if let Some(default) = default {
            return Ok(default.to_owned());
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
        Err(("variable::unset", message, help))
    }

    fn read(self, path: &Path) -> Result<String, Failure> {
        let shown = self.files.resolve(path).display().to_string();
        let bytes = self.files.read_untracked(path).map_err(|error| {
            let help = "a relative path starts at the pipeline file's folder".to_owned();
            ("variable::file", format!("can't read `{shown}`: {error}"), help)
        })?;
        let text = String::from_utf8(bytes).map_err(|_| {
            let message = format!("`{shown}` is not UTF-8 text");
            ("variable::file", message, "save it as UTF-8".to_owned())
        })?;
        Ok(trim_value(&text).to_owned())
    }
}

/// Whether the value of the text between the braces must not be shown.
fn is_secret(text: &str) -> bool {
    text.starts_with("file:") || is_secret_name(text.split(":-").next().unwrap_or(text))
}
