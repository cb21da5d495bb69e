//! A service for tests.

use std::fmt;
use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

use taskferry_sdk::serde_json::{self, Value};
use url::Url;

/// The size limit of the body of a request.
const MAX_BODY: u64 = 16 << 20;

/// An HTTP service on a free port of this machine, which stops when it is dropped.
///
/// ```
/// # tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap().block_on(async {
/// use taskferry_lookup::testing::TestService;
/// use taskferry_sdk::serde_json::json;
///
/// let service = TestService::start(|request| match request.parameter("id").as_deref() {
///     Some("j1") => (200, json!("Tester")),
///     _ => (404, json!("no such job")),
/// })?;
/// assert!(service.url().starts_with("http://127.0.0.1:"));
/// assert!(service.requests().is_empty());
/// # Ok::<(), std::io::Error>(())
/// # }).unwrap();
/// ```
pub struct TestService {
    address: SocketAddr,
    shared: Arc<Shared>,
}

/// A request that a [`TestService`] got.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct TestRequest {
    /// `GET` or `POST`.
    pub method: String,
    /// Path and query: `/titles?ids=j1,j2`.
    pub target: String,
    /// The body as JSON; `null` without one.
    pub body: Value,
}

/// Returns the status and the JSON of a response.
type Answer = dyn Fn(&TestRequest) -> (u16, Value) + Send + Sync;

struct Shared {
    answer: Box<Answer>,
    requests: Mutex<Vec<TestRequest>>,
    is_stopped: AtomicBool,
}

impl TestService {
    /// Starts a service. `answer` returns the status and the JSON of each response.
    ///
    /// # Errors
    /// There is no free port.
    pub fn start(
        answer: impl Fn(&TestRequest) -> (u16, Value) + Send + Sync + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0))?;
        let address = listener.local_addr()?;
        let shared = Arc::new(Shared {
            answer: Box::new(answer),
            requests: Mutex::default(),
            is_stopped: AtomicBool::new(false),
        });
        let serving = Arc::clone(&shared);
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if serving.is_stopped.load(Ordering::Relaxed) {
                    return;
                }
                let shared = Arc::clone(&serving);
                // A client that breaks the connection is no reason to stop.
                thread::spawn(move || _ = shared.serve(&stream));
            }
        });
        Ok(Self { address, shared })
    }

    /// The address, without a slash at the end.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<TestRequest> {
        self.shared.requests.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl fmt::Debug for TestService {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TestService").field("url", &self.url()).finish_non_exhaustive()
    }
}

impl Drop for TestService {
    fn drop(&mut self) {
        self.shared.is_stopped.store(true, Ordering::Relaxed);
        // Wakes the thread that accepts connections.
        _ = TcpStream::connect(self.address);
    }
}

impl TestRequest {
    /// The segments of the path, decoded.
    pub fn segments(&self) -> Vec<String> {
        let path = self.target.split('?').next().unwrap_or_default();
        let decoded = |segment: &str| {
            // A query is decoded like a path, except for the plus sign.
            let query = segment.replace('+', "%2B");
            let pair = url::form_urlencoded::parse(query.as_bytes()).next();
            pair.map(|(name, _)| name.into_owned()).unwrap_or_default()
        };
        path.split('/').filter(|segment| !segment.is_empty()).map(decoded).collect()
    }

    /// The value of a query parameter, decoded.
    pub fn parameter(&self, name: &str) -> Option<String> {
        let url = Url::parse(&format!("http://localhost{}", self.target)).ok()?;
        let found = url.query_pairs().find(|(known, _)| known == name);
        found.map(|(_, value)| value.into_owned())
    }
}

impl Shared {
    fn serve(&self, mut stream: &TcpStream) -> io::Result<()> {
        let request = read(&mut BufReader::new(stream))?;
        self.requests.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
        let (status, body) = (self.answer)(&request);
        let body = body.to_string();
        let length = body.len();
        write!(
            stream,
            "HTTP/1.1 {status} \r\ncontent-type: application/json\r\ncontent-length: {length}\r\nconnection: close\r\n\r\n{body}"
        )?;
        stream.flush()
    }
}

fn read(reader: &mut impl BufRead) -> io::Result<TestRequest> {
    let mut line = String::new();
    reader.read_line(&mut line)?;
    let mut words = line.split(' ').map(str::to_owned);
    let (method, target) = (words.next().unwrap_or_default(), words.next().unwrap_or_default());
    let mut length = 0;
    loop {
        let mut header = String::new();
        reader.read_line(&mut header)?;
        let header = header.trim_end();
        if header.is_empty() {
            break;
        }
        if let Some((name, value)) = header.split_once(':')
            && name.eq_ignore_ascii_case("content-length")
        {
            length = value.trim().parse().unwrap_or(0);
        }
    }
    let mut body = Vec::new();
    reader.take(length.min(MAX_BODY)).read_to_end(&mut body)?;
    let body = serde_json::from_slice(&body).unwrap_or_default();
    Ok(TestRequest { method, target, body })
}
