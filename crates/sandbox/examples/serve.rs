//! Serves a sandbox until Enter is pressed. The only argument is a `sandbox:` URL.
//!
//! `cargo run -p taskferry-sandbox --example serve -- 'sandbox:?data=jobs.ndjson.gz'`

use std::io::{self, Write};

use taskferry_sandbox::{Sandbox, SandboxOptions, SandboxUrl};

#[tokio::main]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let url = std::env::args().nth(1).unwrap_or_else(|| "sandbox:".to_owned());
    let url = SandboxUrl::parse(&url).map_err(|problems| format!("{problems:#?}"))?;
    let SandboxUrl { data, faults, settings, .. } = url;
    let options = SandboxOptions { data, faults, settings, ..SandboxOptions::default() };
    let sandbox = Sandbox::load(options)?;
    let jobs = sandbox.jobs();
    let running = sandbox.serve(([127, 0, 0, 1], 0).into()).await?;

    writeln!(io::stdout(), "{jobs} jobs\n{}", running.credentials().first_page(running.url()))?;
    io::stdin().read_line(&mut String::new())?;
    running.stop().await;
    Ok(())
}
