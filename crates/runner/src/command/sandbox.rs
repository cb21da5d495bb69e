//! `taskferry sandbox`.

use taskferry_sandbox::{DataOrigin, RunningSandbox, Sandbox, SandboxError, SandboxOptions};

use super::arguments::SandboxArguments;
use crate::console;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::logging::{self, LogFormat};

/// Serves the endpoint until the process is told to stop.
pub(crate) async fn sandbox(arguments: SandboxArguments) -> Exit {
    logging::start(LogFormat::Text, logging::SERVER);
    match serve(arguments).await {
        Ok(()) => Exit::COMPLETE,
        Err(message) => {
            console::error(&message);
            Exit::USAGE
        }
    }
}

async fn serve(arguments: SandboxArguments) -> Result<(), String> {
    let mut interrupts =
        Interrupts::listen().map_err(|error| format!("can't listen for signals: {error}"))?;
    let data = match arguments.data {
        Some(file) => DataOrigin::File(file),
        None => DataOrigin::Generated { jobs: arguments.jobs, seed: arguments.seed },
    };
    let options = SandboxOptions { data, ..SandboxOptions::default() };
    let loading = tokio::task::spawn_blocking(move || Sandbox::load(options));
    let told = |error: SandboxError| error.to_string();
    let sandbox = tokio::select! {
        loaded = loading => loaded.map_err(|panic| panic.to_string())?.map_err(told)?,
        _ = interrupts.next() => return Ok(()),
    };
    let running = sandbox.serve(arguments.listen).await.map_err(told)?;
    console::write(&banner(&running));
    interrupts.next().await;
    running.stop().await;
    Ok(())
}

fn banner(running: &RunningSandbox) -> String {
    let (url, known) = (running.url(), running.credentials());
    let request = serde_json::json!({
        "client_id": known.client_id,
        "client_secret": known.client_secret,
        "audience": known.audience,
        "tenant": known.tenant,
        "grant_type": "client_credentials",
    });
    format!(
        "the TechWolf sandbox listens at {url}

  token_url      {token_url}
  client_id      {client_id}
  client_secret  {client_secret}
  audience       {audience}
  tenant         {tenant}
  webhook        {webhook} (takes what a webhook sink posts)

a pipeline of this folder, with the sandbox as its tenant:
  export TECHWOLF_URL={url} TECHWOLF_TOKEN_URL={token_url}
  export TECHWOLF_CLIENT_ID={client_id} TECHWOLF_CLIENT_SECRET={client_secret}
  export TECHWOLF_AUDIENCE={audience} TECHWOLF_TENANT={tenant}

a first page by hand:
  TOKEN=$(curl -s {token_url} -H 'Content-Type: application/json' -d '{request}' | jq -r .access_token)
  curl -s {url}/job_architecture/export/jobs/task_profiles -H \"Authorization: Bearer $TOKEN\" \\
    -H 'Content-Type: application/json' -d '{{\"limit\": 2, \"include\": [\"ai_impact\"]}}' | jq

Ctrl-C stops it.
",
        token_url = known.token_url,
        client_id = known.client_id,
        client_secret = known.client_secret,
        audience = known.audience,
        tenant = known.tenant,
        webhook = running.webhook_url(),
    )
}
