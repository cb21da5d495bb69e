//! Starts a command, waits for it, and prints its resource usage as JSON: `launch COMMAND [ARGUMENT…]`. Wall and CPU time
//! in seconds, peak memory in MB; the standard output of the command goes to standard error.
//!
//! This is a separate, small program, because the peak memory of a child process includes the memory of its parent at the start. A
//! large parent, such as a Python interpreter, would raise the measured memory of every contestant.

use std::error::Error;
use std::io::{self, Write};
use std::process::Command;
use std::time::{Duration, Instant};

use nix::sys::resource::{UsageWho, getrusage};
use nix::sys::time::TimeVal;
use serde_json::json;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args_os().skip(1);
    let mut command =
        Command::new(arguments.next().ok_or("the command is missing: launch COMMAND [ARGUMENT…]")?);
    command.args(arguments).stdout(io::stderr());
    let start = Instant::now();
    let status = command.spawn()?.wait()?;
    let wall = start.elapsed();
    // The times include the processes for which the command waited. The memory is the peak of the largest process.
    let usage = getrusage(UsageWho::RUSAGE_CHILDREN)?;
    let taken = json!({
        "status": status.to_string(),
        "success": status.success(),
        "wall": wall.as_secs_f64(),
        "cpu": (duration(usage.user_time())? + duration(usage.system_time())?).as_secs_f64(),
        "memory": megabytes(usage.max_rss()),
    });
    Ok(writeln!(io::stdout(), "{taken}")?)
}

fn duration(time: TimeVal) -> Result<Duration, Box<dyn Error>> {
    let seconds = Duration::from_secs(time.tv_sec().try_into()?);
    Ok(seconds + Duration::from_micros(time.tv_usec().try_into()?))
}

/// Linux reports kilobytes, macOS bytes.
fn megabytes(max_rss: i64) -> f64 {
    let bytes = if cfg!(target_os = "macos") { max_rss } else { max_rss * 1024 };
    // The rounding error is less than a hundredth of a MB.
    f64::from(u32::try_from(bytes / 1024).unwrap_or(u32::MAX)) * 1024.0 / 1e6
}
