//! What goes wrong on purpose, so that a client's patience can be tested: around the endpoints, not in them.

mod answer;
mod body;
mod forms;
mod kind;
mod layer;
mod listing;
mod memory;
mod page;
mod specification;

pub use forms::{FAULTS, FaultForm};
pub(crate) use layer::{FaultLayer, inject};
pub(crate) use listing::DeletedCursor;
pub use specification::{Fault, FaultProblem, Faults};
