//! Mistakes that concern several stages.

use super::explanation::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        name: "missing-include",
        meaning: "a transform needs a field that the source does not fetch",
        details: "The API sends optional fields of tasks only if `include` in `[source]` lists them. Without the field, the \
                      transform would drop everything or do nothing.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "filter_ai_impact"
levels = ["H1"]"#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills", "ai_impact"]

[[transform]]
type = "filter_ai_impact"
levels = ["H1"]"#,
    },
    Explanation {
        name: "unknown-field",
        meaning: "a stage uses a field that no earlier stage produces (a warning)",
        details: "The column or the result of the expression would probably be empty in every record. The message lists the \
                      known fields. The API is experimental and may send fields that are not documented, so this is a warning.",
        wrong: r#"[[transform]]
type = "flatten_hierarchy"
into = "rows"

[[sink]]
type = "file"
path = "out/tasks.csv"
format = "csv"
columns = ["job_external_id", "tsk"]"#,
        right: r#"[[transform]]
type = "flatten_hierarchy"
into = "rows"

[[sink]]
type = "file"
path = "out/tasks.csv"
format = "csv"
columns = ["job_external_id", "task"]"#,
    },
    Explanation {
        name: "missing-dead-letter",
        meaning: "`on_error = \"dead_letter\"` needs a table `[dead_letter]`",
        details: "Records that a stage refuses are written to the file of `[dead_letter]`. Without the table there is no \
                      file to write to.",
        wrong: r#"[[transform]]
type = "jq"
filter = '.'
on_error = "dead_letter""#,
        right: r#"[[transform]]
type = "jq"
filter = '.'
on_error = "dead_letter"

[dead_letter]
path = "out/{pipeline}-{run_id}.dead.ndjson""#,
    },
    Explanation {
        name: "duplicate-name",
        meaning: "two stages have the same name",
        details: "Names identify stages in manifests, metrics and dead letters. Without `name`, a stage has the name of its \
                      type, with a number if needed.",
        wrong: r#"[[transform]]
type = "jq"
name = "clean"
filter = '.'

[[transform]]
type = "jq"
name = "clean"
filter = '.'"#,
        right: r#"[[transform]]
type = "jq"
name = "clean"
filter = '.'

[[transform]]
type = "jq"
name = "shorten"
filter = '.'"#,
    },
    Explanation {
        name: "duplicate-output",
        meaning: "two sinks write to the same output",
        details: "One sink would overwrite the records of the other one. This also holds for the dead-letter file, for the \
                      temporary files beside an output, and for paths that lead to the same file through a link.",
        wrong: r#"[[sink]]
type = "file"
path = "out/jobs.ndjson"

[[sink]]
type = "file"
path = "out/../out/jobs.ndjson""#,
        right: r#"[[sink]]
type = "file"
path = "out/jobs.ndjson"

[[sink]]
type = "file"
path = "out/jobs.json"
format = "json""#,
    },
];
