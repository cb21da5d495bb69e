//! Filling in `${NAME}`.

use std::path::Path;

use serde_json::Value;
use taskferry_sdk::{InputFiles, KeyPath, Part, Problem, is_secret_name, nearest};

use crate::files::PipelineFiles;
use crate::layers::Layers;
use crate::tree::{Filled, Kind, Layer, Node};
use crate::variables::value_in;

/// Replaces `${NAME}`, `${NAME:-default}`, `${file:PATH}` and `$$` in all strings that stand in files.
/// Values from the environment or the command line are taken as they are: the shell had its turn.
pub(crate) fn fill_in(tree: &mut Node, layers: &Layers, files: &PipelineFiles) -> Vec<Problem> {
    let mut problems = Vec::new();
    let from = Values { layers, files };
    visit(tree, &KeyPath::root(), from, &mut problems);
    problems
}

/// Where the values come from.
#[derive(Clone, Copy)]
struct Values<'a> {
    layers: &'a Layers,
    files: &'a PipelineFiles,
}

fn visit(node: &mut Node, path: &KeyPath, from: Values<'_>, problems: &mut Vec<Problem>) {
    match &mut node.kind {
        Kind::Table(fields) => {
            for (key, node) in fields {
                visit(node, &path.key(key.clone()), from, problems);
            }
        }
        Kind::List(items) => {
            for (index, node) in items.iter_mut().enumerate() {
                visit(node, &path.index(index), from, problems);
            }
        }
        Kind::Leaf(Value::String(text))
            if matches!(node.layer, Layer::File(_)) && text.contains('$') =>
        {
            match fill(text, path, from) {
                Ok((filled, with)) => (*text, node.filled) = (filled, with),
                Err(problem) => {
                    let unclear = matches!(problem.code, "variable::unclosed" | "variable::name");
                    node.filled = if unclear { Filled::Unclosed } else { Filled::Failed };
                    problems.push(problem);
                }
            }
        }
        Kind::Leaf(_) => {}
    }
}

fn fill(text: &str, path: &KeyPath, from: Values<'_>) -> Result<(String, Filled), Problem> {
    let (mut filled, mut with) = (String::new(), Filled::Nothing);
    let mut rest = text;
    while let Some(position) = rest.find('$') {
        let (before, dollar) = rest.split_at(position);
        filled.push_str(before);
        let at = text.len() - dollar.len();
        if let Some(after) = dollar.strip_prefix("$$") {
            filled.push('$');
            with = with.max(Filled::Shown);
            rest = after;
        } else if let Some(inside) = dollar.strip_prefix("${") {
            let Some((place, after)) = inside.split_once('}') else {
                let problem =
                    Problem::at(path.clone(), "variable::unclosed", "`${` is never closed");
                return Err(problem
                    .part(Part::Within(at..text.len()))
                    .help("close it with `}`; write `$$` for a dollar itself"));
            };
            let span = at..text.len() - after.len();
            if let Some(file) = place.strip_prefix("file:") {
                from.files.note(Path::new(file.trim()), path);
            }
            filled.push_str(&look_up(place, from).map_err(|(code, message, help)| {
                Problem::at(path.clone(), code, message).part(Part::Within(span)).help(help)
            })?);
            with = with.max(if is_secret(place) { Filled::Secret } else { Filled::Shown });
            rest = after;
        } else {
            filled.push('$');
            rest = dollar.get(1..).unwrap_or_default();
        }
    }
    filled.push_str(rest);
    Ok((filled, with))
}

/// Whether what is filled in here must not be shown.
fn is_secret(place: &str) -> bool {
    place.starts_with("file:") || is_secret_name(place.split(":-").next().unwrap_or(place))
}

type Refusal = (&'static str, String, String);

fn look_up(place: &str, from: Values<'_>) -> Result<String, Refusal> {
    let Values { layers, files } = from;
    if let Some(path) = place.strip_prefix("file:") {
        return read(path.trim(), files);
    }
    let (name, default) = match place.split_once(":-") {
        Some((name, default)) => (name, Some(default)),
        None => (place, None),
    };
    if name.is_empty()
        || !name.chars().all(|character| character.is_ascii_alphanumeric() || character == '_')
    {
        let message = "what stands in `${…}` can't be the name of a variable".to_owned();
        let help =
            "write `${NAME}`, `${NAME:-default}` or `${file:PATH}`; `$$` for a dollar itself"
                .to_owned();
        return Err(("variable::name", message, help));
    }
    let set =
        layers.environment.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone());
    let is_empty = set.is_some();
    // A variable that is set to nothing counts as one that is not set.
    match (set.filter(|value| !value.is_empty()), default) {
        (Some(value), _) => Ok(value),
        (None, Some(default)) => Ok(default.to_owned()),
        (None, None) if is_empty => {
            let help = format!("give it a value, or a default: `${{{name}:-…}}`");
            Err(("variable::unset", format!("the variable `{name}` is empty"), help))
        }
        (None, None) => {
            let known = layers.environment.iter().map(|(name, _)| name.as_str());
            let near = nearest(name, known)
                .map(|near| format!("did you mean `{near}`? Else "))
                .unwrap_or_default();
            let help = format!("{near}set it, or give a default: `${{{name}:-…}}`");
            Err(("variable::unset", format!("the variable `{name}` is not set"), help))
        }
    }
}

fn read(path: &str, files: &PipelineFiles) -> Result<String, Refusal> {
    let path = Path::new(path);
    let shown = files.resolve(path).display().to_string();
    let bytes = files.read_untracked(path).map_err(|error| {
        let help = "a relative path starts at the pipeline file's folder".to_owned();
        ("variable::file", format!("can't read `{shown}`: {error}"), help)
    })?;
    let text = String::from_utf8(bytes).map_err(|_| {
        ("variable::file", format!("`{shown}` is not UTF-8 text"), "save it as UTF-8".to_owned())
    })?;
    Ok(value_in(&text).to_owned())
}
