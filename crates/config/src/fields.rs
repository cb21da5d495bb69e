//! Checks that earlier stages produce the fields that a stage reads.

use taskferry_sdk::{KeyPath, MissingField, Part, Problem, RecordFields};

use crate::built::{CheckedSink, CheckedSource, CheckedTransform};
use crate::tree::Node;

/// The maximum number of fields that a message lists.
const MAX_LISTED: usize = 16;

/// Problems with the fields that stages read.
#[derive(Default)]
pub(crate) struct FieldProblems {
    /// Fields that a transform needs.
    pub(crate) errors: Vec<Problem>,
    /// Columns, and fields in jq expressions, that are probably empty in every record.
    pub(crate) warnings: Vec<Problem>,
}

/// Tracks the fields of records through a pipeline.
pub(crate) fn check(
    tree: &Node,
    source: &CheckedSource,
    transforms: &[CheckedTransform],
    sinks: &[CheckedSink],
) -> FieldProblems {
    let mut check = Check { tree, source: &source.fields, problems: FieldProblems::default() };
    let (fields, producer) = (source.fields.clone(), source.stage.name.as_str());
    let flow = check.through(Flow { fields, producer, is_exact: true }, transforms);
    for sink in sinks {
        let flow = check.through(flow.clone(), &sink.transforms);
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

struct Check<'a> {
    tree: &'a Node,
    source: &'a RecordFields,
    problems: FieldProblems,
}

/// The fields of records, and the last stage that changed them.
#[derive(Clone)]
struct Flow<'a> {
    fields: RecordFields,
    producer: &'a str,
    /// Whether all fields are known: no stage has produced records of an unknown shape.
    is_exact: bool,
}

impl Check<'_> {
    fn through<'s>(&mut self, flow: Flow<'s>, chain: &'s [CheckedTransform]) -> Flow<'s> {
        chain.iter().fold(flow, |flow, checked| {
            if flow.is_exact {
                self.refuse_missing(checked);
            }
            let mut missing = Vec::new();
            let fields = checked.fields.apply(&flow.fields, &mut missing);
            for missing in missing {
                self.warn(missing, &checked.path, flow.producer, "probably null in every record");
            }
            let producer = if fields == flow.fields { flow.producer } else { &checked.stage.name };
            Flow { fields, producer, is_exact: flow.is_exact && checked.fields.is_exact() }
        })
    }

    /// Refuses a transform that needs a field that the source does not fetch.
    fn refuse_missing(&mut self, checked: &CheckedTransform) {
        for need in checked.fields.required() {
            let missing = self.source.tasks.missing(need.field);
            let Some(hint) = missing.and_then(|missing| missing.hint) else { continue };
            let (type_name, field) = (checked.stage.type_name, need.field);
            let message = format!("`{type_name}` needs `{field}`, which the source does not fetch");
            let path = checked.path.key("type");
            let (fetched, part) = fetched(self.tree);
            self.problems.errors.push(
                Problem::at(path, "missing-include", message)
                    .label(format!("without it {}", need.consequence))
                    .related(fetched, part, format!("`{field}` is not fetched"))
                    .help(hint),
            );
        }
    }

    fn warn(&mut self, missing: MissingField, stage: &KeyPath, producer: &str, label: &str) {
        let MissingField { name, path, part, line_and_column, hint, suggestion, known } = missing;
        let mut message =
            format!("the field `{name}` is probably missing: no earlier stage produces it");
        if let Some((line, column)) = line_and_column {
            message = format!("{message} (line {line}, column {column})");
        }
        let listed: Vec<String> =
            known.iter().take(MAX_LISTED).map(|name| format!("`{name}`")).collect();
        let more = if known.len() > MAX_LISTED { ", …" } else { "" };
        let fields = match &listed[..] {
            [] => format!("`{producer}` produces no fields"),
            listed => format!("`{producer}` produces {}{more}", listed.join(", ")),
        };
        let help = match (&hint, suggestion) {
            (Some(hint), _) => hint.clone(),
            (None, Some(suggestion)) => format!("did you mean `{suggestion}`? {fields}"),
            (None, None) => fields,
        };
        let problem = Problem::at(stage.join(&path), "unknown-field", message)
            .part(part)
            .label(label)
            .help(help)
            .warning();
        self.problems.warnings.push(match hint {
            Some(_) => {
                let (path, part) = fetched(self.tree);
                problem.related(path, part, format!("`{name}` is not fetched"))
            }
            None => problem,
        });
    }
}

/// The option that selects the fields to fetch.
fn fetched(tree: &Node) -> (KeyPath, Part) {
    let include = KeyPath::of("source").key("include");
    match tree.get(&include) {
        Some(_) => (include, Part::Value),
        None => (KeyPath::of("source"), Part::Key),
    }
}
