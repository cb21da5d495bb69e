//! Ending what calls itself without end, before the stack does.
//!
//! jaq works on the stack of its thread: a function that calls itself takes some of it, and so does every level of a value that
//! is compared, written or dropped. A stack that ends, ends the process. So a guard is put into expressions that can go on for
//! any number of steps: at the beginning of every definition that calls itself, of every step of a `reduce`, of every
//! argument that stands for a filter handed in from outside, and behind everything that makes a value deeper. It looks at the
//! stack that is left, and now and then at the depth of the value that it gets.
//!
//! What ends there is no error of jq that `try` could catch.

use std::cell::Cell;

use jaq_core::box_iter::box_once;
use jaq_core::load::parse::{BinaryOp, Def, Term};
use jaq_core::native::Fun;
use jaq_core::{Cv, Exn, Native, ValXs};
use jaq_json::Val;
use taskferry_sdk::{ErrorKind, StageError};

use crate::depth::{MAX_DEPTH, is_deeper};
use crate::natives::Data;
use crate::spine::WITH;
use crate::walk::{Code, any, pipe, rebuilt};

/// The guard's name. No jq text can spell it.
const GUARD: &str = "!guard";

/// The stack that an expression which may call itself works on. Only what is touched of it takes memory.
pub(crate) const STACK: usize = 192 << 20;
/// What has to be left of it for values, which are nested [`MAX_DEPTH`] levels, or some thousands more.
const RESERVE: usize = 128 << 20;
/// As much as any other expression takes.
const SMALL_STACK: usize = 1 << 20;

/// How many values the guard sees, on average, until it looks at the depth of one.
const LOOK_EVERY: u64 = 256;
/// How long a path may be.
const MAX_PATH: usize = 10_000;

/// Functions that put values into others.
const BUILDERS: [&str; 6] = [WITH, "group_by", "key_values", "keys_unsorted", "path", "path_value"];

const TOO_MANY_CALLS: i32 = 1;
const TOO_DEEP: i32 = 2;

/// When to look at the depth of a value.
#[derive(Debug)]
pub(crate) struct Guard {
    random: Cell<u64>,
    until_look: Cell<u64>,
    /// What was passed, if anything was: then nothing goes on, or both sides of `f + f` would be tried at every level.
    passed: Cell<Option<i32>>,
}

impl Guard {
    pub(crate) fn new() -> Self {
        Self { random: Cell::new(1), until_look: Cell::new(LOOK_EVERY), passed: Cell::new(None) }
    }

    /// Whether it is time to look. The steps are irregular, so that no loop can keep in step with them.
    fn is_due(&self) -> bool {
        let left = self.until_look.get() - 1;
        self.until_look.set(left);
        if left > 0 {
            return false;
        }
        let random = self.random.get().wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
        self.random.set(random);
        self.until_look.set((random >> 33) % (2 * LOOK_EVERY) + 1);
        true
    }

    fn check<'a>(&self, value: &Val, path: impl FnOnce() -> usize) -> Result<(), Exn<'a, Val>> {
        if self.passed.get().is_none() {
            if stacker::remaining_stack().is_some_and(|left| left < RESERVE) {
                self.passed.set(Some(TOO_MANY_CALLS));
            } else if self.is_due() && (is_deeper(value, MAX_DEPTH + 1) || path() > MAX_PATH) {
                self.passed.set(Some(TOO_DEEP));
            }
        }
        self.passed.get().map_or(Ok(()), |limit| Err(Exn::halt(limit)))
    }
}

/// The guard: gives what it gets, or ends the work on the record.
pub(crate) fn guard() -> Fun<Data> {
    let native = Native::<Data>::new(pass).with_update(|cv, update| {
        match cv.0.data().guard.check(&cv.1, || 0) {
            Ok(()) => update(cv.1),
            Err(end) => box_once(Err(end)),
        }
    });
    let native = native.with_paths(|cv| {
        let (value, path) = &cv.1;
        let checked = cv.0.data().guard.check(value, || path.iter().count());
        box_once(checked.map(|()| cv.1))
    });
    (GUARD, Box::new([]), native)
}

fn pass((context, value): Cv<'_, Data>) -> ValXs<'_, Val> {
    box_once(context.data().guard.check(&value, || 0).map(|()| value))
}

/// Why the guard ended the work on a record.
pub(crate) fn ended(exception: Exn<'_, Val>) -> StageError {
    match exception.get_halt() {
        Ok(TOO_MANY_CALLS) => {
            StageError::new(ErrorKind::Limit, "the jq expression calls itself too often")
                .hint("look for a recursion that does not end")
        }
        Ok(TOO_DEEP) => {
            let message = format!("the jq expression nests values deeper than {MAX_DEPTH} levels");
            StageError::new(ErrorKind::Limit, message).hint("look for a loop that does not end")
        }
        _ => StageError::new(ErrorKind::Defect, "the jq expression ended without a result"),
    }
}

/// Runs on a stack that is large enough for an expression.
pub(crate) fn with_stack<T>(may_loop: bool, run: impl FnOnce() -> T) -> T {
    let least = if may_loop { STACK } else { SMALL_STACK };
    stacker::maybe_grow(least, STACK + SMALL_STACK, run)
}

/// Whether an expression can go on for any number of steps: by definitions, folds, or functions that `is_looping` knows.
pub(crate) fn may_loop(term: &Code<'_>, is_looping: impl Fn(&str) -> bool) -> bool {
    any(term, &mut |term| match term {
        Term::Def(..) | Term::Fold(..) | Term::Recurse => true,
        Term::Call(name, _) => *name == "fromjson" || is_looping(name),
        _ => false,
    })
}

/// The same expression with guards.
pub(crate) fn guarded(term: Code<'_>) -> Code<'_> {
    Bounds::default().term(term)
}

/// The same definition with guards.
pub(crate) fn guarded_definition(definition: Def<&str>) -> Def<&str> {
    Bounds::default().definition(definition)
}

/// The names that stand for filters handed in from outside.
#[derive(Default)]
struct Bounds<'s> {
    parameters: Vec<&'s str>,
}

impl<'s> Bounds<'s> {
    fn term(&mut self, term: Code<'s>) -> Code<'s> {
        match term {
            Term::Def(definitions, rest) => {
                let definitions = definitions.into_iter().map(|def| self.definition(def)).collect();
                Term::Def(definitions, Box::new(self.term(*rest)))
            }
            Term::Call(name, arguments) => {
                let arguments = arguments.into_iter().map(|term| self.argument(term)).collect();
                let call = Term::Call(name, arguments);
                if BUILDERS.contains(&name) { pipe(call, guard_call()) } else { call }
            }
            Term::Fold(..) => match rebuilt(term, &mut |term| self.term(term)) {
                Term::Fold(name, items, pattern, mut arguments) => {
                    for step in arguments.iter_mut().skip(1) {
                        *step = pipe(guard_call(), std::mem::take(step));
                    }
                    Term::Fold(name, items, pattern, arguments)
                }
                other => other,
            },
            term => {
                let builds = is_builder(&term);
                let term = rebuilt(term, &mut |term| self.term(term));
                if builds { pipe(term, guard_call()) } else { term }
            }
        }
    }

    fn argument(&mut self, term: Code<'s>) -> Code<'s> {
        let is_handed_on = any(&term, &mut |term| match term {
            Term::Call(name, _) => self.parameters.contains(name),
            _ => false,
        });
        let term = self.term(term);
        if is_handed_on { pipe(guard_call(), term) } else { term }
    }

    fn definition(&mut self, definition: Def<&'s str>) -> Def<&'s str> {
        let Def { name, args, body } = definition;
        let calls_itself = any(&body, &mut |term| match term {
            Term::Call(called, arguments) => *called == name && arguments.len() == args.len(),
            _ => false,
        });
        let outer = self.parameters.len();
        self.parameters.extend(args.iter().filter(|name| !name.starts_with('$')));
        let takes_filters = self.parameters.len() > outer;
        let mut body = self.term(body);
        self.parameters.truncate(outer);
        if calls_itself {
            if takes_filters {
                // A filter holds what was around it. A chain of them, each around the one before, must not grow unseen, as it
                // would if the last call in the body took the place of this one.
                body = pipe(body, Term::Id);
            }
            body = pipe(guard_call(), body);
        }
        Def { name, args, body }
    }
}

fn is_builder(term: &Code<'_>) -> bool {
    match term {
        Term::Arr(Some(_)) => true,
        Term::Obj(members) => !members.is_empty(),
        Term::BinOp(_, operator, _) => matches!(
            operator,
            BinaryOp::Assign | BinaryOp::Update | BinaryOp::UpdateMath(_) | BinaryOp::UpdateAlt
        ),
        _ => false,
    }
}

fn guard_call<'s>() -> Code<'s> {
    Term::Call(GUARD, Vec::new())
}
