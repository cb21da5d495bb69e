//! The transform.

use std::fmt;
use std::sync::{Mutex, PoisonError};

use taskferry_sdk::{ErrorKind, Output, Record, StageError, Transform};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::guest::{Guest, Limits, Unusable};

/// Calls the component for each record.
pub(crate) struct WasmTransform {
    pub(crate) engine: Engine,
    pub(crate) component: Component,
    /// The options as JSON.
    pub(crate) options: String,
    pub(crate) limits: Limits,
    /// The instances that no thread uses.
    pub(crate) idle: Mutex<Vec<Guest>>,
}

impl WasmTransform {
    fn idle(&self) -> std::sync::MutexGuard<'_, Vec<Guest>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn guest(&self) -> Result<Guest, StageError> {
        if let Some(guest) = self.idle().pop() {
            return Ok(guest);
        }
        let guest = Guest::new(&self.engine, &self.component, &self.options, self.limits);
        guest.map_err(|unusable| {
            let (Unusable::Component(message) | Unusable::Options(message)) = unusable;
            StageError::new(ErrorKind::Config, message)
        })
    }
}

impl Transform for WasmTransform {
    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let mut guest = self.guest()?;
        let result = guest.apply(record.to_json(), self.limits)?;
        if !guest.is_full() {
            self.idle().push(guest);
        }
        let returned = result.map_err(|reason| {
            StageError::new(
                ErrorKind::Record,
                format!("the component refuses the record: {reason}"),
            )
        })?;
        for text in returned {
            let record = Record::parse(text).map_err(|error| {
                StageError::new(
                    ErrorKind::Malformed,
                    "the component returned a text that is not JSON",
                )
                .caused_by(error)
            })?;
            out.emit(record);
        }
        Ok(())
    }
}

impl fmt::Debug for WasmTransform {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("WasmTransform")
            .field("limits", &self.limits)
            .finish_non_exhaustive()
    }
}
