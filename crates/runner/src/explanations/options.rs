//! Mistakes in keys and values.

use super::explanation::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        name: "unknown-key",
        meaning: "a table has a key that does not exist",
        details: "Keys are never ignored, because a misspelt option would silently have no effect. The message names the \
                      nearest key, or all keys of the table. `taskferry plugins TYPE` describes the keys of a plugin.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:"
limt = 50"#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:"
limit = 50"#,
    },
    Explanation {
        name: "missing-key",
        meaning: "a table lacks a required key, or the pipeline lacks a required table",
        details: "Some options have no default. The message names the key to add. A pipeline needs a `[source]` and at least \
                      one `[[sink]]`.",
        wrong: r#"[[transform]]
type = "rename_skills"
vendor = "workday""#,
        right: r#"[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills/workday.csv"

[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]"#,
    },
    Explanation {
        name: "unknown-plugin",
        meaning: "no source, transform or sink has this `type`",
        details: "`taskferry plugins` lists the available types. A binary with additional plugins has more of them: check \
                      that you run that binary.",
        wrong: r#"[[sink]]
type = "webhok"
url = "https://hr.example.com/tasks""#,
        right: r#"[[sink]]
type = "webhook"
url = "https://hr.example.com/tasks""#,
    },
    Explanation {
        name: "wrong-type",
        meaning: "a value has the wrong type, for example a string instead of a number",
        details: "Numbers, `true` and `false` have no quotation marks. Durations and sizes are strings: `\"30s\"`, `\"64MiB\"`. \
                      A list is written `[\"a\", \"b\"]`, even with a single item.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:"
limit = "50""#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:"
limit = 50"#,
    },
    Explanation {
        name: "invalid-value",
        meaning: "a value is out of range, or does not have the required form",
        details: "The message states the range or an example. `taskferry plugins TYPE` describes the values of each option.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:"
limit = 500"#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:"
limit = 100"#,
    },
    Explanation {
        name: "empty-value",
        meaning: "a value is empty, or a condition can never be met",
        details: "An empty value often comes from an environment variable that is not set. Set the variable, write a value, \
                      or remove the key.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["ai_impact"]

[[transform]]
type = "filter_ai_impact"
levels = []"#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["ai_impact"]

[[transform]]
type = "filter_ai_impact"
levels = ["H1", "H2"]"#,
    },
    Explanation {
        name: "unknown-choice",
        meaning: "the option has fixed values, and this is not one of them",
        details: "The message lists all values. They are written in lower case, with `_` between words.",
        wrong: r#"[[sink]]
type = "file"
path = "out/jobs"
format = "jsn""#,
        right: r#"[[sink]]
type = "file"
path = "out/jobs"
format = "json""#,
    },
    Explanation {
        name: "unknown-level",
        meaning: "the value is not an AI impact level",
        details: "The levels are `H1`, `H2`, `H3`, `H4` and `H5`, with a capital H. `levels` accepts higher numbers, in case \
                      TechWolf adds levels.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["ai_impact"]

[[transform]]
type = "filter_ai_impact"
levels = ["high"]"#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["ai_impact"]

[[transform]]
type = "filter_ai_impact"
levels = ["H1"]"#,
    },
    Explanation {
        name: "conflicting-options",
        meaning: "two options contradict each other",
        details: "Either both options select the same thing, or the value of one does not fit the other, for example the \
                      extension of a file and its format. Keep one of them, or make them agree.",
        wrong: r#"[[sink]]
type = "file"
path = "out/jobs.ndjson.gz"
compression = "zstd""#,
        right: r#"[[sink]]
type = "file"
path = "out/jobs.ndjson.zst"
compression = "zstd""#,
    },
    Explanation {
        name: "unused-option",
        meaning: "an option has no effect in combination with the other options",
        details: "For example, `columns` and `delimiter` apply only to `format = \"csv\"`. Add the option that the message \
                      names, or remove the one without effect.",
        wrong: r#"[[sink]]
type = "file"
path = "out/jobs.json"
format = "json"
delimiter = ";""#,
        right: r#"[[sink]]
type = "file"
path = "out/jobs.csv"
format = "csv"
delimiter = ";""#,
    },
    Explanation {
        name: "duplicate-value",
        meaning: "a list contains a value twice",
        details: "Columns, job families of a `partition` and secrets of a `signature` must differ. Remove one of the two.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:"
partition = { by = "job_family", values = ["legal", "finance", "legal"] }"#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:"
partition = { by = "job_family", values = ["legal", "finance"] }"#,
    },
];
