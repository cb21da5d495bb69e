//! Mistakes in paths and in files that options name.

use super::explanation::Explanation;

pub(super) const ALL: &[Explanation] = &[
    Explanation {
        name: "unreadable-file",
        meaning: "a file cannot be read",
        details: "Relative paths of inputs, such as `mapping`, `file`, `ca_file` and `${file:PATH}`, start at the folder of \
                      the pipeline file. The path of the pipeline file itself starts at the working directory. The message shows \
                      the resolved path.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "workday.csv""#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills/workday.csv""#,
    },
    Explanation {
        name: "tilde-in-path",
        meaning: "the path of an output begins with `~`, which is not expanded",
        details: "Only a shell expands `~`. Without this check, the sink would create a folder with the name `~`.",
        wrong: r#"[[sink]]
type = "file"
path = "~/out/jobs.ndjson""#,
        right: r#"[[sink]]
type = "file"
path = "${HOME}/out/jobs.ndjson""#,
    },
    Explanation {
        name: "missing-file-name",
        meaning: "the path of an output is a folder",
        details: "Add a file name after the folder.",
        wrong: r#"[[sink]]
type = "file"
path = "out/..""#,
        right: r#"[[sink]]
type = "file"
path = "out/jobs.ndjson""#,
    },
    Explanation {
        name: "overwritten-input",
        meaning: "an output would overwrite a file that the pipeline reads",
        details: "Outputs must not replace the pipeline file, an overlay, a mapping or another input, even through a link.",
        wrong: r#"[[transform]]
type = "jq"
file = "tasks.jq"

[[sink]]
type = "file"
path = "tasks.jq""#,
        right: r#"[[transform]]
type = "jq"
file = "tasks.jq"

[[sink]]
type = "file"
path = "out/tasks.ndjson""#,
    },
    Explanation {
        name: "output-in-state",
        meaning: "an output is in the state folder",
        details: "The state folder (`.taskferry` by default, `dir` in `[state]`) belongs to taskferry. Choose another folder \
                      for the output.",
        wrong: r#"[[sink]]
type = "file"
path = ".taskferry/jobs.ndjson""#,
        right: r#"[[sink]]
type = "file"
path = "out/jobs.ndjson""#,
    },
    Explanation {
        name: "nested-outputs",
        meaning: "an output is a file, and also the folder of another output",
        details: "Choose another path for one of the two outputs.",
        wrong: r#"[[sink]]
type = "file"
path = "out/jobs"

[[sink]]
type = "file"
path = "out/jobs/all.ndjson""#,
        right: r#"[[sink]]
type = "file"
path = "out/jobs.ndjson"

[[sink]]
type = "file"
path = "out/jobs/all.ndjson""#,
    },
    Explanation {
        name: "missing-run-id",
        meaning: "the path of the dead-letter file does not contain `{run_id}`",
        details: "Each run writes its own dead-letter file, so that no run overwrites the dead letters of another one.",
        wrong: r#"[dead_letter]
path = "out/dead.ndjson""#,
        right: r#"[dead_letter]
path = "out/{pipeline}-{run_id}.dead.ndjson""#,
    },
    Explanation {
        name: "invalid-mapping",
        meaning: "a row of a mapping is invalid",
        details: "A mapping is CSV with a header: `vendor`, `vendor_skill`, `skill` or `skill_id`, and optionally \
                      `vendor_skill_id` and `rank`. The message names the file, the line and the reason.",
        wrong: r#"# skills/workday.csv
vendor,skill,vendor_skill,rank
workday,Excel,MS Excel,first

# jobs.toml
[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills/workday.csv""#,
        right: r#"# skills/workday.csv
vendor,skill,vendor_skill,rank
workday,Excel,MS Excel,1

# jobs.toml
[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills/workday.csv""#,
    },
    Explanation {
        name: "missing-column",
        meaning: "the header of a mapping lacks a column, or has one twice",
        details: "Required are `vendor`, `vendor_skill`, and one of `skill` and `skill_id`. The first line of the file is \
                      its header. Columns with other names are ignored.",
        wrong: r#"# skills/workday.csv
vendor,skill
workday,Excel

# jobs.toml
[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills/workday.csv""#,
        right: r#"# skills/workday.csv
vendor,skill,vendor_skill
workday,Excel,MS Excel

# jobs.toml
[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills/workday.csv""#,
    },
    Explanation {
        name: "unknown-vendor",
        meaning: "the mapping has no row for the vendor",
        details: "`vendor` selects the rows of the mapping by their column `vendor`. The message lists the vendors of the \
                      mapping.",
        wrong: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workdy"
mapping = "skills/workday.csv""#,
        right: r#"[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills/workday.csv""#,
    },
    Explanation {
        name: "ambiguous-mapping",
        meaning: "two rows of a mapping have the same skill by the rules of comparison, and different vendor skills",
        details: "Names are compared in Unicode normalization form C, and with `match = \"ignore_case\"` apart from case. \
                      Keep one of the two rows.",
        wrong: r#"# skills/workday.csv
vendor,skill,vendor_skill
workday,Excel,MS Excel
workday,EXCEL,Spreadsheets

# jobs.toml
[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills/workday.csv"
match = "ignore_case""#,
        right: r#"# skills/workday.csv
vendor,skill,vendor_skill
workday,Excel,MS Excel

# jobs.toml
[source]
type = "techwolf"
url = "sandbox:"
include = ["linked_skills"]

[[transform]]
type = "rename_skills"
vendor = "workday"
mapping = "skills/workday.csv"
match = "ignore_case""#,
    },
];
