//! One instance of the component.

use std::fmt;

use taskferry_sdk::{ByteCount, Duration, ErrorKind, Problem, StageError};
use wasmtime::component::{Component, Linker, TypedFunc};
use wasmtime::{Engine, ResourceLimiter, Store, Trap};

use crate::clock;
use crate::component::problem;

type Configure = TypedFunc<(String,), (Result<(), String>,)>;
type Apply = TypedFunc<(String,), (Result<Vec<String>, String>,)>;

/// The maximum number of entries of a table. Compilers create tables with the functions of a program.
const MAX_TABLE: usize = 1 << 20;

/// The limits of an instance.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) time: Duration,
    pub(crate) memory: ByteCount,
}

/// An instance with its memory.
pub(crate) struct Guest {
    store: Store<Memory>,
    apply: Apply,
    epochs: u64,
}

/// The memory that an instance uses.
#[derive(Debug)]
struct Memory {
    limit: usize,
    used: usize,
    /// Whether the instance asked for more than the limit.
    exceeded: bool,
}

impl Guest {
    /// Creates an instance and passes the options to it.
    ///
    /// # Errors
    /// The component does not have the interface, fails to start, or refuses the options.
    pub(crate) fn new(
        engine: &Engine,
        component: &Component,
        options: &str,
        limits: Limits,
    ) -> Result<Self, Problem> {
        let limit = usize::try_from(limits.memory.get()).unwrap_or(usize::MAX);
        let mut store = Store::new(engine, Memory { limit, used: 0, exceeded: false });
        store.limiter(|memory| memory);
        // Limits the size of the values that an instance returns.
        store.set_hostcall_fuel(limit);
        let epochs = clock::epochs(limits.time.get());
        store.set_epoch_deadline(epochs);
        let failed = |store: &Store<Memory>, error: &wasmtime::Error| {
            problem("module", explain(error, store.data(), limits).full_message())
        };
        let instance = Linker::new(engine).instantiate(&mut store, component);
        let instance = instance.map_err(|error| failed(&store, &error))?;
        let missing = |error: wasmtime::Error| {
            let message = "the component does not have the interface of a transform";
            problem("module", format!("{message}: {error:#}"))
        };
        let apply: Apply = instance.get_typed_func(&mut store, "apply").map_err(missing)?;
        let configure: Configure =
            instance.get_typed_func(&mut store, "configure").map_err(missing)?;
        let configured = configure.call(&mut store, (options.to_owned(),));
        let (result,) = configured.map_err(|error| failed(&store, &error))?;
        result.map_err(|reason| {
            problem("options", format!("the component refuses the options: {reason}"))
        })?;
        Ok(Self { store, apply, epochs })
    }

    /// Passes a record to the instance. After an error other than a refusal, the instance can't be used again.
    ///
    /// # Errors
    /// Returns `Ok(Err(_))` if the component refuses the record, `Err(_)` if the component fails.
    pub(crate) fn apply(
        &mut self,
        record: String,
        limits: Limits,
    ) -> Result<Result<Vec<String>, String>, StageError> {
        self.store.set_epoch_deadline(self.epochs);
        let returned = self.apply.call(&mut self.store, (record,));
        let (result,) = returned.map_err(|error| explain(&error, self.store.data(), limits))?;
        Ok(result)
    }

    /// Whether the instance uses so much memory that a new instance should replace it.
    pub(crate) fn is_full(&self) -> bool {
        let Memory { limit, used, .. } = self.store.data();
        *used > limit / 2
    }
}

fn explain(error: &wasmtime::Error, memory: &Memory, limits: Limits) -> StageError {
    let (limit, time) = (limits.memory, limits.time);
    match error.downcast_ref::<Trap>() {
        Some(Trap::Interrupt) => {
            StageError::new(ErrorKind::Limit, format!("the component takes longer than {time}"))
                .hint("raise `time_limit`, or correct the component")
        }
        _ if memory.exceeded => StageError::new(
            ErrorKind::Limit,
            format!("the component needs more than {limit} of memory"),
        )
        .hint("raise `memory_limit`, or correct the component"),
        Some(trap) => {
            StageError::new(ErrorKind::Record, format!("the component failed: {trap}")).hint(
                "correct the component: it must return an error for a record that it can't process, and must not panic",
            )
        }
        None => StageError::new(ErrorKind::Record, format!("the component failed: {error:#}")),
    }
}

impl ResourceLimiter for Memory {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        let used = self.used.saturating_add(desired.saturating_sub(current));
        self.exceeded = used > self.limit;
        if !self.exceeded {
            self.used = used;
        }
        Ok(!self.exceeded)
    }

    fn table_growing(
        &mut self,
        _current: usize,
        desired: usize,
        _maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        Ok(desired <= MAX_TABLE)
    }
}

impl fmt::Debug for Guest {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Guest").field("memory", self.store.data()).finish_non_exhaustive()
    }
}
