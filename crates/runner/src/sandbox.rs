//! The sandbox: `taskferry sandbox`, and `sandbox:` URLs.

mod arguments;
mod endpoint;
mod options;
mod ready_file;

use std::path::Path;

use taskferry_sandbox::{Credentials, RunningSandbox, Sandbox, SandboxError};

use crate::command_error::Ended;
use crate::console;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::logging::{self, LogFormat};
use ready_file::ReadyFile;

pub(crate) use arguments::{SandboxArguments, long_help};
pub(crate) use endpoint::build;

/// Serves the endpoint until a signal arrives.
pub(crate) async fn sandbox(arguments: SandboxArguments) -> Ended {
    logging::start(LogFormat::Text, logging::SERVER);
    let mut interrupts = Interrupts::listen()?;
    let listen = arguments.listen;
    let mut ready = arguments.ready_file.clone().map(ReadyFile::at).transpose()?;
    let new_database = arguments.database.clone().filter(|path| !path.exists());
    let options = options::from_arguments(arguments)?;
    let loading = tokio::task::spawn_blocking(move || Sandbox::load(options));
    let loaded = tokio::select! {
        loaded = loading => loaded.map_err(|panic| panic.to_string())?,
        interrupt = interrupts.next() => {
            remove_database(new_database.as_deref());
            console::error("interrupted while the sandbox was loading");
            return Ok(Exit::interrupted(interrupt));
        }
    };
    let sandbox = loaded.map_err(|error| {
        if !is_database_error(&error) {
            remove_database(new_database.as_deref());
        }
        error.to_string()
    })?;
    let running = sandbox.serve(listen).await.map_err(|error| error.to_string())?;
    if let Some(ready) = &mut ready {
        ready.write(&running)?;
    }
    console::write(&banner(&running));
    interrupts.next().await;
    running.stop().await;
    Ok(Exit::COMPLETE)
}

/// Whether the error concerns the database file, which another sandbox may have created in the meantime.
fn is_database_error(error: &SandboxError) -> bool {
    matches!(error, SandboxError::Database { .. })
}

/// Removes a new database that was not filled: a later sandbox would serve it as empty.
fn remove_database(new_database: Option<&Path>) {
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
    let client_secret = client_secret.expose();
    format!(
        "the TechWolf sandbox listens at {url}

  token_url      {token_url}
  client_id      {client_id}
  client_secret  {client_secret}
  audience       {audience}
  tenant         {tenant}
  webhook        {webhook} (accepts the requests of a webhook sink)
  description    {url}/ for people, {url}/openapi.json for tools

to run a pipeline against the sandbox:
  export TECHWOLF_URL={url} TECHWOLF_TOKEN_URL={token_url}
  export TECHWOLF_CLIENT_ID={client_id} TECHWOLF_CLIENT_SECRET={client_secret}
  export TECHWOLF_AUDIENCE={audience} TECHWOLF_TENANT={tenant}

to request the first page:
  {first_page}

Press Ctrl-C to stop the sandbox.
",
        webhook = running.webhook_url(),
    )
}
