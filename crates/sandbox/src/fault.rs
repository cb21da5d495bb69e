//! What goes wrong on purpose, so that a client's patience can be tested: around the endpoints, not in them.

mod answer;
mod body;
mod forms;
mod layer;
mod listing;
mod memory;
mod page;
mod specification;

pub use forms::{FAULTS, FaultForm};
pub(crate) use layer::{DeletedCursor, FaultLayer, inject};
pub use specification::{Fault, FaultProblem};

/// All that goes wrong in a sandbox. The same requests in the same order meet the same faults.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Faults {
    /// What goes wrong.
    pub faults: Vec<Fault>,
    /// Decides which requests are met by faults that come with a probability.
    pub seed: u64,
}
