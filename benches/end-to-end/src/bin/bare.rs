//! The minimal loop: `bare HOST FILE` follows the cursor and writes each record unchanged on one line. It checks nothing, retries
//! nothing and promises nothing.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};

use serde::Deserialize;
use serde_json::value::RawValue;
use taskferry_bench_end_to_end::{Connection, LIMIT, PATH, request};

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    records: Vec<&'a RawValue>,
    next_starting_after: Option<String>,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let (host, path) = (arguments.next().unwrap_or_default(), arguments.next().unwrap_or_default());
    let mut connection = Connection::open(&host)?;
    let mut out = BufWriter::with_capacity(256 << 10, File::create(path)?);
    let (mut cursor, mut answer) = (None::<String>, Vec::new());
    loop {
        connection.post(PATH, "token", &request(LIMIT, cursor.as_deref()), &mut answer)?;
        let page: Page<'_> = serde_json::from_slice(&answer)?;
        for record in page.records {
            out.write_all(record.get().as_bytes())?;
            out.write_all(b"\n")?;
        }
        cursor = page.next_starting_after;
        if cursor.is_none() {
            return Ok(out.flush()?);
        }
    }
}
