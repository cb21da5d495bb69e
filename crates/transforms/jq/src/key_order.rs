//! Keeping the order of keys where an update takes some out.
//!
//! `.a |= empty` removes a key by moving the object's last one into its place, which would scramble records. So
//! `l |= r` is compiled as if it were written `(l |= or_removed(r)) | without_removed`: where `r` has no result, a
//! mark is put in, and the marks are taken out in order once the update is done.

use jaq_core::load::parse::{BinaryOp, Term};

use crate::removal::{OR_REMOVED, WITHOUT_REMOVED};
use crate::walk::{Code, pipe, rebuilt};

/// The same expression with every `|=` keeping the order of keys.
pub(crate) fn keeping_order(term: Code<'_>) -> Code<'_> {
    match rebuilt(term, &mut keeping_order) {
        Term::BinOp(left, BinaryOp::Update, right) => {
            let right = Box::new(Term::Call(OR_REMOVED, vec![*right]));
            let update = Term::BinOp(left, BinaryOp::Update, right);
            pipe(update, Term::Call(WITHOUT_REMOVED, Vec::new()))
        }
        other => other,
    }
}
