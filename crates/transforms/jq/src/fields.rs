//! Which fields of a record an expression looks at.
//!
//! Most expressions say what becomes of a few fields and nothing of all others:
//! `.hours = (.weekly_hours // 0) | del(.weekly_hours)`. Such a one is run over these fields alone, and the others stay the
//! text that they are. It has to be certain for that that the expression can't see the others: so what is not known to
//! look only at what it names looks at everything.

use std::collections::BTreeSet;

use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern, Term};
use jaq_core::path::{Part, Path};

/// What comes out of a part of an expression whose input is the record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Outcome {
    /// Something in which no other field of the record stands.
    Value,
    /// Maybe the record itself, with some of its fields changed.
    Record,
}

/// The fields that an expression names, if it looks at no others whatever the record is.
///
/// An expression that only names them may be given a record without all others.
pub(crate) fn fields_of(term: &Term<&str>) -> Option<BTreeSet<String>> {
    let mut fields = Fields(BTreeSet::new());
    fields.outcome(term)?;
    Some(fields.0)
}

struct Fields(BTreeSet<String>);

impl Fields {
    /// What comes of a term whose input is the record; `None` if it may look at fields that it does not name.
    fn outcome(&mut self, term: &Term<&str>) -> Option<Outcome> {
        match term {
            Term::Id => Some(Outcome::Record),
            Term::Num(_) | Term::Var(_) | Term::Break(_) | Term::Arr(None) => Some(Outcome::Value),
            Term::Str(_, parts) => {
                let terms = parts.iter().filter_map(|part| match part {
                    StrPart::Term(term) => Some(term),
                    _ => None,
                });
                self.values(terms)
            }
            Term::Arr(Some(term)) | Term::Neg(term) => self.value(term),
            Term::Obj(members) => members
                .iter()
                .try_fold(Outcome::Value, |_, (key, value)| self.member(key, value.as_ref())),
            Term::Path(term, Path(parts)) => self.path(term, parts),
            Term::BinOp(left, operator, right) => self.operation(left, operator, right),
            Term::IfThenElse(branches, otherwise) => {
                let mut outcome = match otherwise {
                    Some(term) => self.outcome(term)?,
                    None => Outcome::Record,
                };
                for (condition, term) in branches {
                    self.value(condition)?;
                    outcome = outcome.max(self.outcome(term)?);
                }
                Some(outcome)
            }
            // What is caught is a message about a value.
            Term::TryCatch(term, _) | Term::Label(_, term) => self.outcome(term),
            Term::Fold(_, items, Pattern::Var(_), arguments) => {
                self.value(items)?;
                // What comes after the first argument works on what that began with.
                self.value(arguments.first()?)
            }
            Term::Call(name, arguments) => self.call(name, arguments),
            Term::Recurse | Term::Def(..) | Term::Fold(..) => None,
        }
    }

    fn value(&mut self, term: &Term<&str>) -> Option<Outcome> {
        self.outcome(term).filter(|outcome| *outcome == Outcome::Value)
    }

    fn values<'t, 's: 't>(
        &mut self,
        terms: impl IntoIterator<Item = &'t Term<&'s str>>,
    ) -> Option<Outcome> {
        terms.into_iter().try_fold(Outcome::Value, |_, term| self.value(term))
    }

    /// `{key: value}`, `{key}`, `{$variable}`.
    fn member(&mut self, key: &Term<&str>, value: Option<&Term<&str>>) -> Option<Outcome> {
        match (key, value) {
            (key, Some(value)) => self.values([key, value]),
            (Term::Var(_), None) => Some(Outcome::Value),
            (key, None) => self.field(key),
        }
    }

    /// `.name` and what follows, or parts of something that is no record.
    fn path(
        &mut self,
        of: &Term<&str>,
        parts: &[(Part<Term<&str>>, impl Copy)],
    ) -> Option<Outcome> {
        let mut parts = parts.iter().map(|(part, _)| part);
        if self.outcome(of)? == Outcome::Record {
            match parts.next() {
                Some(Part::Index(name)) => self.field(name)?,
                _ => return None,
            };
        }
        for part in parts {
            match part {
                Part::Index(index) => self.value(index)?,
                Part::Range(from, to) => self.values(from.iter().chain(to))?,
            };
        }
        Some(Outcome::Value)
    }

    /// Takes note of a field that is named by a constant of plain letters.
    fn field(&mut self, name: &Term<&str>) -> Option<Outcome> {
        let Term::Str(None, parts) = name else { return None };
        let [StrPart::Str(name)] = &parts[..] else { return None };
        // A slash may be escaped in a record, and then would not be found there.
        let is_plain =
            |byte: u8| matches!(byte, b' '..=b'~') && !matches!(byte, b'"' | b'\\' | b'/');
        name.bytes().all(is_plain).then(|| self.0.insert((*name).to_owned()))?;
        Some(Outcome::Value)
    }

    fn operation(
        &mut self,
        left: &Term<&str>,
        operator: &BinaryOp<&str>,
        right: &Term<&str>,
    ) -> Option<Outcome> {
        match operator {
            BinaryOp::Pipe(None) => match self.outcome(left)? {
                Outcome::Record => self.outcome(right),
                // From here on the record is out of sight.
                Outcome::Value => Some(Outcome::Value),
            },
            BinaryOp::Pipe(Some(Pattern::Var(_))) => {
                self.value(left)?;
                self.outcome(right)
            }
            BinaryOp::Pipe(Some(_)) => None,
            BinaryOp::Comma | BinaryOp::Alt => Some(self.outcome(left)?.max(self.outcome(right)?)),
            BinaryOp::Or | BinaryOp::And | BinaryOp::Math(_) | BinaryOp::Cmp(_) => {
                self.values([left, right])
            }
            BinaryOp::Assign | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt => {
                self.value(right)?;
                self.place(left)
            }
            // What is updated is the right side's input.
            BinaryOp::Update => self.place(left),
        }
    }

    /// Fields that are changed or taken out: `.a`, `.a.b[0]`, `.a, .b`. Of what is no place messages may show the whole record.
    fn place(&mut self, term: &Term<&str>) -> Option<Outcome> {
        match term {
            Term::Path(of, Path(parts)) if matches!(**of, Term::Id) => {
                self.path(of, parts)?;
            }
            Term::BinOp(left, BinaryOp::Comma, right) => {
                self.place(left)?;
                self.place(right)?;
            }
            _ => return None,
        }
        Some(Outcome::Record)
    }

    /// The functions that are known to look at nothing but what they are given. None of them can be defined anew, since an
    /// expression with definitions looks at everything.
    fn call(&mut self, name: &str, arguments: &[Term<&str>]) -> Option<Outcome> {
        match (name, arguments) {
            ("empty" | "true" | "false" | "null", []) => Some(Outcome::Value),
            ("error", [message]) => self.value(message),
            ("select", [condition]) => {
                self.value(condition)?;
                Some(Outcome::Record)
            }
            ("del", [place]) => self.place(place),
            _ => None,
        }
    }
}
