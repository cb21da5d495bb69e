//! An HTTP server with scripted responses, including faults.

use std::fmt;
use std::io;
use std::sync::{Arc, Condvar, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::Barrier;
use tokio::task::{JoinHandle, JoinSet};

use crate::TIMEOUT;

/// A request as the server received it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST` for example.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, in order of arrival.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
    /// The bytes of the body.
    pub bytes: Vec<u8>,
}

impl Request {
    /// The first header with this name, which is in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// How a response ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Complete,
    Truncated,
    Endless,
    NeverFinished,
    Disconnected,
    NeverSent,
}

/// A response, complete or faulty.
#[derive(Debug, Clone)]
pub struct Response {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    ending: Ending,
    barrier: Option<Arc<Barrier>>,
}

impl Response {
    /// A complete response.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        let ending = Ending::Complete;
        Self { status, headers: Vec::new(), body: body.into(), ending, barrier: None }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Waits at the barrier before it sends anything.
    #[must_use]
    pub fn after(mut self, barrier: &Arc<Barrier>) -> Self {
        self.barrier = Some(Arc::clone(barrier));
        self
    }

    /// Closes the connection before the body is complete.
    #[must_use]
    pub fn truncated(self) -> Self {
        self.ending(Ending::Truncated)
    }

    /// Repeats the body until the client disconnects.
    #[must_use]
    pub fn endless(self) -> Self {
        self.ending(Ending::Endless)
    }

    /// Sends the body, which is shorter than announced, and keeps the connection open.
    #[must_use]
    pub fn never_finished(self) -> Self {
        self.ending(Ending::NeverFinished)
    }

    /// Closes the connection without a response.
    #[must_use]
    pub fn disconnected(self) -> Self {
        self.ending(Ending::Disconnected)
    }

    /// Sends nothing and keeps the connection open.
    #[must_use]
    pub fn never_sent(self) -> Self {
        self.ending(Ending::NeverSent)
    }

    fn ending(mut self, ending: Ending) -> Self {
        self.ending = ending;
        self
    }
}

/// A script that sends these responses in this order, and then repeats the last one. Without responses, it always sends an empty
/// 200.
pub fn in_order(
    responses: impl IntoIterator<Item = Response>,
) -> impl FnMut(&Request) -> Response + Send + 'static {
    let mut responses: Vec<Response> = responses.into_iter().collect();
    responses.reverse();
    move |_| match &responses[..] {
        [] => Response::new(200, ""),
        [last] => last.clone(),
        _ => responses.pop().unwrap(),
    }
}

type Script = Box<dyn FnMut(&Request) -> Response + Send>;

/// What connections share.
struct Shared {
    script: Mutex<Script>,
    log: Mutex<Log>,
    handled: Condvar,
}

#[derive(Default)]
struct Log {
    requests: Vec<Request>,
    /// The number of requests that the script has handled.
    handled: usize,
    /// The number of requests that [`FaultServer::wait_for_requests`] has waited for.
    awaited: usize,
}

/// A server on a free port of the loopback address. Each connection serves one request. The server stops when it is dropped.
pub struct FaultServer {
    url: String,
    shared: Arc<Shared>,
    serving: JoinHandle<()>,
    runtime: Option<Runtime>,
}

impl FaultServer {
    /// Starts a server on the current runtime; `script` decides on each response.
    pub async fn start(script: impl FnMut(&Request) -> Response + Send + 'static) -> Self {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.expect("a free port");
        let url = format!("http://{}", listener.local_addr().unwrap());
        let shared = Arc::new(Shared {
            script: Mutex::new(Box::new(script)),
            log: Mutex::default(),
            handled: Condvar::new(),
        });
        let serving = tokio::spawn(accept(listener, Arc::clone(&shared)));
        Self { url, shared, serving, runtime: None }
    }

    /// Starts a server on a separate thread, for tests without a runtime.
    pub fn start_blocking(script: impl FnMut(&Request) -> Response + Send + 'static) -> Self {
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
        let mut server = runtime.block_on(Self::start(script));
        server.runtime = Some(runtime);
        server
    }

    /// The base URL, without a trailing slash.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        lock(&self.shared.log).requests.clone()
    }

    /// Blocks until this many further requests have arrived since the last call, and fails after [`TIMEOUT`].
    pub fn wait_for_requests(&self, count: usize) {
        let mut log = lock(&self.shared.log);
        log.awaited += count;
        let is_waiting = |log: &mut Log| log.handled < log.awaited;
        let waited = self.shared.handled.wait_timeout_while(log, TIMEOUT, is_waiting);
        let (log, timeout) = waited.unwrap_or_else(PoisonError::into_inner);
        assert!(!timeout.timed_out(), "{} of {} requests arrived", log.handled, log.awaited);
    }
}

impl fmt::Debug for FaultServer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("FaultServer").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Drop for FaultServer {
    fn drop(&mut self) {
        self.serving.abort();
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

fn lock<T>(mutex: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

async fn accept(listener: TcpListener, shared: Arc<Shared>) {
    let mut connections = JoinSet::new();
    while let Ok((stream, _)) = listener.accept().await {
        let shared = Arc::clone(&shared);
        // A client that disconnects early is part of many tests.
        connections.spawn(async move { serve(stream, &shared).await.ok() });
    }
}

async fn serve(mut stream: TcpStream, shared: &Shared) -> io::Result<()> {
    let request = read_request(&mut stream).await?;
    lock(&shared.log).requests.push(request.clone());
    let response = lock(&shared.script)(&request);
    lock(&shared.log).handled += 1;
    shared.handled.notify_all();
    if let Some(barrier) = &response.barrier {
        barrier.wait().await;
    }
    let length = response.body.len();
    let announced = match response.ending {
        Ending::Disconnected => return Ok(()),
        Ending::NeverSent => return stream.read(&mut [0]).await.map(drop),
        Ending::Complete => Some(length),
        Ending::Truncated | Ending::NeverFinished => Some(length + 1000),
        Ending::Endless => None,
    };
    let status = format!("HTTP/1.1 {} Scripted", response.status);
    let mut head = vec![status, "connection: close".to_owned()];
    head.extend(response.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    head.extend(announced.map(|length| format!("content-length: {length}")));
    stream.write_all(format!("{}\r\n\r\n", head.join("\r\n")).as_bytes()).await?;
    stream.write_all(&response.body).await?;
    match response.ending {
        Ending::Endless => loop {
            stream.write_all(&response.body).await?;
        },
        Ending::NeverFinished => stream.read(&mut [0]).await.map(drop),
        _ => stream.shutdown().await,
    }
}

async fn read_request(stream: &mut TcpStream) -> io::Result<Request> {
    let mut bytes = Vec::new();
    let head = loop {
        if let Some(end) = bytes.windows(4).position(|window| window == b"\r\n\r\n") {
            break bytes.drain(..end + 4).collect::<Vec<u8>>();
        }
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    };
    let head = String::from_utf8_lossy(&head).into_owned();
    let mut lines = head.lines();
    let mut words = lines.next().unwrap_or_default().split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let headers: Vec<(String, String)> = lines
        .filter_map(|line| line.split_once(':'))
        .map(|(name, value)| (name.to_lowercase(), value.trim().to_owned()))
        .collect();
    let mut request = Request { method, target, headers, body: String::new(), bytes: Vec::new() };
    let length: usize =
        request.header("content-length").and_then(|text| text.parse().ok()).unwrap_or(0);
    while bytes.len() < length {
        if stream.read_buf(&mut bytes).await? == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
    }
    request.body = String::from_utf8_lossy(&bytes).into_owned();
    request.bytes = bytes;
    Ok(request)
}
