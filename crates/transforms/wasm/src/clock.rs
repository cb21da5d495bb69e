//! The clock that interrupts calls.

use std::thread;
use std::time::Duration;

use wasmtime::Engine;

/// The time between two epochs. A call ends at most two epochs after its limit.
const TICK: Duration = Duration::from_millis(10);

/// The maximum number of epochs of a call. Half of the range, so that the current epoch plus the limit does not overflow.
const MAX_EPOCHS: u64 = u64::MAX / 2;

/// Starts a thread that increments the epoch of the engine until the engine is dropped.
///
/// # Errors
/// If the thread can't be started.
pub(crate) fn start(engine: &Engine) -> std::io::Result<()> {
    let engine = engine.weak();
    let tick = move || {
        while let Some(engine) = engine.upgrade() {
            engine.increment_epoch();
            drop(engine);
            thread::sleep(TICK);
        }
    };
    thread::Builder::new().name("wasm-clock".to_owned()).spawn(tick).map(drop)
}

/// The number of epochs after which a call that starts now has used its time.
pub(crate) fn epochs(limit: Duration) -> u64 {
    let epochs = limit.as_millis().div_ceil(TICK.as_millis());
    // Adds one, because the current epoch may end immediately.
    u64::try_from(epochs).map_or(MAX_EPOCHS, |epochs| epochs.saturating_add(1).min(MAX_EPOCHS))
}
