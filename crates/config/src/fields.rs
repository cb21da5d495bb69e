//! Checks that earlier stages produce the fields that a stage uses.

use taskferry_sdk::{
    FieldSet, KeyPath, MissingField, Part, Problem, RecordFields, RequiredField, SkillVendor,
    Vocabulary,
};

use crate::built::{CheckedSink, CheckedSource, CheckedTransform};
use crate::suggestion::listed;
use crate::tree::Node;

/// The maximum number of fields that a message lists.
const MAX_LISTED: usize = 16;

/// Problems with the fields that stages use.
#[derive(Default)]
pub(crate) struct FieldProblems {
    /// Fields that a transform requires.
    pub(crate) errors: Vec<Problem>,
    /// Fields that are probably missing from every record, and skills that are renamed from an unexpected vocabulary.
    pub(crate) warnings: Vec<Problem>,
}

/// Tracks the fields of records through a pipeline.
pub(crate) fn check(
    tree: &Node,
    source: &CheckedSource,
    transforms: &[CheckedTransform],
    sinks: &[CheckedSink],
) -> FieldProblems {
    let mut check = Check { tree, source, problems: FieldProblems::default() };
    let (fields, producer) = (source.built.fields.clone(), source.id.name.as_str());
    let flow = Flow { fields, producer, is_exact: true, steps: Vec::new() };
    let flow = check.check_chain(flow, transforms);
    for sink in sinks {
        let flow = check.check_chain(flow.clone(), &sink.transforms);
        for (index, column) in sink.stage.built.columns.iter().enumerate() {
            if let Some(missing) = flow.fields.own.missing(column) {
                let path = KeyPath::of("columns").index(index);
                let missing = missing.at(path, Part::Value);
                check.warn(missing, &sink.stage.path, &flow, "this column is probably empty");
            }
        }
    }
    check.problems
}

struct Check<'a> {
    tree: &'a Node,
    source: &'a CheckedSource,
    problems: FieldProblems,
}

/// The fields of records, and the stages that produced them.
#[derive(Clone)]
struct Flow<'a> {
    fields: RecordFields,
    /// The last stage that changed the fields.
    producer: &'a str,
    /// Whether all fields are known: no stage has produced records of an unknown shape.
    is_exact: bool,
    /// The transforms so far, each with the fields of its input.
    steps: Vec<(&'a CheckedTransform, RecordFields)>,
}

/// The stage that drops a field, and the option that makes it do so.
struct Dropped<'a> {
    stage: &'a str,
    /// The name of the field in the input of this stage.
    field: String,
    path: KeyPath,
    part: Part,
    /// Whether the options can keep the field.
    is_optional: bool,
}

impl<'a> Flow<'a> {
    /// The last stage whose input has one of the fields, and whose output has none.
    fn dropped(&self, names: &[&str]) -> Option<Dropped<'a>> {
        let mut output = &self.fields;
        for (step, input) in self.steps.iter().rev() {
            let field = names.iter().find(|name| has(input, name));
            if let Some(field) = field.filter(|_| !names.iter().any(|name| has(output, name))) {
                let option = step.built.fields.drop_of(input, field);
                let is_optional = option.is_some();
                let (path, part) = option.unwrap_or((KeyPath::of("type"), Part::Value));
                let (stage, field) = (step.id.name.as_str(), (*field).to_owned());
                return Some(Dropped {
                    stage,
                    field,
                    path: step.path.join(&path),
                    part,
                    is_optional,
                });
            }
            output = input;
        }
        None
    }
}

/// Whether records or their tasks have a field.
fn has(fields: &RecordFields, name: &str) -> bool {
    fields.own.has(name) || fields.tasks.has(name)
}

impl Check<'_> {
    fn check_chain<'s>(&mut self, flow: Flow<'s>, chain: &'s [CheckedTransform]) -> Flow<'s> {
        chain.iter().fold(flow, |mut flow, checked| {
            for need in checked.built.fields.required() {
                if !flow.is_exact || !self.refuse_missing(checked, need) {
                    self.report_dropped(checked, need, &flow);
                }
            }
            if let (Some(vendor), Some(known)) =
                (checked.built.fields.skill_vendor(), &self.source.built.vocabulary)
            {
                self.problems.warnings.extend(contradiction(checked, vendor, known));
            }
            let mut missing = Vec::new();
            let fields = checked.built.fields.apply(&flow.fields, &mut missing);
            for missing in missing {
                self.warn(missing, &checked.path, &flow, "probably null in every record");
            }
            let input = std::mem::replace(&mut flow.fields, fields);
            if flow.fields != input {
                flow.producer = &checked.id.name;
            }
            flow.is_exact &= checked.built.fields.is_exact();
            flow.steps.push((checked, input));
            flow
        })
    }

    /// Refuses a transform that requires a field that the source does not fetch. Returns whether it is refused.
    fn refuse_missing(&mut self, checked: &CheckedTransform, need: &RequiredField) -> bool {
        let missing = self.source.built.fields.tasks.missing(need.field);
        let hint = missing.and_then(|missing| missing.hint);
        let refused = hint.map(|hint| self.not_fetched(checked, need, hint));
        let is_refused = refused.is_some();
        self.problems.errors.extend(refused);
        is_refused
    }

    fn not_fetched(
        &self,
        checked: &CheckedTransform,
        need: &RequiredField,
        hint: String,
    ) -> Problem {
        let (type_name, field) = (checked.type_name, need.field);
        let message = format!("`{type_name}` needs `{field}`, which the source does not fetch");
        let (fetched, part) = fetched(self.tree);
        Problem::at(checked.path.key("type"), "missing-include", message)
            .label(format!("without `{field}`, {}", need.consequence))
            .related(fetched, part, format!("`{field}` is not fetched"))
            .help(hint)
    }

    /// Reports a transform that requires a field that an earlier stage drops, or that the source does not fetch. This is an error
    /// if the fields are known.
    fn report_dropped(
        &mut self,
        checked: &CheckedTransform,
        need: &RequiredField,
        flow: &Flow<'_>,
    ) {
        let Some(missing) = missing(need, &flow.fields) else { return };
        let names: Vec<&str> = [need.field].iter().chain(need.row_fields).copied().collect();
        let drops = if flow.is_exact { "drops" } else { "probably drops" };
        let problem = match (missing.hint, flow.dropped(&names)) {
            (Some(hint), _) => self.not_fetched(checked, need, hint),
            (None, Some(dropped)) => {
                let type_name = checked.type_name;
                let Dropped { stage, field, path, part, is_optional } = dropped;
                let message = format!("`{type_name}` needs `{field}`, which `{stage}` {drops}");
                let before = format!("place `{type_name}` before `{stage}`");
                let help = if is_optional {
                    format!("keep `{field}` in the result of `{stage}`, or {before}")
                } else {
                    before
                };
                Problem::at(checked.path.key("type"), "unknown-field", message)
                    .label(format!("without `{field}`, {}", need.consequence))
                    .related(path, part, format!("`{field}` is dropped here"))
                    .help(help)
            }
            (None, None) => return,
        };
        if flow.is_exact {
            self.problems.errors.push(problem);
        } else {
            self.problems.warnings.push(problem.warning());
        }
    }

    fn warn(&mut self, missing: MissingField, stage: &KeyPath, flow: &Flow<'_>, label: &str) {
        let MissingField { name, path, part, line_and_column, hint, suggestion, known } = missing;
        let dropped = flow.dropped(&[&name]).filter(|_| hint.is_none());
        let mut message = match &dropped {
            Some(dropped) => {
                format!(
                    "the field `{name}` is probably missing, because `{}` drops this field",
                    dropped.stage
                )
            }
            None => format!("the field `{name}` is probably missing: no earlier stage produces it"),
        };
        if let Some((line, column)) = line_and_column {
            message = format!("{message} (line {line}, column {column})");
        }
        let fields = produced(flow.producer, &known);
        let help = match (&hint, suggestion, &dropped) {
            (Some(hint), ..) => hint.clone(),
            (None, Some(suggestion), _) => format!("did you mean `{suggestion}`? {fields}"),
            (None, None, Some(Dropped { stage, is_optional: true, .. })) => {
                format!(
                    "keep `{name}` in the result of `{stage}`, or remove the use of `{name}`; {fields}"
                )
            }
            (None, None, _) => fields,
        };
        let problem = Problem::at(stage.join(&path), "unknown-field", message)
            .part(part)
            .label(label)
            .help(help)
            .warning();
        self.problems.warnings.push(match (hint, dropped) {
            (Some(_), _) => {
                let (path, part) = fetched(self.tree);
                problem.related(path, part, format!("`{name}` is not fetched"))
            }
            (None, Some(Dropped { path, part, .. })) => {
                problem.related(path, part, format!("`{name}` is dropped here"))
            }
            (None, None) => problem,
        });
    }
}

/// The required field, if neither jobs nor rows can have it.
fn missing(need: &RequiredField, fields: &RecordFields) -> Option<MissingField> {
    let RecordFields { own, tasks } = fields;
    let absent = |set: &FieldSet, name: &str| set.missing(name).is_some();
    let mut in_rows = std::iter::once(&need.field).chain(need.row_fields);
    if !in_rows.all(|name| absent(own, name)) {
        return None;
    }
    if absent(own, "tasks") { own.missing(need.field) } else { tasks.missing(need.field) }
}

/// The fields that a stage produces, for a message.
fn produced(producer: &str, known: &[String]) -> String {
    let more = if known.len() > MAX_LISTED { ", …" } else { "" };
    match known {
        [] => format!("`{producer}` produces no fields"),
        known => format!("`{producer}` produces {}{more}", listed(known.iter().take(MAX_LISTED))),
    }
}

/// Warns if a transform renames skills to the names of a vendor, but the source already returns names of a vendor.
fn contradiction(
    checked: &CheckedTransform,
    vendor: &SkillVendor,
    known: &Vocabulary,
) -> Option<Problem> {
    let (type_name, to, from) = (checked.type_name, &vendor.name, &known.name);
    let option = &known.option;
    known.contains(to).then(|| {
        let message = format!("`{type_name}` renames skills to the names of `{to}`, but the source already returns the names of `{from}`");
        let help = format!(
            "remove `{option}` in [source], so that the mapping finds TechWolf's names; or remove this transform, and set `{option}` to the vendor"
        );
        Problem::at(checked.path.join(&vendor.option), "conflicting-options", message)
            .label("the mapping renames TechWolf's skills")
            .related(KeyPath::of("source").join(option), Part::Value, "the vendor of the source")
            .help(help)
            .warning()
    })
}

/// The option that selects the fields to fetch.
fn fetched(tree: &Node) -> (KeyPath, Part) {
    let include = KeyPath::of("source").key("include");
    match tree.get(&include) {
        Some(_) => (include, Part::Value),
        None => (KeyPath::of("source"), Part::Key),
    }
}
