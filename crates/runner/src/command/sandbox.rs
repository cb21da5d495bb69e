//! `taskferry sandbox`.

use std::path::Path;

use taskferry_engine::Interrupt;
use taskferry_sandbox::{Credentials, RunningSandbox, Sandbox, SandboxError};

use super::ready_file::ReadyFile;
use super::sandbox_arguments::SandboxArguments;
use super::sandbox_options;
use crate::console;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::logging::{self, LogFormat};

/// Serves the endpoint until the process is told to stop.
pub(crate) async fn sandbox(arguments: SandboxArguments) -> Exit {
    logging::start(LogFormat::Text, logging::SERVER);
    match serve(arguments).await {
        Ok(exit) => exit,
        Err(message) => {
            console::error(&message);
            Exit::USAGE
        }
    }
}

async fn serve(arguments: SandboxArguments) -> Result<Exit, String> {
    let mut interrupts =
        Interrupts::listen().map_err(|error| format!("can't listen for signals: {error}"))?;
    let listen = arguments.listen;
    let mut ready = arguments.ready_file.clone().map(ReadyFile::at).transpose()?;
    let new_database = arguments.database.clone().filter(|path| !path.exists());
    let options = sandbox_options::of(arguments)?;
    let loading = tokio::task::spawn_blocking(move || Sandbox::load(options));
    let told = |error: SandboxError| error.to_string();
    let loaded = tokio::select! {
        loaded = loading => loaded.map_err(|panic| panic.to_string())?,
        interrupt = interrupts.next() => {
            forget(new_database.as_deref());
            console::error("stopped before the sandbox was loaded");
            return Ok(Exit(match interrupt {
                Interrupt::Interrupted => 130,
                Interrupt::Terminated => 143,
            }));
        }
    };
    let sandbox = loaded
        .inspect_err(|error| {
            if !is_about_the_database(error) {
                forget(new_database.as_deref());
            }
        })
        .map_err(told)?;
    let running = sandbox.serve(listen).await.map_err(told)?;
    if let Some(ready) = &mut ready {
        ready.write(&running)?;
    }
    console::write(&banner(&running));
    interrupts.next().await;
    running.stop().await;
    Ok(Exit::COMPLETE)
}

/// Whether what failed may be that another sandbox has taken the file meanwhile.
fn is_about_the_database(error: &SandboxError) -> bool {
    matches!(error, SandboxError::Database { .. })
}

/// Takes away a database that was new, and that holds nothing: it would be served as if it were meant to be empty.
fn forget(new_database: Option<&Path>) {
    let Some(path) = new_database else { return };
    for suffix in ["", "-journal", "-wal", "-shm"] {
        let mut name = path.as_os_str().to_owned();
        name.push(suffix);
        let _ = std::fs::remove_file(name);
    }
}

fn banner(running: &RunningSandbox) -> String {
    let (url, known) = (running.url(), running.credentials());
    let first_page = known.first_page(url).replace('\n', "\n  ");
    let Credentials { token_url, client_id, client_secret, audience, tenant } = known;
    format!(
        "the TechWolf sandbox listens at {url}

  token_url      {token_url}
  client_id      {client_id}
  client_secret  {client_secret}
  audience       {audience}
  tenant         {tenant}
  webhook        {webhook} (takes what a webhook sink posts)
  description    {url}/ to read, {url}/openapi.json for tools

a pipeline of this folder, with the sandbox as its tenant:
  export TECHWOLF_URL={url} TECHWOLF_TOKEN_URL={token_url}
  export TECHWOLF_CLIENT_ID={client_id} TECHWOLF_CLIENT_SECRET={client_secret}
  export TECHWOLF_AUDIENCE={audience} TECHWOLF_TENANT={tenant}

a first page by hand:
  {first_page}

Ctrl-C stops it.
",
        webhook = running.webhook_url(),
    )
}
