//! Workflow commands, from which GitHub Actions makes annotations of files.

use super::finding::{Finding, Level};

/// One command a line.
pub(super) fn commands(findings: &[Finding]) -> String {
    findings.iter().map(command).collect()
}

fn command(finding: &Finding) -> String {
    let level = match finding.level {
        Level::Error => "error",
        Level::Warning => "warning",
        Level::Note => "notice",
    };
    let place = &finding.place;
    let file = property(&place.file);
    let (line, column, end) = (place.line, place.column, place.end_column);
    let properties = match line {
        0 => format!("file={file}"),
        line if end > column => format!("file={file},line={line},col={column},endColumn={end}"),
        line => format!("file={file},line={line},col={column}"),
    };
    let title = property(finding.name);
    format!("::{level} {properties},title={title}::{}\n", data(&finding.message))
}

/// Escapes a message.
fn data(text: &str) -> String {
    text.replace('%', "%25").replace('\r', "%0D").replace('\n', "%0A")
}

/// Escapes the value of a property.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
