//! Suggestions for keys and values that other tools have, or that are in the wrong table.

use serde_json::Value;
use taskferry_pipeline::{PluginEntry, Registry, Role, common_keys, resolve_schema, run_tables};
use taskferry_sdk::{KeyPath, MAX_PER_KIND, Problem, Segment};

use crate::keys::TOP_LEVEL;
use crate::placeholder::choices;
use crate::schema::{StageSchema, option_schema, properties, stages};
use crate::tree::Node;

/// Other names, the key that they mean, and an example of it.
type OtherNames = (&'static [&'static str], &'static str, &'static str);

/// A key can occur several times: the first one that the table has is suggested.
const KEYS: &[OtherNames] = &[
    (&["vendor", "vocabulary", "skill_vendor"], "external_vendor", ""),
    (
        &["job_family", "job_families", "job_family_id", "job_family_ids", "families"],
        "filters",
        "filters = [{ filter = \"job_family_id_is_in_list\", job_family_ids = [\"legal\"] }]",
    ),
    (
        &["updated_since", "since", "last_updated", "modified_since"],
        "filters",
        "filters = [{ filter = \"last_updated\", operator = \"gte\", value = \"2026-01-31\" }]",
    ),
    (&["batch", "batch_size", "chunk_size", "max_records"], "batch_records", ""),
    (&["page_size", "per_page", "batch_size", "size"], "limit", ""),
    (&["endpoint", "base_url", "uri", "address", "host", "server"], "url", ""),
    (
        &["file", "filename", "file_name", "output", "dest", "destination", "target", "location"],
        "path",
        "",
    ),
    (&["compress", "gzip", "zip", "encoding", "content_encoding"], "compression", ""),
    (&["separator", "sep", "field_separator"], "delimiter", ""),
    (&["fields", "expand", "select", "with"], "include", ""),
    (&["fields", "select", "header"], "columns", ""),
    (&["where", "filter"], "filters", ""),
    (&["layout", "structure", "format"], "response_format", ""),
    (&["encoder", "output_format", "file_format", "codec"], "format", ""),
    (
        &[
            "token",
            "bearer",
            "access_token",
            "api_key",
            "credentials",
            "client_id",
            "client_secret",
        ],
        "auth",
        "auth = { token = \"${TECHWOLF_TOKEN}\" }",
    ),
    (
        &["token", "bearer", "api_key", "authorization", "auth", "header", "http_headers"],
        "headers",
        "headers = { Authorization = \"Bearer ${WEBHOOK_TOKEN}\" }",
    ),
    (
        &["retries", "max_retries", "attempts", "max_attempts", "backoff"],
        "retry",
        "retry = { max_attempts = 5 }",
    ),
    (&["rate", "requests_per_second", "rps", "throttle", "qps"], "rate_limit", ""),
    (&["threads", "workers", "parallel", "parallelism", "connections"], "concurrency", ""),
    (&["request_timeout", "timeout_seconds", "timeout_ms"], "timeout", "timeout = \"30s\""),
    (
        &["proxy", "http_proxy", "https_proxy"],
        "connection",
        "connection = { proxy = \"http://proxy.example.com:3128\" }",
    ),
    (
        &["ca", "ca_file", "certificate", "tls"],
        "connection",
        "connection = { ca_file = \"ca.pem\" }",
    ),
    (
        &["secret", "signing_secret", "hmac", "signing_key"],
        "signature",
        "signature = { secrets = [\"${WEBHOOK_SECRET}\"] }",
    ),
    (&["expression", "expr", "query", "program", "script", "code"], "filter", ""),
    (&["variables", "vars", "params", "arguments"], "args", ""),
    (&["impact", "ai_impact", "impact_level"], "levels", "levels = [\"H1\", \"H2\"]"),
    (&["min", "min_level", "minimum"], "at_least", ""),
    (&["max", "max_level", "maximum"], "at_most", ""),
    (&["map", "file", "csv", "path", "dictionary"], "mapping", ""),
    (&["ignore_case", "case_insensitive"], "match", "match = \"ignore_case\""),
    (&["inputs", "input", "origin"], "source", ""),
    (&["output", "outputs", "destination", "target"], "sink", ""),
    (&["steps", "processors", "pipeline", "filter", "stages"], "transform", ""),
    (&["id", "title"], "name", ""),
    (&["min_rows", "minimum_rows", "min_row_count"], "min_records", ""),
    (&["dlq", "errors", "deadletter"], "dead_letter", ""),
    (&["path", "folder", "directory", "state_dir"], "dir", ""),
];

/// Keys that a table does not have although others do: the key, a key that the table has, and what to do.
const ABSENT: &[(&str, &str, &str)] = &[(
    "format",
    "batch_records",
    "remove it: the webhook posts JSON arrays, or CloudEvents with `cloud_events`",
)];

const VALUES: &[(&[&str], &str)] = &[
    (&["gz", "gzipped", "deflate"], "gzip"),
    (&["zst", "zstandard"], "zstd"),
    (&["jsonl", "jsonlines", "json_lines", "ldjson"], "ndjson"),
    (&["tsv", "xlsx", "excel", "table"], "csv"),
    (&["off", "no", "false", "plain", "identity"], "none"),
    (&["flat", "tasks"], "list"),
    (&["tree", "nested"], "hierarchy"),
    (&["continue", "ignore", "drop"], "skip"),
    (&["dlq", "deadletter", "quarantine"], "dead_letter"),
    (&["abort", "stop", "error"], "fail"),
    (&["sap", "successfactors", "sap_successfactors"], "sap_attribute_library"),
    (&["hours", "hours_per_week", "time"], "weekly_hours"),
    (&["impact", "ai", "levels", "ai_impact_level"], "ai_impact"),
    (&["skills", "skill"], "linked_skills"),
    (&["rejected"], "rejected_tasks"),
];

const TYPES: &[(&[&str], &str)] = &[
    (&["http", "https", "post", "api"], "webhook"),
    (&["console", "print", "terminal"], "stdout"),
    (&["csv", "json", "ndjson", "disk", "excel", "xlsx"], "file"),
    (&["map", "select", "script", "transform", "expression"], "jq"),
    (&["filter", "ai_impact", "impact", "levels"], "filter_ai_impact"),
    (&["flatten", "rows", "explode", "unnest"], "flatten_hierarchy"),
    (&["rename", "skills", "mapping", "translate"], "rename_skills"),
];

/// Improves the help of problems with unknown keys, choices and types.
pub(crate) fn suggest(problems: &mut [Problem], tree: &Node, registry: &Registry) {
    let codes = ["unknown-key", "unknown-choice", "unknown-plugin"];
    let is_vague = |problem: &&mut Problem| {
        let help = problem.help.as_deref();
        let is_other_name = || {
            let key = problem.path.last_key().unwrap_or_default();
            problem.code == "unknown-key" && KEYS.iter().any(|(names, ..)| names.contains(&key))
        };
        codes.contains(&problem.code)
            && (help.is_none_or(|help| !help.starts_with("did you mean")) || is_other_name())
    };
    let mut vague = problems.iter_mut().filter(is_vague).peekable();
    if vague.peek().is_none() {
        return;
    }
    let (stages, mut plugins) = (stages(tree, registry), registry.plugins());
    // A key most likely belongs to a stage of this pipeline.
    plugins.sort_by_key(|plugin| !stages.iter().any(|it| it.type_name == plugin.type_name));
    let names = Names { tree, stages, plugins };
    // Later problems are counted and not shown.
    for problem in vague.take(codes.len() * MAX_PER_KIND) {
        let help = match problem.code {
            "unknown-key" => names.key(problem),
            "unknown-choice" => names.choice(&problem.path),
            _ => names.plugin(problem),
        };
        problem.help = help.or_else(|| problem.help.take());
    }
}

/// Removes the problems with missing keys that only follow from an unknown one: `[[sinks]]` is no missing `[[sink]]`, and `[auth]` is
/// no missing `auth` of the source.
pub(crate) fn remove_consequences(problems: &mut Vec<Problem>) {
    let unknown = problems.iter().filter(|problem| problem.code == "unknown-key");
    let is_top = |problem: &&Problem| problem.path.segments().len() == 1;
    let words: Vec<String> = unknown.filter(is_top).filter_map(meant_key).collect();
    let follows = |problem: &Problem| {
        let is_about = |word: &String| {
            let headers = [format!("`[{word}]`"), format!("`[[{word}]]`"), format!("`{word}`")];
            headers.iter().any(|header| problem.message.contains(header))
        };
        problem.code == "missing-key"
            && problem.path.segments().len() <= 1
            && words.iter().any(is_about)
    };
    problems.retain(|problem| !follows(problem));
}

/// The key that an unknown top-level key means.
fn meant_key(problem: &Problem) -> Option<String> {
    let help = problem.help.as_deref()?;
    let suggested = help.strip_prefix("did you mean `").and_then(|rest| rest.split('`').next());
    match suggested {
        Some(key) => Some(key.to_owned()),
        None if help.contains("is an option of the source") => {
            problem.path.last_key().map(str::to_owned)
        }
        None => None,
    }
}

/// The names that a pipeline can use.
struct Names<'a> {
    tree: &'a Node,
    stages: Vec<StageSchema<'a>>,
    plugins: Vec<PluginEntry<'a>>,
}

impl Names<'_> {
    fn key(&self, problem: &Problem) -> Option<String> {
        let (wrong, table) = (problem.path.last_key()?, problem.path.parent()?);
        let known = self.keys(&table)?;
        let has = |key: &str| known.iter().any(|known| known == key);
        if let Some((.., help)) =
            ABSENT.iter().find(|(key, beside, _)| *key == wrong && has(beside))
        {
            return Some((*help).to_owned());
        }
        let lower = wrong.to_lowercase();
        let is_meant = |(names, key, _): &&OtherNames| names.contains(&lower.as_str()) && has(key);
        if let Some((_, key, example)) = KEYS.iter().find(is_meant) {
            let example =
                if example.is_empty() { "" } else { &format!(" For example `{example}`") };
            return Some(format!("did you mean `{key}`?{example}"));
        }
        if problem.help.as_deref().is_some_and(|help| help.starts_with("did you mean")) {
            return None;
        }
        self.owner(wrong, &table).map(|owner| format!("`{wrong}` is an option of {owner}"))
    }

    /// The keys of a table.
    fn keys(&self, table: &KeyPath) -> Option<Vec<String>> {
        if table.segments().is_empty() {
            return Some(TOP_LEVEL.map(str::to_owned).to_vec());
        }
        let keys = |schema| properties(schema).into_iter().flatten().map(|(key, _)| key.clone());
        let of_run = run_tables().into_iter().find(|(name, _)| KeyPath::of(*name) == *table);
        match of_run {
            Some((_, schema)) => Some(keys(schema.as_value()).collect()),
            None => Some(keys(option_schema(&self.stages, table)?).collect()),
        }
    }

    /// The table to which a key belongs, with what to do.
    fn owner(&self, key: &str, table: &KeyPath) -> Option<String> {
        let has = |schema: &Value| properties(schema).is_some_and(|known| known.contains_key(key));
        let is_top = table.segments().is_empty();
        for plugin in &self.plugins {
            let (role, type_name, root) = (plugin.role, plugin.type_name, plugin.schema.as_value());
            let is_source = role == Role::Source;
            if has(root) {
                return Some(match (is_source, is_table(root, key)) {
                    (true, true) if is_top => format!("the source: write `[source.{key}]`"),
                    (true, _) => "the source: move it to `[source]`".to_owned(),
                    (false, _) => format!("the {role} `{type_name}`: move it to that table"),
                });
            }
            let inner = properties(root).into_iter().flatten();
            let inner = inner.map(|(name, schema)| (name, resolve_schema(schema, root)));
            if let Some((name, _)) = inner.into_iter().find(|(_, schema)| has(schema)) {
                let header = format!("[{role}.{name}]");
                let owner = if is_source { "source" } else { &format!("{role} `{type_name}`") };
                return Some(format!("the {owner}: move it to `{header}`"));
            }
        }
        let is_common = |role| common_keys(role).iter().any(|common| common.name == key);
        match [Role::Transform, Role::Sink].map(is_common) {
            [true, true] => Some("transforms and sinks: move it to one of them".to_owned()),
            _ => None,
        }
    }

    fn choice(&self, path: &KeyPath) -> Option<String> {
        let wrong = self.tree.get(path)?.as_str()?;
        let is_on_error =
            matches!(path.segments().last(), Some(Segment::Key(key)) if key == "on_error");
        let known = if is_on_error {
            ["fail", "skip", "dead_letter"].map(str::to_owned).to_vec()
        } else {
            choices(&self.stages, path)
        };
        let near = meant(VALUES, wrong, |it| known.iter().any(|known| known == it))?;
        let all = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
        Some(format!("did you mean \"{near}\"? The choices are {all}"))
    }

    fn plugin(&self, problem: &Problem) -> Option<String> {
        let wrong = self.tree.get(&problem.path)?.as_str()?;
        let is_type = |name: &str| self.plugins.iter().any(|plugin| plugin.type_name == name);
        let near = meant(TYPES, wrong, is_type)?;
        let example = match (near, wrong) {
            ("file", "csv" | "json" | "ndjson") => {
                format!(" For example `type = \"file\"` with `format = \"{wrong}\"`.")
            }
            ("file", "excel" | "xlsx") => {
                " For example `type = \"file\"` with `format = \"csv\"` and `dialect = \"excel\"`."
                    .to_owned()
            }
            _ => String::new(),
        };
        let available = problem.help.as_deref().map(|help| format!(" Otherwise, {help}"));
        Some(format!("did you mean `{near}`?{example}{}", available.unwrap_or_default()))
    }
}

/// Whether the value of an option is a table.
fn is_table(root: &Value, key: &str) -> bool {
    let option = properties(root).and_then(|known| known.get(key));
    option.is_some_and(|option| properties(resolve_schema(option, root)).is_some())
}

fn meant(
    table: &'static [(&'static [&'static str], &'static str)],
    wrong: &str,
    is_known: impl Fn(&str) -> bool,
) -> Option<&'static str> {
    let lower = wrong.to_lowercase();
    let found =
        table.iter().find(|(names, name)| names.contains(&lower.as_str()) && is_known(name));
    found.map(|(_, name)| *name)
}
