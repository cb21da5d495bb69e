//! Faults: errors and delays that the sandbox injects, so that clients can test their error handling.

mod kind;
mod layer;
mod memory;
mod pages;
mod response;
mod specification;

pub use kind::{FAULTS, FaultForm};
pub(crate) use layer::{FaultLayer, inject};
pub(crate) use pages::PageFaults;
pub use specification::{Fault, Faults};
