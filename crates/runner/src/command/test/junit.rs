//! The results of tests as `JUnit` XML, which systems for continuous integration read.

use std::fmt::Write;
use std::path::Path;

use super::outcome::Outcome;
use super::report;

/// The results, with one `testsuite` per pipeline file.
pub(crate) fn document(outcomes: &[Outcome]) -> String {
    let mut files: Vec<&Path> = Vec::new();
    for outcome in outcomes {
        if !files.contains(&outcome.file.as_path()) {
            files.push(&outcome.file);
        }
    }
    let mut xml = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    let all: Vec<&Outcome> = outcomes.iter().collect();
    _ = writeln!(xml, "<testsuites name=\"taskferry test\"{}>", counts(&all));
    for file in files {
        let own: Vec<&Outcome> =
            all.iter().copied().filter(|outcome| outcome.file == file).collect();
        let name = escaped(&file.display().to_string());
        _ = writeln!(xml, "  <testsuite name=\"{name}\"{}>", counts(&own));
        for outcome in own {
            add_case(&mut xml, &name, outcome);
        }
        xml.push_str("  </testsuite>\n");
    }
    xml.push_str("</testsuites>\n");
    xml
}

fn counts(outcomes: &[&Outcome]) -> String {
    let failures = outcomes.iter().filter(|outcome| !outcome.is_ok()).count();
    let seconds: f64 = outcomes.iter().map(|outcome| outcome.duration.as_secs_f64()).sum();
    format!(
        " tests=\"{}\" failures=\"{failures}\" errors=\"0\" time=\"{seconds:.3}\"",
        outcomes.len()
    )
}

fn add_case(xml: &mut String, suite: &str, outcome: &Outcome) {
    let (file, line) = outcome.place();
    let (name, file) = (escaped(&outcome.case.name), escaped(&file));
    let seconds = outcome.duration.as_secs_f64();
    _ = write!(
        xml,
        "    <testcase name=\"{name}\" classname=\"{suite}\" file=\"{file}\" line=\"{line}\" time=\"{seconds:.3}\""
    );
    if outcome.is_ok() {
        xml.push_str("/>\n");
        return;
    }
    let messages: Vec<&str> = outcome.failures.iter().map(|it| it.message.as_str()).collect();
    let message = escaped(&messages.join("; "));
    let text = anstream::adapter::strip_str(&report::text(outcome)).to_string();
    _ = writeln!(
        xml,
        ">\n      <failure message=\"{message}\">{}</failure>\n    </testcase>",
        escaped(&text)
    );
}

/// Text for an element or an attribute. XML has no characters for most control codes, not even escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&apos;"),
            '\n' => out.push_str("&#10;"),
            '\t' => out.push_str("&#9;"),
            '\r' => out.push_str("&#13;"),
            '\u{fffe}' | '\u{ffff}' => out.push('\u{fffd}'),
            control if control.is_control() => out.push('\u{fffd}'),
            other => out.push(other),
        }
    }
    out
}
