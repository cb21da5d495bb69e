//! Criterion benches of records, transforms, page splitting, formats and sinks, and their test records.
//!
//! The records are synthetic and the same on every machine: the content of a record depends only on its
//! number. A job has about ten tasks, some have none; some texts contain quotes, commas, accents and other
//! scripts, so that no fast path is favored.
//!
//! ```
//! use taskferry_benches::{hierarchies, jobs, rows};
//!
//! assert_eq!(jobs(3), jobs(3));
//! assert_eq!(jobs(3)[2]["external_id"], "job-2");
//! assert_eq!(hierarchies(3)[2]["external_id"], "job-2");
//! assert_eq!(rows(50).len(), 50);
//! ```

use serde_json::{Value, json};
use taskferry_sdk::Record;

const VERBS: [&str; 6] = ["Prepare", "Review", "Coordinate", "Analyse", "Négocier", "検証する"];
const OBJECTS: [&str; 7] = [
    "quarterly budgets, forecasts and variance reports",
    "contracts with suppliers",
    "\"first line\" support cases",
    "model outputs against the agreed acceptance criteria",
    "la planification des équipes",
    "safety inspections of plants and vehicles",
    "training material for new colleagues",
];
const SKILLS: [&str; 8] = [
    "Negotiation",
    "Python",
    "Financial Analysis",
    "@risk",
    "Écoute active",
    "Project Management",
    "C++",
    "プログラミング",
];
const DOMAINS: [&str; 3] = ["Finance", "Operations", "People"];

/// List records: `n` jobs as in `response_format = "list"`, with everything that can be included.
pub fn jobs(n: usize) -> Vec<Value> {
    let job = |number| {
        let tasks: Vec<Value> = (0..tasks_of(number)).map(|index| task(number, index)).collect();
        json!({"external_id": job_id(number), "tasks": tasks})
    };
    (0..n).map(job).collect()
}

/// Hierarchy records: the tasks of the same jobs under domain, subdomain, cluster and canonical task.
///
/// The API's names of these levels are not documented. The names here follow the attributes of a single task.
pub fn hierarchies(n: usize) -> Vec<Value> {
    let domain = |number: usize, position: usize| {
        let tasks: Vec<Value> = (0..tasks_of(number))
            .filter(|index| index % DOMAINS.len() == position)
            .map(|index| task(number, index))
            .collect();
        let name = pick(&DOMAINS, position);
        let canonical = json!({"canonical_task": format!("{name} in general"), "tasks": tasks});
        let cluster =
            json!({"cluster": format!("{name} for clients"), "canonical_tasks": [canonical]});
        let subdomain = json!({"subdomain": format!("{name} services"), "clusters": [cluster]});
        json!({"domain": name, "subdomains": [subdomain]})
    };
    let job = |number| {
        let domains: Vec<Value> =
            (0..DOMAINS.len()).map(|position| domain(number, position)).collect();
        json!({"external_id": job_id(number), "hierarchy": domains})
    };
    (0..n).map(job).collect()
}

/// Rows: the first `n` tasks of the same jobs, one record per task, like the output of `flatten_hierarchy`.
pub fn rows(n: usize) -> Vec<Value> {
    let all = (0..).flat_map(|number| (0..tasks_of(number)).map(move |index| row(number, index)));
    all.take(n).collect()
}

/// Indexed records with these values, like the records of a page.
///
/// # Panics
/// If a value can't be written as JSON.
pub fn records(values: &[Value]) -> Vec<Record> {
    let parse = |value: &Value| Record::parse(value.to_string());
    values.iter().map(parse).collect::<Result<_, _>>().expect("a value is written as JSON")
}

fn row(number: usize, index: usize) -> Value {
    let domain = pick(&DOMAINS, index);
    json!({
        "job_external_id": job_id(number),
        "task_id": task_id(number, index),
        "task": statement(number, index),
        "validation_state": "validated",
        "weekly_hours": hours(number, index),
        "ai_impact_level": level(number, index),
        "ai_impact_rationale": rationale(number, index),
        "linked_skills": skills(number, index),
        "source_data": source_data(number, index),
        "domain": domain,
        "subdomain": format!("{domain} services"),
        "cluster": format!("{domain} for clients"),
        "canonical_task": format!("{domain} in general"),
    })
}

fn task(number: usize, index: usize) -> Value {
    json!({
        "task_id": task_id(number, index),
        "task": statement(number, index),
        "validation_state": "validated",
        "weekly_hours": hours(number, index),
        "ai_impact": {"level": level(number, index), "rationale": rationale(number, index)},
        "linked_skills": skills(number, index),
        "source_data": source_data(number, index),
    })
}

fn skills(number: usize, index: usize) -> Vec<Value> {
    let skill = |offset: usize| {
        let position = number * 5 + index * 3 + offset;
        let id = format!("4b85469d-6729-4d70-9876-{:012x}", position % SKILLS.len());
        json!({"skill_id": id, "skill": pick(&SKILLS, position)})
    };
    (0..(number + index) % 6).map(skill).collect()
}

fn source_data(number: usize, index: usize) -> Vec<Value> {
    (0..=index % 3)
        .map(|offset| json!({"external_id": format!("source-{number}-{index}-{offset}")}))
        .collect()
}

fn tasks_of(number: usize) -> usize {
    number * 7 % 20
}

fn job_id(number: usize) -> String {
    format!("job-{number}")
}

fn task_id(number: usize, index: usize) -> String {
    format!("task-{number}-{index}")
}

fn statement(number: usize, index: usize) -> String {
    format!("{} {}", pick(&VERBS, number + index), pick(&OBJECTS, number * 3 + index))
}

fn rationale(number: usize, index: usize) -> String {
    let share = (number * 13 + index * 17) % 100;
    format!(
        "About {share} % of this work follows rules that today's tools can learn; the rest needs people."
    )
}

fn level(number: usize, index: usize) -> String {
    format!("H{}", (number + index * 2) % 5 + 1)
}

fn hours(number: usize, index: usize) -> f64 {
    let quarters = u32::try_from((number + index * 5) % 40).unwrap_or_default();
    f64::from(quarters) / 4.0
}

fn pick<'a>(words: &[&'a str], position: usize) -> &'a str {
    words.get(position % words.len()).copied().unwrap_or_default()
}
