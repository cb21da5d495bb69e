//! The child process: runs the expression for each line of stdin until its parent is gone.

use std::io::{self, BufRead, Write};
use std::process::ExitCode;
use std::sync::mpsc::{Receiver, sync_channel};
use std::thread;

use taskferry_sdk::{ErrorKind, Record, StageError};

use crate::limits::{STACK, with_stack};
use crate::program::Program;
use crate::protocol::{Refusal, Reply, Setup};

/// The first argument of a jq worker process.
pub const WORKER_ARGUMENT: &str = "__jq-worker";

/// Runs a jq worker on stdin and stdout. Call it before anything else if the first argument of the process is
/// [`WORKER_ARGUMENT`].
pub fn worker_main() -> ExitCode {
    // The stack is allocated before the memory is limited, so that the limit applies to values only.
    match with_stack(true, work) {
        Ok(()) => ExitCode::SUCCESS,
        // The parent is gone, so there is no recipient for the error.
        Err(_) => ExitCode::FAILURE,
    }
}

fn work() -> io::Result<()> {
    let mut setup = String::new();
    io::stdin().lock().read_line(&mut setup)?;
    let (program, lines) = match prepare(&setup) {
        Ok(prepared) => {
            answer(Ok(Vec::new()))?;
            prepared
        }
        Err(error) => return answer(Err(error)),
    };
    for line in lines {
        answer(Record::parse(line).and_then(|record| program.run(&record)))?;
    }
    Ok(())
}

fn prepare(setup: &str) -> Result<(Program, Receiver<Vec<u8>>), StageError> {
    let broken = |what: String| StageError::new(ErrorKind::Defect, what);
    let setup: Setup = serde_json::from_str(setup).map_err(|error| {
        broken(format!("the jq worker process can't read its configuration: {error}"))
    })?;
    limit_memory(setup.memory.saturating_add(STACK as u64)).map_err(|error| {
        broken(format!("the jq worker process can't set its memory limit: {error}"))
    })?;
    let mut program = Program::compile(&setup.filter, &setup.args, setup.limits)
        .map_err(|_| broken("the jq worker process can't compile the expression".to_owned()))?;
    program.set_clock(setup.clock);
    let lines = lines()
        .map_err(|error| broken(format!("the jq worker process can't read records: {error}")))?;
    Ok((program, lines))
}

/// Limits the writable memory, not the address space, which allocators reserve by the gigabyte.
fn limit_memory(bytes: u64) -> io::Result<()> {
    rlimit::Resource::CORE.set(0, 0)?;
    rlimit::Resource::DATA.set(bytes, bytes)
}

/// The lines of stdin. A thread reads them, so that this process exits when its parent does, even if the expression
/// never returns.
fn lines() -> io::Result<Receiver<Vec<u8>>> {
    let (sender, receiver) = sync_channel(1);
    thread::Builder::new().stack_size(64 << 10).spawn(move || {
        let mut stdin = io::stdin().lock();
        loop {
            let mut line = Vec::new();
            let more = stdin.read_until(b'\n', &mut line).is_ok_and(|length| length > 0);
            if !more || sender.send(line).is_err() {
                leave();
            }
        }
    })?;
    Ok(receiver)
}

#[expect(clippy::exit, reason = "the parent is gone, and the main thread may never return")]
fn leave() -> ! {
    std::process::exit(0)
}

fn answer(results: Result<Vec<Record>, StageError>) -> io::Result<()> {
    let mut out = io::BufWriter::new(io::stdout().lock());
    match results {
        Ok(results) => {
            write_line(&mut out, &Reply::Results(results.len()))?;
            for result in results {
                out.write_all(result.as_bytes())?;
                out.write_all(b"\n")?;
            }
        }
        Err(error) => write_line(&mut out, &Reply::Refused(Refusal::from(&error)))?,
    }
    out.flush()
}

fn write_line(out: &mut impl Write, value: &impl serde::Serialize) -> io::Result<()> {
    serde_json::to_writer(&mut *out, value)?;
    out.write_all(b"\n")
}
