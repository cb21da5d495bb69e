//! A scripted tenant, and the source that reads from it.

use std::path::{Path, PathBuf};
use std::{fs, io};

use serde_json::{Value, json};
use taskferry_sdk::{
    BuildContext, Endpoints, InputFiles, Page, Problem, RunContext, Source, SourcePlugin,
    StageError, read_options,
};
use taskferry_source_techwolf::TechWolfOptions;
use taskferry_testkit::{FaultServer, Request, Response, merged, run_context};
pub(crate) use taskferry_testkit::{page, token};

pub(crate) const SECRET: &str = "client-secret-4711";

/// The path of the listing of job families.
pub(crate) const FAMILIES: &str = "/job_architecture/job_families";

pub(crate) struct Tenant {
    server: FaultServer,
}

impl Tenant {
    /// Responds to page requests in this order and repeats the last response; tokens are always
    /// `token-1`, `token-2` and so on.
    pub(crate) async fn answering(answers: impl IntoIterator<Item = Response>) -> Self {
        let tokens = std::iter::successors(Some(1), |number| Some(number + 1));
        let tokens = tokens.map(|number| token(&format!("token-{number}"), 10_800));
        Self::scripted(tokens, answers).await
    }

    /// Responds to token requests and page requests from two scripts.
    pub(crate) async fn scripted(
        tokens: impl IntoIterator<Item = Response, IntoIter: Send + 'static>,
        pages: impl IntoIterator<Item = Response>,
    ) -> Self {
        let mut tokens = tokens.into_iter();
        let mut pages: Vec<Response> = pages.into_iter().collect();
        pages.reverse();
        let server = FaultServer::start(move |request| match request.target.as_str() {
            "/oauth/token" => tokens.next().expect("no more tokens in the script"),
            target if target.contains(FAMILIES) => Response::new(404, "[]"),
            _ if pages.len() > 1 => pages.pop().expect("more than one"),
            _ => pages.last().expect("no page in the script").clone(),
        });
        Self { server: server.await }
    }

    pub(crate) fn at(server: FaultServer) -> Self {
        Self { server }
    }

    pub(crate) fn url(&self) -> &str {
        self.server.url()
    }

    pub(crate) fn requests(&self) -> Vec<Request> {
        self.server.requests()
    }

    /// The page requests.
    pub(crate) fn exports(&self) -> Vec<Request> {
        let all = self.requests().into_iter();
        all.filter(|request| request.target.contains("/export/")).collect()
    }

    /// The token requests.
    pub(crate) fn token_requests(&self) -> Vec<Request> {
        let all = self.requests().into_iter();
        all.filter(|request| request.target == "/oauth/token").collect()
    }

    /// Options for this tenant, with `more` applied.
    pub(crate) fn options(&self, more: &Value) -> Value {
        let options = json!({
            "url": self.url(),
            "auth": {
                "token_url": format!("{}/oauth/token", self.url()),
                "client_id": "client-1",
                "client_secret": SECRET,
                "audience": "eu3.techwolf.ai",
                "tenant": "acme",
            },
            "retry": {"initial_delay": "1ms", "max_delay": "1ms"},
        });
        merged(options, more)
    }

    /// An opened source for this tenant.
    pub(crate) async fn source(&self, more: &Value) -> Box<dyn Source> {
        opened(&self.options(more)).await
    }

    /// Everything that this tenant returns.
    pub(crate) async fn read(&self) -> Listing {
        read_all(&mut *self.source(&json!({})).await).await
    }

    /// The error that ends reading from this tenant.
    pub(crate) async fn error(&self, more: &Value) -> StageError {
        let listing = read_all(&mut *self.source(more).await).await;
        listing.error.expect("reading should have failed")
    }
}

/// The files on disk.
#[derive(Debug)]
struct Files;

impl InputFiles for Files {
    fn resolve(&self, path: &Path) -> PathBuf {
        path.to_owned()
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        fs::read(path)
    }
}

pub(crate) fn build(options: &Value) -> Result<Box<dyn Source>, Vec<Problem>> {
    build_with(options, &Endpoints::default())
}

pub(crate) fn build_with(
    options: &Value,
    endpoints: &Endpoints,
) -> Result<Box<dyn Source>, Vec<Problem>> {
    let options: TechWolfOptions = read_options(options, &[])?;
    options.build(&BuildContext::new(&Files, endpoints))
}

pub(crate) async fn opened(options: &Value) -> Box<dyn Source> {
    open(build(options).expect("good options")).await
}

pub(crate) async fn open(source: Box<dyn Source>) -> Box<dyn Source> {
    open_in(source, run()).await
}

pub(crate) async fn open_in(mut source: Box<dyn Source>, run: RunContext) -> Box<dyn Source> {
    source.open(&run, None).await.expect("the source opens");
    source
}

pub(crate) fn run() -> RunContext {
    run_context("r1")
}

/// A run with its state in `folder`.
pub(crate) fn run_in(folder: impl Into<PathBuf>) -> RunContext {
    let mut run = run();
    run.state_dir = Some(folder.into());
    run
}

/// The result of reading to the end.
#[derive(Debug)]
pub(crate) struct Listing {
    pub(crate) pages: Vec<Page>,
    pub(crate) error: Option<StageError>,
}

impl Listing {
    /// The jobs in order, after checking that the listing is complete.
    pub(crate) fn jobs(&self) -> Vec<String> {
        assert!(self.error.is_none(), "{:?}", self.error);
        let records = self.pages.iter().flat_map(|page| &page.records);
        records.map(|record| record.id.as_deref().unwrap_or("?").to_owned()).collect()
    }
}

/// Starts to request the next page, and cancels the request while it is in progress.
pub(crate) async fn cancel_next_page(source: &mut dyn Source) {
    let mut next = std::pin::pin!(source.next_page());
    let is_pending = std::future::poll_fn(|context| {
        std::task::Poll::Ready(next.as_mut().poll(context).is_pending())
    });
    assert!(is_pending.await, "the request has ended");
}

pub(crate) async fn read_all(source: &mut dyn Source) -> Listing {
    let mut pages = Vec::new();
    loop {
        match source.next_page().await {
            Ok(Some(page)) => pages.push(page),
            Ok(None) => return Listing { pages, error: None },
            Err(error) => return Listing { pages, error: Some(error) },
        }
    }
}
