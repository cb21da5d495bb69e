//! Code shared by the programs of the end-to-end benchmark: a minimal HTTP connection, the page request, and the expected
//! counts.
//!
//! `run.py` in this crate starts and compares them; `benches/README.md` explains the usage.
//!
//! ```
//! let body = taskferry_bench_end_to_end::request(100, Some("job-000100"));
//! assert!(body.contains("\"starting_after\":\"job-000100\""));
//! ```

use std::io::{self, BufRead, BufReader, Read, Write};
use std::net::TcpStream;

pub mod pages;

/// The number of jobs of a page.
pub const LIMIT: u32 = 100;

/// The path of the export.
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

/// A persistent connection.
#[derive(Debug)]
pub struct Connection {
    stream: BufReader<TcpStream>,
    host: String,
}

impl Connection {
    /// Connects to `host`, a name or address with a port.
    ///
    /// # Errors
    /// Returns I/O errors.
    pub fn open(host: &str) -> io::Result<Self> {
        let stream = TcpStream::connect(host)?;
        stream.set_nodelay(true)?;
        Ok(Self { stream: BufReader::with_capacity(256 << 10, stream), host: host.to_owned() })
    }

    /// Posts JSON and reads the body of the response into `answer`.
    ///
    /// # Errors
    /// Returns I/O errors, and an error if the response is not 200 or has no content length.
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
