//! A tenant whose jobs change from run to run.

use std::path::Path;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::Instant;

use serde_json::{Value, json};
use taskferry_sdk::{Page, Position, RunContext, Shard, ShardRange, Source, StageError};
use taskferry_testkit::{FaultServer, Request, Response, merged};
use tempfile::TempDir;

use crate::tenant::{build, run, run_in};

/// The response to a cursor that is not the id of an existing job.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unknown {
    NotFound,
    BadRequest,
    /// A last page without a job.
    Empty,
    /// The first page of the listing.
    Beginning,
    /// The page that starts where the job of the cursor would be.
    Position,
}

pub(crate) const UNKNOWN: [Unknown; 5] =
    [Unknown::NotFound, Unknown::BadRequest, Unknown::Empty, Unknown::Beginning, Unknown::Position];

/// Jobs are numbers in the order of their creation. Job `n` belongs to the family `f0`, `f1` or `f2`: `n` modulo 3.
#[derive(Debug)]
struct State {
    jobs: Vec<usize>,
    unknown: Unknown,
    created: usize,
    /// Requests with this job as cursor fail.
    closed: Option<String>,
    /// The next request with this job as cursor gets the response to an unknown cursor.
    forgotten: Option<String>,
    /// The response to the next request with this job as cursor.
    trouble: Option<(String, Response)>,
    /// Whether each page is empty and has the cursor of its request.
    is_stuck: bool,
    /// The times of requests.
    asked: Vec<Instant>,
}

pub(crate) struct Changing {
    server: FaultServer,
    state: Arc<Mutex<State>>,
    folder: TempDir,
}

pub(crate) fn id(job: usize) -> String {
    format!("job-{job}")
}

impl Changing {
    pub(crate) async fn with(jobs: usize, unknown: Unknown) -> Self {
        let state = State {
            jobs: (0..jobs).collect(),
            unknown,
            created: jobs,
            closed: None,
            forgotten: None,
            trouble: None,
            is_stuck: false,
            asked: Vec::new(),
        };
        let state = Arc::new(Mutex::new(state));
        let answering = Arc::clone(&state);
        let server =
            FaultServer::start(move |request| answer(&mut answering.lock().unwrap(), request));
        Self { server: server.await, state, folder: TempDir::new().unwrap() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap()
    }

    pub(crate) fn delete(&self, is_deleted: impl Fn(usize) -> bool) {
        self.state().jobs.retain(|job| !is_deleted(*job));
    }

    pub(crate) fn create(&self, more: usize) {
        let mut state = self.state();
        let new = state.created..state.created + more;
        state.jobs.extend(new);
        state.created += more;
    }

    pub(crate) fn fail_after(&self, job: String) {
        self.state().closed = Some(job);
    }

    pub(crate) fn forget_once(&self, job: String) {
        self.state().forgotten = Some(job);
    }

    pub(crate) fn respond_once(&self, after: String, answer: Response) {
        self.state().trouble = Some((after, answer));
    }

    pub(crate) fn stop_advancing(&self) {
        self.state().is_stuck = true;
    }

    pub(crate) fn request_times(&self) -> Vec<Instant> {
        self.state().asked.clone()
    }

    /// The limits of page requests.
    pub(crate) fn limits(&self) -> Vec<u64> {
        let limit = |request: &Request| {
            serde_json::from_str::<Value>(&request.body).unwrap()["limit"].as_u64().unwrap()
        };
        self.exports().iter().map(limit).collect()
    }

    pub(crate) fn url(&self) -> &str {
        self.server.url()
    }

    pub(crate) fn ids(&self) -> Vec<String> {
        self.state().jobs.iter().map(|job| id(*job)).collect()
    }

    /// The number of page requests.
    pub(crate) fn requests(&self) -> usize {
        self.exports().len()
    }

    fn exports(&self) -> Vec<Request> {
        let all = self.server.requests().into_iter();
        all.filter(|request| request.method == "POST").collect()
    }

    /// A source before `open`.
    pub(crate) fn source(&self, more: &Value) -> Box<dyn Source> {
        let options = json!({
            "url": self.server.url(),
            "auth": {"token": "t"},
            "retry": {"initial_delay": "1ms", "max_delay": "1ms", "max_attempts": 2},
        });
        build(&merged(options, more)).unwrap()
    }

    /// All pages, without stored cursors.
    pub(crate) async fn serially(&self, more: &Value) -> Vec<Page> {
        read(self.source(more), run(), None).await.unwrap()
    }

    /// The state folder of the runs that store cursors.
    pub(crate) fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// All pages of a run with its state in the folder.
    pub(crate) async fn read_in_folder(&self, more: &Value) -> Vec<Page> {
        read(self.source(more), run_in(self.folder()), None).await.unwrap()
    }

    /// The pages of one shard, and the range that the source reports.
    pub(crate) async fn read_shard(
        &self,
        more: &Value,
        shard: Shard,
    ) -> Result<(Vec<Page>, ShardRange), StageError> {
        std::fs::create_dir_all(self.folder().join(shard.name())).unwrap();
        let mut source = self.source(more);
        source.open(&self.run_of(shard), None).await?;
        let mut pages = Vec::new();
        while let Some(page) = source.next_page().await? {
            pages.push(page);
        }
        Ok((pages, source.shard_range().unwrap()))
    }

    /// The run of one shard. The folder contains the state of the whole export.
    pub(crate) fn run_of(&self, shard: Shard) -> RunContext {
        let mut run = run_in(self.folder().join(shard.name()));
        (run.shard, run.whole_dir) = (Some(shard), Some(self.folder().to_owned()));
        run
    }
}

pub(crate) async fn read(
    mut source: Box<dyn Source>,
    run: RunContext,
    from: Option<&Position>,
) -> Result<Vec<Page>, StageError> {
    source.open(&run, from).await?;
    let mut pages = Vec::new();
    while let Some(page) = source.next_page().await? {
        pages.push(page);
    }
    Ok(pages)
}

/// The position after these pages.
pub(crate) fn position_after(pages: &[Page]) -> Position {
    let fingerprints = pages.iter().flat_map(|page| page.fingerprints.clone()).collect();
    let next = pages.last().and_then(|page| page.next.clone());
    Position::new(pages.len() as u64, next, fingerprints)
}

/// The records, the next cursor and the fingerprints of each page.
pub(crate) fn shown(pages: &[Page]) -> Vec<String> {
    let one = |page: &Page| {
        let records = page.records.iter();
        let records: Vec<_> =
            records.map(|record| (record.record.to_json(), record.id.clone())).collect();
        format!("{:?} {records:?} {:?}", page.next, page.fingerprints)
    };
    pages.iter().map(one).collect()
}

pub(crate) fn jobs(pages: &[Page]) -> Vec<String> {
    let records = pages.iter().flat_map(|page| &page.records);
    records.map(|record| record.id.as_deref().unwrap().to_owned()).collect()
}

fn answer(state: &mut State, request: &Request) -> Response {
    if request.method != "POST" {
        return Response::new(404, "[]");
    }
    state.asked.push(Instant::now());
    let body: Value = serde_json::from_str(&request.body).unwrap();
    let cursor = body["starting_after"].as_str();
    if let Some((_, answer)) = state.trouble.take_if(|(after, _)| cursor == Some(after.as_str())) {
        return answer;
    }
    if let Some(cursor) = cursor.filter(|_| state.is_stuck) {
        let body = json!({"has_next": true, "records": [], "next_starting_after": cursor});
        return Response::new(200, body.to_string());
    }
    let forgotten = state.forgotten.take_if(|job| cursor == Some(job.as_str())).is_some();
    let limit = usize::try_from(body["limit"].as_u64().unwrap()).unwrap();
    if state.closed.is_some() && state.closed.as_deref() == body["starting_after"].as_str() {
        return Response::new(403, "[]");
    }
    let family = body["filters"][0]["job_family_ids"][0].as_str();
    let wanted = |job: &&usize| family.is_none_or(|family| family == format!("f{}", *job % 3));
    let jobs: Vec<usize> = state.jobs.iter().filter(wanted).copied().collect();
    let after = body["starting_after"].as_str().map(|after| after[4..].parse::<usize>().unwrap());
    let position = match after {
        None => 0,
        Some(after) if !forgotten && state.jobs.contains(&after) => {
            jobs.iter().position(|job| *job > after).unwrap_or(jobs.len())
        }
        Some(after) => match state.unknown {
            Unknown::NotFound => return Response::new(404, "[]"),
            Unknown::BadRequest => return Response::new(400, "[]"),
            Unknown::Empty => jobs.len(),
            Unknown::Beginning => 0,
            Unknown::Position => jobs.iter().position(|job| *job > after).unwrap_or(jobs.len()),
        },
    };
    let page: Vec<usize> = jobs.iter().skip(position).take(limit).copied().collect();
    let has_next = position + page.len() < jobs.len();
    let records: Vec<Value> =
        page.iter().map(|job| json!({"external_id": id(*job), "tasks": []})).collect();
    let mut body = json!({"has_next": has_next, "records": records});
    if let Some(last) = page.last().filter(|_| has_next) {
        body["next_starting_after"] = json!(id(*last));
    }
    Response::new(200, body.to_string())
}
