//! Writes a generated dataset to standard output, one job a line, as `DataOrigin::File` reads it.
//!
//! `cargo run -p taskferry-sandbox --example generate -- 200 1 > jobs.ndjson` (jobs, seed)

use std::io::{self, BufWriter, Write};

use taskferry_sandbox::Generator;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let jobs: u32 = arguments.next().as_deref().unwrap_or("200").parse()?;
    let seed: u64 = arguments.next().as_deref().unwrap_or("1").parse()?;

    let generator = Generator::new(seed);
    let mut output = BufWriter::new(io::stdout().lock());
    for index in 0..jobs {
        serde_json::to_writer(&mut output, &generator.job(index))?;
        output.write_all(b"\n")?;
    }
    Ok(output.flush()?)
}
