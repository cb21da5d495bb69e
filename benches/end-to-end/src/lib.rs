//! What the programs of the end-to-end benchmark share: a connection that speaks just enough HTTP, the request for a page,
//! and the size of things.
//!
//! `run.py` beside this crate starts them and compares; `benches/README.md` tells how.
//!
//! ```
//! let body = taskferry_bench_end_to_end::request(100, Some("job-000100"));
//! assert!(body.contains("\"starting_after\":\"job-000100\""));
//! ```

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

pub mod pages;

/// How many jobs a page has.
pub const LIMIT: u32 = 100;

/// Where pages stand.
pub const PATH: &str = "/job_architecture/export/jobs/task_profiles";

/// The body of a request for the page after `cursor`.
pub fn request(limit: u32, cursor: Option<&str>) -> String {
    let mut body = serde_json::json!({
        "limit": limit,
        "include": ["ai_impact", "linked_skills", "weekly_hours"],
    });
    if let Some(cursor) = cursor {
        body["starting_after"] = cursor.into();
    }
    body.to_string()
}

/// A connection that is kept open.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    /// Connects to `host`, a name or address with a port.
    ///
    /// # Errors
    /// Those of the system.
    pub fn open(host: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(256 << 10, stream), host: host.to_owned() })
    }

    /// Posts JSON and reads the answer's body into `answer`.
    ///
    /// # Errors
    /// Those of the system, and an answer other than 200 with its length.
    pub fn post(
        &mut self,
        path: &str,
        token: &str,
        body: &str,
        answer: &mut Vec<u8>,
    ) -> io::Result<()> {
        let request = format!(
            "POST {path} HTTP/1.1\r\nhost: {}\r\nauthorization: Bearer {token}\r\ncontent-type: application/json\r\n\
             content-length: {}\r\n\r\n{body}",
            self.host,
            body.len()
        );
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        if !line.starts_with("HTTP/1.1 200") {
            return Err(io::Error::other(format!("the server answered {}", line.trim())));
        }
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.split_once(':') else { break };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
        }
        let length: usize = length.ok_or_else(|| io::Error::other("an answer without a length"))?;
        answer.resize(length, 0);
        self.stream.read_exact(answer)
    }
}
