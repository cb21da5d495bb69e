//! Compiles parsed terms into expressions with resolved names.

use jaq_core::compile::Undefined;
use jaq_core::load::lex::StrPart;
use jaq_core::load::parse::{BinaryOp, Pattern as ParsedPattern, Term};
use jaq_core::path::{Opt, Part as PathPart, Path};

use crate::builtins::{self, Builtin};
use crate::constant::Constant;
use crate::expr::{Access, Code, ExprId, Fold, Kind, Part, Pattern, Step, UpdateOperator};
use crate::filter_error::FilterError;
use crate::names::{Compiler, NameKind};
use crate::syntax::{ALL, ALTERNATIVES, literal};

/// Compiles an expression. `variables` are the outermost bindings of its environment.
pub(crate) fn compile(
    text: &str,
    body: &Term<&str>,
    variables: &[String],
) -> Result<(Code, ExprId), Vec<FilterError>> {
    let library = builtins::library();
    let mut compiler = Compiler::new(text, &library, variables);
    let body = compiler.term(body);
    compiler.finish(body)
}

impl<'s> Compiler<'s> {
    pub(crate) fn term(&mut self, term: &Term<&'s str>) -> ExprId {
        let kind = self.kind(term);
        self.add(kind)
    }

    pub(crate) fn terms(&mut self, terms: &[Term<&'s str>]) -> Vec<ExprId> {
        terms.iter().map(|term| self.term(term)).collect()
    }

    fn constant(&mut self, constant: Constant) -> ExprId {
        self.add(Kind::Constant(constant))
    }

    fn boolean(&mut self, flag: bool) -> ExprId {
        self.constant(Constant::Bool(flag))
    }

    fn is_true(&mut self, condition: ExprId) -> ExprId {
        let kind = Kind::If(condition, self.boolean(true), self.boolean(false));
        self.add(kind)
    }

    fn kind(&mut self, term: &Term<&'s str>) -> Kind {
        match term {
            Term::Id => Kind::Id,
            Term::Recurse => {
                self.code.is_large = true;
                Kind::Recurse
            }
            Term::Num(digits) => Kind::Constant(Constant::number(digits)),
            Term::Str(format, parts) => self.text(*format, parts),
            Term::Arr(None) => Kind::EmptyArray,
            Term::Arr(Some(items)) => Kind::Array(self.term(items)),
            Term::Obj(members) => Kind::Object(
                members.iter().map(|(key, value)| self.member(key, value.as_ref())).collect(),
            ),
            Term::Neg(term) => match &**term {
                Term::Num(digits) => Kind::Constant(Constant::number(&format!("-{digits}"))),
                term => Kind::Negate(self.term(term)),
            },
            Term::BinOp(left, operator, right) => self.operation(left, operator, right),
            Term::IfThenElse(branches, otherwise) => self.branches(branches, otherwise.as_deref()),
            Term::TryCatch(body, catch) => {
                let body = self.term(body);
                Kind::Try(body, catch.as_ref().map(|catch| self.term(catch)))
            }
            Term::Label(name, body) => self.scoped(|compiler| {
                compiler.bind(name, NameKind::Label);
                Kind::Label(compiler.term(body))
            }),
            Term::Break(name) => match self.find(name, NameKind::is_label) {
                Some(slot) => Kind::Break(slot),
                None => self.undefined(name, &Undefined::Label),
            },
            Term::Fold(name, source, pattern, arguments) => {
                self.fold(name, source, pattern, arguments)
            }
            Term::Def(definitions, body) => self.scoped(|compiler| {
                for definition in definitions {
                    compiler.code.is_large = true;
                    compiler.define(definition);
                }
                compiler.kind(body)
            }),
            Term::Call(name, arguments) => self.call(name, arguments),
            Term::Var(name) => self.variable(name),
            Term::Path(of, Path(parts)) => {
                let of = self.term(of);
                Kind::Path(of, parts.iter().map(|part| self.step(part)).collect())
            }
        }
    }

    fn text(&mut self, format: Option<&'s str>, parts: &[StrPart<&'s str, Term<&'s str>>]) -> Kind {
        if let Some(text) = literal(parts) {
            return Kind::Constant(Constant::Text(text));
        }
        let Some(Builtin::Function(function)) = builtins::find(format.unwrap_or("tostring"), 0)
        else {
            return self.undefined(format.unwrap_or_default(), &Undefined::Filter(0));
        };
        let parts = parts.iter().map(|part| match part {
            StrPart::Str(text) => Part::Literal((*text).to_owned()),
            StrPart::Char(letter) => Part::Literal(letter.to_string()),
            StrPart::Term(term) => Part::Value(self.term(term)),
        });
        Kind::Text(function, parts.collect())
    }

    fn member(&mut self, key: &Term<&'s str>, value: Option<&Term<&'s str>>) -> (ExprId, ExprId) {
        let Some(value) = value else {
            return match key {
                Term::Var(name) => {
                    let key = Constant::Text(name.trim_start_matches('$').to_owned());
                    (self.constant(key), self.term(&Term::Var(*name)))
                }
                key => {
                    let (name, input) = (self.term(key), self.add(Kind::Id));
                    let step = Step { access: Access::Index(name), is_optional: false };
                    (name, self.add(Kind::Path(input, vec![step])))
                }
            };
        };
        (self.key(key), self.term(value))
    }

    /// A key of an object, which must be a string.
    fn key(&mut self, key: &Term<&'s str>) -> ExprId {
        let kind = match key {
            Term::Num(digits) => Some((*digits, "number")),
            Term::Call(word @ ("true" | "false"), _) => Some((*word, "boolean")),
            Term::Call(word @ "null", _) => Some((*word, "null")),
            _ => None,
        };
        if let Some((part, kind)) = kind {
            self.errors.push(FilterError::key(self.text, part, kind));
        }
        self.term(key)
    }

    fn operation(
        &mut self,
        left: &Term<&'s str>,
        operator: &BinaryOp<&'s str>,
        right: &Term<&'s str>,
    ) -> Kind {
        if let BinaryOp::Pipe(Some(pattern)) = operator {
            let source = self.term(left);
            return self.scoped(|compiler| {
                let (patterns, variables) = compiler.patterns(pattern);
                Kind::Bind { source, patterns, variables, body: compiler.term(right) }
            });
        }
        let (left, right) = (self.term(left), self.term(right));
        match operator {
            BinaryOp::Pipe(_) => Kind::Pipe(left, right),
            BinaryOp::Comma => Kind::Comma(left, right),
            BinaryOp::Alt => Kind::Alternative(left, right),
            BinaryOp::Or => Kind::If(left, self.boolean(true), self.is_true(right)),
            BinaryOp::And => Kind::If(left, self.is_true(right), self.boolean(false)),
            BinaryOp::Math(operator) => Kind::Math(*operator, left, right),
            BinaryOp::Cmp(operator) => Kind::Compare(*operator, left, right),
            BinaryOp::Assign => Kind::Update(UpdateOperator::Assign, left, right),
            BinaryOp::Update => Kind::Update(UpdateOperator::Modify, left, right),
            BinaryOp::UpdateMath(operator) => {
                Kind::Update(UpdateOperator::Math(*operator), left, right)
            }
            BinaryOp::UpdateAlt => Kind::Update(UpdateOperator::Alternative, left, right),
        }
    }

    fn branches(
        &mut self,
        branches: &[(Term<&'s str>, Term<&'s str>)],
        otherwise: Option<&Term<&'s str>>,
    ) -> Kind {
        let mut kind = otherwise.map_or(Kind::Id, |term| self.kind(term));
        for (condition, then) in branches.iter().rev() {
            let otherwise = self.add(kind);
            kind = Kind::If(self.term(condition), self.term(then), otherwise);
        }
        kind
    }

    fn fold(
        &mut self,
        name: &'s str,
        source: &Term<&'s str>,
        pattern: &ParsedPattern<&'s str>,
        arguments: &[Term<&'s str>],
    ) -> Kind {
        self.code.is_large = true;
        let source = self.term(source);
        let (init, update, extract) = match (name, arguments) {
            (_, [init, update]) => (init, update, None),
            ("foreach", [init, update, extract]) => (init, update, Some(extract)),
            _ => {
                self.errors.push(FilterError::fold(self.text, name));
                return Kind::Id;
            }
        };
        let init = self.term(init);
        self.scoped(|compiler| {
            let (mut patterns, variables) = compiler.patterns(pattern);
            let pattern = patterns.pop().unwrap_or(Pattern::All(Vec::new()));
            let update = compiler.term(update);
            let fold = Fold { source, pattern, variables, init, update };
            match (name, extract) {
                ("reduce", _) => Kind::Reduce(fold),
                (_, Some(extract)) => Kind::Foreach(fold, compiler.term(extract)),
                (_, None) => Kind::Foreach(fold, compiler.add(Kind::Id)),
            }
        })
    }

    fn step(&mut self, (part, optional): &(PathPart<Term<&'s str>>, Opt)) -> Step {
        let access = match part {
            PathPart::Index(index) => Access::Index(self.term(index)),
            PathPart::Range(None, None) => Access::Iterate,
            PathPart::Range(from, to) => {
                let from = from.as_ref().map(|from| self.term(from));
                Access::Slice(from, to.as_ref().map(|to| self.term(to)))
            }
        };
        Step { access, is_optional: matches!(optional, Opt::Optional) }
    }

    /// The alternatives of a pattern. Binds the variables of all of them.
    fn patterns(&mut self, pattern: &ParsedPattern<&'s str>) -> (Vec<Pattern>, usize) {
        let mut names = Vec::new();
        let alternatives = match marked(pattern, ALTERNATIVES) {
            Some(alternatives) => alternatives,
            None => std::slice::from_ref(pattern),
        };
        let patterns =
            alternatives.iter().map(|pattern| self.pattern(pattern, &mut names)).collect();
        for name in &names {
            self.bind(name, NameKind::Variable);
        }
        (patterns, names.len())
    }

    fn pattern(&mut self, pattern: &ParsedPattern<&'s str>, names: &mut Vec<&'s str>) -> Pattern {
        if let Some(patterns) = marked(pattern, ALL) {
            return Pattern::All(
                patterns.iter().map(|pattern| self.pattern(pattern, names)).collect(),
            );
        }
        match pattern {
            ParsedPattern::Var(name) => {
                let known = names.iter().position(|known| known == name);
                Pattern::Variable(known.unwrap_or_else(|| {
                    names.push(name);
                    names.len() - 1
                }))
            }
            ParsedPattern::Arr(items) => {
                Pattern::Array(items.iter().map(|item| self.pattern(item, names)).collect())
            }
            ParsedPattern::Obj(members) => {
                let members = members.iter();
                let members =
                    members.map(|(key, value)| (self.key(key), self.pattern(value, names)));
                Pattern::Object(members.collect())
            }
        }
    }

    fn variable(&mut self, name: &'s str) -> Kind {
        if let Some(slot) = self.find(name, NameKind::is_variable) {
            return Kind::Variable(slot);
        }
        if name == "$__loc__" {
            let before = self.text.get(..jaq_core::load::span(self.text, name).start);
            let line = before.map_or(0, |before| before.matches('\n').count());
            let file =
                (Constant::Text("file".to_owned()), Constant::Text("<top-level>".to_owned()));
            let line = i64::try_from(line + 1).unwrap_or(i64::MAX);
            let line = (Constant::Text("line".to_owned()), Constant::Int(line));
            let members =
                [file, line].map(|(key, value)| (self.constant(key), self.constant(value)));
            return Kind::Object(members.into());
        }
        self.undefined(name, &Undefined::Var)
    }
}

/// The patterns in a marker object, which [`syntax`](crate::syntax) writes for patterns that the parser does not support.
fn marked<'p, 's>(
    pattern: &'p ParsedPattern<&'s str>,
    name: &str,
) -> Option<&'p [ParsedPattern<&'s str>]> {
    let ParsedPattern::Obj(members) = pattern else { return None };
    let [(Term::Str(None, parts), ParsedPattern::Arr(patterns))] = &members[..] else {
        return None;
    };
    (literal(parts)? == name).then_some(patterns)
}
