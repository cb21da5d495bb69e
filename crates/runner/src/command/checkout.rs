//! Checkouts of taskferry.

use std::fs;
use std::path::Path;

/// Whether this is a checkout of the same version.
pub(crate) fn check(path: &Path) -> Result<(), String> {
    let read = |file: &str| fs::read_to_string(path.join(file));
    let sdk = read("crates/sdk/Cargo.toml").unwrap_or_default();
    let manifest = read("Cargo.toml").unwrap_or_default();
    if !sdk.contains("name = \"taskferry-sdk\"") {
        return Err(format!("`{}` is not a checkout of taskferry", path.display()));
    }
    let version =
        manifest.lines().find_map(|line| line.strip_prefix("version = ")).unwrap_or("\"\"");
    let (version, own) = (version.trim_matches('"'), env!("CARGO_PKG_VERSION"));
    if version != own {
        return Err(format!(
            "`{}` has version {version}, but this taskferry has version {own}; use the taskferry of the checkout",
            path.display()
        ));
    }
    Ok(())
}
