//! A server that answers as a test wants it to, for tests of whatever speaks HTTP.

use std::io;
use std::sync::{Arc, Mutex, PoisonError};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

/// A request as it arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// `POST` for example.
    pub method: String,
    /// Path and query.
    pub target: String,
    /// Names in lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// The body as text.
    pub body: String,
    /// The body as it came.
    pub bytes: Vec<u8>,
}

impl Request {
    /// The first header of this name, given in lower case.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// What happens after the body was sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Ending {
    Complete,
    Cut,
    Endless,
    Silent,
    HungUp,
    Mute,
}

/// An answer, well behaved or not.
#[derive(Debug, Clone)]
pub struct Answer {
    status: u16,
    headers: Vec<(String, String)>,
    body: Vec<u8>,
    ending: Ending,
}

impl Answer {
    /// A complete answer.
    pub fn new(status: u16, body: impl Into<Vec<u8>>) -> Self {
        Self { status, headers: Vec::new(), body: body.into(), ending: Ending::Complete }
    }

    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &str, value: impl Into<String>) -> Self {
        self.headers.push((name.to_owned(), value.into()));
        self
    }

    /// Announces more than it sends, and hangs up.
    #[must_use]
    pub fn cut(mut self) -> Self {
        self.ending = Ending::Cut;
        self
    }

    /// Sends the body again and again for as long as somebody listens.
    #[must_use]
    pub fn endless(mut self) -> Self {
        self.ending = Ending::Endless;
        self
    }

    /// Hangs up without a word.
    #[must_use]
    pub fn hung_up(mut self) -> Self {
        self.ending = Ending::HungUp;
        self
    }

    /// Does not even begin, for as long as somebody waits.
    #[must_use]
    pub fn mute(mut self) -> Self {
        self.ending = Ending::Mute;
        self
    }

    /// Announces more than it sends, and says nothing for as long as somebody waits.
    #[must_use]
    pub fn silent(mut self) -> Self {
        self.ending = Ending::Silent;
        self
    }
}

type Script = Box<dyn FnMut(&Request) -> Answer + Send>;

#[derive(Default)]
struct Seen(Mutex<Vec<Request>>);

/// A server on a free port of the loopback address. It answers requests in the order in which they come
/// and stops when it is dropped.
pub struct FaultyServer {
    url: String,
    seen: Arc<Seen>,
    serving: JoinHandle<()>,
}

impl FaultyServer {
    /// Starts it; `script` decides on every answer.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(
        script: impl FnMut(&Request) -> Answer + Send + 'static,
    ) -> io::Result<Self> {
        let listener = TcpListener::bind(("127.0.0.1", 0)).await?;
        let url = format!("http://{}", listener.local_addr()?);
        let seen = Arc::new(Seen::default());
        let script: Arc<Mutex<Script>> = Arc::new(Mutex::new(Box::new(script)));
        let (log, connections) = (Arc::clone(&seen), tokio::task::JoinSet::new());
        let serving = tokio::spawn(async move {
            let mut connections = connections;
            while let Ok((stream, _)) = listener.accept().await {
                let (script, log) = (Arc::clone(&script), Arc::clone(&log));
                // A client that hangs up early is part of what is tested.
                connections.spawn(async move { serve(stream, &script, &log).await.ok() });
            }
        });
        Ok(Self { url, seen, serving })
    }

    /// Where it listens, without a slash at the end.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// All requests so far.
    pub fn requests(&self) -> Vec<Request> {
        self.seen.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

impl std::fmt::Debug for FaultyServer {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("FaultyServer").field("url", &self.url).finish_non_exhaustive()
    }
}

impl Drop for FaultyServer {
    fn drop(&mut self) {
        self.serving.abort();
    }
}

async fn serve(mut stream: TcpStream, script: &Mutex<Script>, seen: &Seen) -> io::Result<()> {
    let request = read_request(&mut stream).await?;
    seen.0.lock().unwrap_or_else(PoisonError::into_inner).push(request.clone());
    let answer = {
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        script(&request)
    };
    let length = answer.body.len();
    let announced = match answer.ending {
        Ending::HungUp => return Ok(()),
        Ending::Mute => return stream.read(&mut [0]).await.map(drop),
        Ending::Complete => Some(length),
        Ending::Cut | Ending::Silent => Some(length + 1000),
        Ending::Endless => None,
    };
    let mut head =
        vec![format!("HTTP/1.1 {} Scripted", answer.status), "connection: close".to_owned()];
    head.extend(answer.headers.iter().map(|(name, value)| format!("{name}: {value}")));
    head.extend(announced.map(|length| format!("content-length: {length}")));
    stream.write_all(format!("{}\r\n\r\n", head.join("\r\n")).as_bytes()).await?;
    stream.write_all(&answer.body).await?;
    match answer.ending {
        Ending::Complete | Ending::Cut | Ending::HungUp | Ending::Mute => stream.shutdown().await,
        Ending::Endless => loop {
            stream.write_all(&answer.body).await?;
        },
        Ending::Silent => stream.read(&mut [0]).await.map(drop),
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
