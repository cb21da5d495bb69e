//! A service with made-up titles, for trying the pipeline: `cargo run --example service`.

use std::io::{self, Write};
use std::thread;

use taskferry_lookup::testing::TestService;
use taskferry_sdk::serde_json::{Map, Value, json};

fn main() -> io::Result<()> {
    let service = TestService::start(|request| {
        let ids = request.parameter("ids").unwrap_or_default();
        // The service does not have jobs whose id ends in 0.
        let known = ids.split(',').filter(|id| !id.ends_with('0'));
        let titles: Map<String, Value> = known
            .map(|id| (id.to_owned(), json!(format!("Title of {id}"))))
            .collect();
        (200, titles.into())
    })?;
    writeln!(io::stdout(), "export TITLES_URL={}/titles", service.url())?;
    loop {
        thread::park();
    }
}
