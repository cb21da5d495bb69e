//! `url = "sandbox:"`: a sandbox inside the process.

use std::net::{Ipv4Addr, SocketAddr};

use async_trait::async_trait;
use taskferry_sandbox::{DataOrigin, Sandbox, SandboxError, SandboxOptions, SandboxUrl};
use taskferry_sdk::{
    BuildContext, ErrorKind, KeyPath, LocalEndpoint, Part, Problem, RunningEndpoint, Secret,
    StageError,
};

/// Creates the sandbox of a URL, without loading or starting it.
pub(crate) fn build(
    url: &str,
    context: &BuildContext<'_>,
) -> Result<Box<dyn LocalEndpoint>, Vec<Problem>> {
    let parsed = SandboxUrl::parse(url).map_err(|problems| {
        let found = problems.into_iter().map(|problem| {
            let at = Problem::at(KeyPath::root(), "invalid-sandbox", problem.message);
            at.part(Part::Within(problem.range)).help(problem.help)
        });
        found.collect::<Vec<_>>()
    })?;
    let data = match &parsed.data {
        DataOrigin::File(path) => {
            let file = context.files().resolve(path);
            if !file.is_file() {
                let message = format!("there is no dataset file `{}`", file.display());
                let part = parsed.file_range.clone().map_or(Part::Value, Part::Within);
                let problem = Problem::at(KeyPath::root(), "missing-dataset", message).part(part);
                return Err(vec![
                    problem.help("a relative path starts at the pipeline file's folder"),
                ]);
            }
            DataOrigin::File(file)
        }
        generated @ DataOrigin::Generated { .. } => generated.clone(),
    };
    let SandboxUrl { faults, settings, .. } = parsed;
    let options = SandboxOptions { data, faults, settings, ..SandboxOptions::default() };
    Ok(Box::new(SandboxEndpoint(options)))
}

#[derive(Debug)]
struct SandboxEndpoint(SandboxOptions);

#[async_trait]
impl LocalEndpoint for SandboxEndpoint {
    async fn start(self: Box<Self>) -> Result<RunningEndpoint, StageError> {
        let loading = tokio::task::spawn_blocking(move || Sandbox::load(self.0));
        let sandbox = loading
            .await
            .map_err(|panic| {
                StageError::new(ErrorKind::Defect, "loading the sandbox panicked").caused_by(panic)
            })?
            .map_err(failed)?;
        let anywhere = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let running = sandbox.serve(anywhere).await.map_err(failed)?;
        let known = running.credentials();
        let settings = [
            ("token_url", known.token_url.as_str()),
            ("client_id", &known.client_id),
            ("client_secret", known.client_secret.expose()),
            ("audience", &known.audience),
            ("tenant", &known.tenant),
        ];
        let settings = settings.map(|(name, value)| (name, Secret::new(value))).into();
        Ok(RunningEndpoint {
            url: running.url().to_owned(),
            webhook_url: running.webhook_url(),
            settings,
            guard: Box::new(running),
        })
    }
}

fn failed(error: SandboxError) -> StageError {
    StageError::new(ErrorKind::Config, "can't start the sandbox").caused_by(error)
}
