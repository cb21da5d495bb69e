//! The rules for plugins.

use serde_json::json;
use taskferry_sandbox::SandboxOptions;
use taskferry_sdk::conformance::Conformance;
use taskferry_source_techwolf::TechWolfOptions;

use crate::sandbox::{options, sandbox_with};

#[test]
fn the_source_conforms_to_the_rules_for_sources() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let sandbox = runtime.block_on(sandbox_with(23, SandboxOptions::default()));
    let _context = runtime.enter();
    for format in ["list", "hierarchy"] {
        let options = options(&sandbox, &json!({"limit": 5, "response_format": format}));
        Conformance::source::<TechWolfOptions>(options).run();
    }
}
