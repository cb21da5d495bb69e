//! Finds the fields of the results of an expression, and the missing fields that it reads, by static analysis.
//!
//! Unsupported syntax has the result `Unknown`, for which no field is reported as missing.

use std::ops::Range;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::ops::Math;
use jaq_core::path::{Opt, Part, Path};
use taskferry_sdk::{FieldSet, MissingField, RecordFields};

use crate::syntax::{parse, without_surrogates};

/// The possible results of an expression.
#[derive(Debug, Clone)]
enum Shape {
    /// Objects with these fields.
    Object(RecordFields),
    /// An array of objects with these fields.
    List(FieldSet),
    /// No result.
    Nothing,
    /// Any result.
    Unknown,
}

/// A field that the expression reads and that is missing, with the range of its name.
pub(crate) type MissingRead = (MissingField, Range<usize>);

/// The fields of the results of an expression for records with the fields `input`, and the missing fields that it reads.
pub(crate) fn known_fields(text: &str, input: &RecordFields) -> (RecordFields, Vec<MissingRead>) {
    let text = without_surrogates(text);
    let mut reader = FieldAnalysis::new(&text);
    let fields = reader.fields(input);
    reader.missing.dedup_by(|left, right| left.1 == right.1);
    (fields, reader.missing)
}

/// Follows the fields through an expression.
pub(crate) struct FieldAnalysis<'t> {
    text: &'t str,
    /// The fields that the expression deletes, with the ranges of their names.
    pub(crate) deleted: Vec<(&'t str, Range<usize>)>,
    /// The fields of the objects that the expression constructs, with the ranges of their first keys.
    pub(crate) objects: Vec<(Vec<&'t str>, Range<usize>)>,
    missing: Vec<MissingRead>,
    reads: usize,
    variables: Vec<(&'t str, Shape)>,
}

impl<'t> FieldAnalysis<'t> {
    pub(crate) fn new(text: &'t str) -> Self {
        let (deleted, objects, missing) = (Vec::new(), Vec::new(), Vec::new());
        Self { text, deleted, objects, missing, reads: 0, variables: Vec::new() }
    }

    /// The fields of the results.
    pub(crate) fn fields(&mut self, input: &RecordFields) -> RecordFields {
        let Ok((term, _)) = parse(self.text) else { return RecordFields::default() };
        match self.shape(&term, &Shape::Object(input.clone())) {
            Shape::Object(fields) => fields,
            _ => RecordFields::default(),
        }
    }

    fn shape(&mut self, term: &Term<&'t str>, input: &Shape) -> Shape {
        match term {
            Term::Id => input.clone(),
            Term::Path(of, Path(parts)) => {
                let of = self.shape(of, input);
                parts.iter().fold(of, |of, (part, _)| self.part(part, &of, input))
            }
            Term::Obj(members) => self.object(members, input),
            Term::Arr(Some(items)) => match self.shape(items, input) {
                Shape::Object(fields) => Shape::List(fields.own),
                _ => Shape::Unknown,
            },
            Term::BinOp(left, operator, right) => self.operation(left, operator, right, input),
            Term::IfThenElse(branches, otherwise) => {
                let mut shape = match otherwise {
                    Some(term) => self.shape(term, input),
                    None => input.clone(),
                };
                for (condition, term) in branches {
                    self.shape(condition, input);
                    shape = either(shape, self.shape(term, input));
                }
                shape
            }
            Term::TryCatch(term, catch) => {
                let shape = self.shape(term, input);
                if catch.is_some() { either(shape, Shape::Unknown) } else { shape }
            }
            Term::Label(_, term) => self.shape(term, input),
            Term::Call(name, arguments) => self.call(name, arguments, input),
            Term::Var(name) => self.variable(name),
            Term::Break(_) => Shape::Nothing,
            Term::Str(_, parts) => {
                let terms = parts.iter().filter_map(|part| match part {
                    StrPart::Term(term) => Some(term),
                    _ => None,
                });
                self.unknown(terms, input)
            }
            Term::Neg(term) | Term::Fold(_, term, ..) => self.unknown([&**term], input),
            Term::Recurse | Term::Num(_) | Term::Arr(None) | Term::Def(..) => Shape::Unknown,
        }
    }

    /// An unknown value that is computed from `terms`.
    fn unknown<'a>(
        &mut self,
        terms: impl IntoIterator<Item = &'a Term<&'t str>>,
        input: &Shape,
    ) -> Shape
    where
        't: 'a,
    {
        for term in terms {
            self.shape(term, input);
        }
        Shape::Unknown
    }

    fn variable(&self, name: &str) -> Shape {
        let known = self.variables.iter().rev().find(|(known, _)| *known == name);
        known.map_or(Shape::Unknown, |(_, shape)| shape.clone())
    }

    /// `.name`, `[]`, or any other step into a value.
    fn part(&mut self, part: &Part<Term<&'t str>>, of: &Shape, input: &Shape) -> Shape {
        match (part, of) {
            (Part::Range(None, None) | Part::Index(Term::Num(_)), Shape::List(fields)) => {
                object_of(fields.clone())
            }
            (Part::Index(index), Shape::Object(_)) => {
                if let Some(name) = constant(index) {
                    return self.field(name, of);
                }
                self.unknown([index], input)
            }
            (_, Shape::Nothing) => Shape::Nothing,
            _ => Shape::Unknown,
        }
    }

    fn field(&mut self, name: &'t str, of: &Shape) -> Shape {
        let Shape::Object(fields) = of else { return Shape::Unknown };
        self.reads += 1;
        if let Some(missing) = fields.own.missing(name) {
            self.missing.push((missing, self.range(name)));
        }
        let is_tasks = name == "tasks" && !fields.tasks.is_unknown();
        if is_tasks { Shape::List(fields.tasks.clone()) } else { Shape::Unknown }
    }

    fn range(&self, name: &str) -> Range<usize> {
        let start = (name.as_ptr() as usize).wrapping_sub(self.text.as_ptr() as usize);
        if start <= self.text.len() { start..start + name.len() } else { 0..0 }
    }

    /// `{key: value}`, `{key}`, `{$variable}`.
    fn object(
        &mut self,
        members: &[(Term<&'t str>, Option<Term<&'t str>>)],
        input: &Shape,
    ) -> Shape {
        let mut fields = RecordFields { own: FieldSet::new([""; 0]), tasks: FieldSet::default() };
        let (mut is_known, mut names) = (true, Vec::new());
        for (key, value) in members {
            let (name, value) = match (key, value) {
                (key, Some(value)) => (constant(key), self.shape(value, input)),
                (Term::Var(name), None) => (name.strip_prefix('$'), self.variable(name)),
                (key, None) => match constant(key) {
                    Some(name) => (Some(name), self.field(name, input)),
                    None => (None, Shape::Unknown),
                },
            };
            names.extend(name);
            match (name, value) {
                (_, Shape::Nothing) => return Shape::Nothing,
                (Some("tasks"), Shape::List(tasks)) => {
                    fields.tasks = tasks;
                    fields.own.add("tasks");
                }
                (Some(name), _) => fields.own.add(name),
                (None, _) => is_known = false,
            }
        }
        if !is_known {
            return Shape::Unknown;
        }
        if let Some(first) = names.first() {
            let first_key = self.range(first);
            self.objects.push((names, first_key));
        }
        Shape::Object(fields)
    }

    fn operation(
        &mut self,
        left: &Term<&'t str>,
        operator: &BinaryOp<&'t str>,
        right: &Term<&'t str>,
        input: &Shape,
    ) -> Shape {
        match operator {
            BinaryOp::Pipe(None) => {
                let shape = self.shape(left, input);
                self.shape(right, &shape)
            }
            BinaryOp::Pipe(Some(pattern)) => {
                let shape = self.shape(left, input);
                let Pattern::Var(name) = pattern else { return Shape::Unknown };
                self.variables.push((*name, shape));
                let shape = self.shape(right, input);
                self.variables.pop();
                shape
            }
            BinaryOp::Comma => {
                let shape = self.shape(left, input);
                either(shape, self.shape(right, input))
            }
            BinaryOp::Alt => {
                let (missing, mut reading) = (self.missing.len(), 0);
                let mut shape = Shape::Nothing;
                for alternative in alternatives(left).into_iter().chain(alternatives(right)) {
                    let reads = self.reads;
                    shape = either(shape, self.shape(alternative, input));
                    reading += usize::from(self.reads > reads);
                }
                if reading > 1 {
                    // One of the alternative fields is enough.
                    self.missing.truncate(missing);
                }
                shape
            }
            BinaryOp::Math(Math::Add) => {
                match (self.shape(left, input), self.shape(right, input)) {
                    (Shape::Object(left), Shape::Object(right)) => {
                        object_of(left.own.and(&right.own))
                    }
                    _ => Shape::Unknown,
                }
            }
            BinaryOp::Or | BinaryOp::And | BinaryOp::Math(_) | BinaryOp::Cmp(_) => {
                self.unknown([left, right], input)
            }
            BinaryOp::Assign | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                self.shape(right, input);
                assigned(left, input)
            }
            BinaryOp::Update => {
                // An update may add the field.
                let missing = self.missing.len();
                let old = self.shape(left, input);
                self.missing.truncate(missing);
                let new = self.shape(right, &old);
                updated(left, input, new)
            }
        }
    }

    fn call(&mut self, name: &str, arguments: &[Term<&'t str>], input: &Shape) -> Shape {
        match (name, arguments) {
            ("empty", []) => Shape::Nothing,
            ("error", arguments) => {
                self.unknown(arguments, input);
                Shape::Nothing
            }
            ("select", [condition]) => {
                self.shape(condition, input);
                input.clone()
            }
            ("del", [paths]) => {
                let Shape::Object(fields) = input else { return Shape::Unknown };
                let Some(names) = top_fields(paths) else { return Shape::Unknown };
                let mut fields = fields.clone();
                for TopField { name, rest } in names {
                    match (name, rest) {
                        (_, []) => {
                            self.deleted.push((name, self.range(name)));
                            fields.own.remove(name, None);
                        }
                        ("tasks", [(Part::Range(None, None), _), (Part::Index(key), _)]) => {
                            let Some(key) = constant(key) else { return Shape::Unknown };
                            self.deleted.push((key, self.range(key)));
                            fields.tasks.remove(key, None);
                            continue;
                        }
                        _ => {}
                    }
                    if name == "tasks" {
                        fields.tasks = FieldSet::default();
                    }
                }
                Shape::Object(fields)
            }
            ("map", [each]) => {
                let Shape::List(fields) = input else { return Shape::Unknown };
                match self.shape(each, &object_of(fields.clone())) {
                    Shape::Object(fields) => Shape::List(fields.own),
                    _ => Shape::Unknown,
                }
            }
            _ => Shape::Unknown,
        }
    }
}

/// An object with these fields, whose tasks are unknown.
fn object_of(own: FieldSet) -> Shape {
    Shape::Object(RecordFields { own, tasks: FieldSet::default() })
}

/// The input after an assignment to `paths`.
fn assigned(paths: &Term<&str>, input: &Shape) -> Shape {
    let Shape::Object(fields) = input else { return Shape::Unknown };
    let Some(names) = top_fields(paths) else { return Shape::Unknown };
    let mut fields = fields.clone();
    for TopField { name, .. } in names {
        fields.own.add(name);
        if name == "tasks" {
            fields.tasks = FieldSet::default();
        }
    }
    Shape::Object(fields)
}

/// The input after an update of `paths` to values of the shape `new`.
fn updated(paths: &Term<&str>, input: &Shape, new: Shape) -> Shape {
    let mut after = assigned(paths, input);
    if let (Shape::Object(fields), Some([TopField { name: "tasks", rest }])) =
        (&mut after, top_fields(paths).as_deref())
    {
        match (new, rest) {
            // `.tasks |= …`
            (Shape::List(tasks), []) => fields.tasks = tasks,
            // `.tasks[] |= …`
            (Shape::Object(task), [(Part::Range(None, None), _)]) => fields.tasks = task.own,
            _ => {}
        }
    }
    after
}

/// The shape of a value that has either shape.
fn either(left: Shape, right: Shape) -> Shape {
    match (left, right) {
        (Shape::Nothing, other) | (other, Shape::Nothing) => other,
        (Shape::Object(left), Shape::Object(right)) => Shape::Object(RecordFields {
            own: left.own.or(&right.own),
            tasks: left.tasks.or(&right.tasks),
        }),
        (Shape::List(left), Shape::List(right)) => Shape::List(left.or(&right)),
        _ => Shape::Unknown,
    }
}

/// The alternatives of `a // b // c`.
fn alternatives<'a, 't>(term: &'a Term<&'t str>) -> Vec<&'a Term<&'t str>> {
    match term {
        Term::BinOp(left, BinaryOp::Alt, right) => {
            [alternatives(left), alternatives(right)].concat()
        }
        term => vec![term],
    }
}

/// A field of the input, with the rest of a path that begins with it.
struct TopField<'a, 't> {
    name: &'t str,
    rest: &'a [(Part<Term<&'t str>>, Opt)],
}

/// The top-level fields of paths such as `.a`, `.a.b[0]` or `.a, .b`. `None` for any other expression.
fn top_fields<'a, 't>(paths: &'a Term<&'t str>) -> Option<Vec<TopField<'a, 't>>> {
    match paths {
        Term::Path(of, Path(parts)) if matches!(**of, Term::Id) => {
            let (first, rest) = parts.split_first()?;
            let Part::Index(name) = &first.0 else { return None };
            Some(vec![TopField { name: constant(name)?, rest }])
        }
        Term::BinOp(left, BinaryOp::Comma, right) => {
            let mut names = top_fields(left)?;
            names.extend(top_fields(right)?);
            Some(names)
        }
        _ => None,
    }
}

/// The text of a string literal without interpolation.
fn constant<'t>(term: &Term<&'t str>) -> Option<&'t str> {
    let Term::Str(None, parts) = term else { return None };
    match &parts[..] {
        [StrPart::Str(text)] => Some(*text),
        _ => None,
    }
}
