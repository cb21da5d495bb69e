//! The transform.

use std::fmt;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use taskferry_sdk::{ErrorKind, Output, Problem, Record, RunContext, StageError, Transform};
use wasmtime::Engine;
use wasmtime::component::Component;

use crate::clock;
use crate::component::{compile, engine, problem};
use crate::guest::{Guest, Limits};

/// Calls the component for each record.
#[derive(Debug)]
pub(crate) struct WasmTransform {
    pub(crate) setup: Setup,
    /// `None` until the run opens if `cache` is set, because `build` must not write files.
    pub(crate) pool: Option<Pool>,
}

/// The parts from which instances are created.
pub(crate) struct Setup {
    /// The content of the file.
    pub(crate) module: Vec<u8>,
    /// The options as JSON.
    pub(crate) options: String,
    pub(crate) limits: Limits,
    /// The folder for compiled components.
    pub(crate) cache: Option<PathBuf>,
}

/// The compiled component and its instances.
pub(crate) struct Pool {
    engine: Engine,
    component: Component,
    /// The instances that no thread uses.
    idle: Mutex<Vec<Guest>>,
}

impl Setup {
    /// Compiles the component, and passes the options to a first instance.
    ///
    /// # Errors
    /// An error in the options.
    pub(crate) fn start(&self) -> Result<Pool, Problem> {
        let engine = engine(self.cache.as_deref())?;
        let component = compile(&engine, &self.module)?;
        clock::start(&engine)
            .map_err(|error| problem("module", format!("can't start a thread: {error}")))?;
        let guest = Guest::new(&engine, &component, &self.options, self.limits)?;
        Ok(Pool { engine, component, idle: Mutex::new(vec![guest]) })
    }
}

impl Pool {
    fn idle(&self) -> MutexGuard<'_, Vec<Guest>> {
        self.idle.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl WasmTransform {
    fn guest(&self, pool: &Pool) -> Result<Guest, StageError> {
        if let Some(guest) = pool.idle().pop() {
            return Ok(guest);
        }
        let Setup { options, limits, .. } = &self.setup;
        let guest = Guest::new(&pool.engine, &pool.component, options, *limits);
        // Fatal, because the record is not the cause.
        guest.map_err(|problem| StageError::new(ErrorKind::Config, problem.message).fatal())
    }
}

impl Transform for WasmTransform {
    fn open(&mut self, _run: &RunContext) -> Result<(), StageError> {
        if self.pool.is_none() {
            let pool = self.setup.start().map_err(|problem| {
                let error = StageError::new(ErrorKind::Config, problem.message);
                problem.help.into_iter().fold(error, StageError::hint)
            })?;
            self.pool = Some(pool);
        }
        Ok(())
    }

    fn apply(&self, record: Record, out: &mut Output) -> Result<(), StageError> {
        let not_open = || StageError::new(ErrorKind::Defect, "the transform is not open").fatal();
        let pool = self.pool.as_ref().ok_or_else(not_open)?;
        let mut guest = self.guest(pool)?;
        let result = guest.apply(record.to_json(), self.setup.limits)?;
        if !guest.is_full() {
            pool.idle().push(guest);
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
                    "the component returned a string that is not JSON",
                )
                .caused_by(error)
            })?;
            out.emit(record);
        }
        Ok(())
    }
}

/// The options may hold secrets.
impl fmt::Debug for Setup {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Setup").field("limits", &self.limits).finish_non_exhaustive()
    }
}

impl fmt::Debug for Pool {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Pool").finish_non_exhaustive()
    }
}
