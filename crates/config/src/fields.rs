//! Fields that a stage looks for and no stage before it can produce.

use taskferry_sdk::{KeyPath, MissingField, Part, Problem, RecordFields};

use crate::built::{CheckedSink, CheckedTransform};
use crate::tree::Node;

/// How many fields are named as those that are there.
const MOST_NAMED: usize = 16;

/// Follows the fields of records through a pipeline.
pub(crate) struct FieldCheck<'a> {
    tree: &'a Node,
    problems: Vec<Problem>,
}

/// What records carry, and the stage that says so.
struct Flow<'a> {
    fields: RecordFields,
    producer: &'a str,
}

impl<'a> FieldCheck<'a> {
    /// Warns of columns and of fields in jq expressions that are empty in every record.
    pub(crate) fn problems(
        tree: &'a Node,
        source: (&str, RecordFields),
        transforms: &[CheckedTransform],
        sinks: &[CheckedSink],
    ) -> Vec<Problem> {
        let mut check = Self { tree, problems: Vec::new() };
        let flow = Flow { producer: source.0, fields: source.1 };
        let flow = check.through(flow, transforms);
        for sink in sinks {
            let flow = Flow { producer: flow.producer, fields: flow.fields.clone() };
            let flow = check.through(flow, &sink.transforms);
            for (index, column) in sink.columns.iter().enumerate() {
                if let Some(missing) = flow.fields.own.missing(column) {
                    let path = KeyPath::of("columns").index(index);
                    let missing = missing.at(path, Part::Value);
                    check.warn(missing, &sink.path, flow.producer, "this column is probably empty");
                }
            }
        }
        check.problems
    }

    fn through<'s>(&mut self, flow: Flow<'s>, chain: &'s [CheckedTransform]) -> Flow<'s> {
        chain.iter().fold(flow, |flow, checked| {
            let mut missing = Vec::new();
            let fields = checked.fields.apply(&flow.fields, &mut missing);
            for missing in missing {
                self.warn(missing, &checked.path, flow.producer, "probably null in every record");
            }
            // Who hands on what it gets produces nothing.
            let producer = if fields == flow.fields { flow.producer } else { &checked.stage.name };
            Flow { fields, producer }
        })
    }

    fn warn(&mut self, missing: MissingField, stage: &KeyPath, producer: &str, label: &str) {
        let MissingField { name, path, part, line_and_column, advice, near, known } = missing;
        let mut message = format!("no stage before is known to produce a field `{name}`");
        if let Some((line, column)) = line_and_column {
            message = format!("{message} (line {line}, column {column})");
        }
        let named: Vec<String> =
            known.iter().take(MOST_NAMED).map(|name| format!("`{name}`")).collect();
        let more = if known.len() > MOST_NAMED { ", …" } else { "" };
        let fields = match &named[..] {
            [] => format!("`{producer}` produces none"),
            named => format!("`{producer}` produces {}{more}", named.join(", ")),
        };
        let help = match (&advice, near) {
            (Some(advice), _) => advice.clone(),
            (None, Some(near)) => format!("did you mean `{near}`? {fields}"),
            (None, None) => fields,
        };
        let problem = Problem::at(stage.join(&path), "pipeline::unknown_field", message)
            .part(part)
            .label(label)
            .help(help)
            .warning();
        self.problems.push(match advice {
            Some(_) => {
                let (path, part) = fetched(self.tree);
                problem.related(path, part, format!("`{name}` is not fetched"))
            }
            None => problem,
        });
    }
}

/// Where the source says which fields it fetches.
pub(crate) fn fetched(tree: &Node) -> (KeyPath, Part) {
    let include = KeyPath::of("source").key("include");
    match tree.get(&include) {
        Some(_) => (include, Part::Value),
        None => (KeyPath::of("source"), Part::Key),
    }
}
