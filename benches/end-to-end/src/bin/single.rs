//! A hand-written program for exactly this work: `single HOST MAPPING FILE`. It keeps the tasks at H1 and H2, renames their skills by
//! a mapping, and writes one row of six fields per task. Its time is a lower bound for this work on one thread: it uses the fastest
//! available parser, typed structs that borrow from the response, and one connection. It checks, retries and guarantees nothing.

use std::borrow::Cow;
use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::Write;

use serde::{Deserialize, Serialize};
use sonic_rs::LazyValue;
use taskferry_bench_end_to_end::{Connection, LIMIT, PATH, request};

#[derive(Deserialize)]
struct Page<'a> {
    #[serde(borrow)]
    records: Vec<Job<'a>>,
    next_starting_after: Option<String>,
}

#[derive(Deserialize)]
struct Job<'a> {
    #[serde(borrow)]
    external_id: Cow<'a, str>,
    #[serde(borrow)]
    tasks: Vec<Task<'a>>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "the API defines these names")]
struct Task<'a> {
    #[serde(borrow)]
    task_id: Cow<'a, str>,
    #[serde(borrow)]
    task: Cow<'a, str>,
    #[serde(borrow)]
    weekly_hours: Option<LazyValue<'a>>,
    #[serde(borrow)]
    ai_impact: Option<AiImpact<'a>>,
    #[serde(borrow, default)]
    linked_skills: Vec<Skill<'a>>,
}

#[derive(Deserialize)]
struct AiImpact<'a> {
    #[serde(borrow)]
    level: Cow<'a, str>,
}

#[derive(Deserialize)]
struct Skill<'a> {
    #[serde(borrow)]
    skill_id: Cow<'a, str>,
    #[serde(borrow)]
    skill: Cow<'a, str>,
}

#[derive(Serialize)]
struct Row<'a> {
    job_id: &'a str,
    task_id: &'a str,
    task: &'a str,
    level: &'a str,
    skills: Vec<&'a str>,
    hours: &'a LazyValue<'a>,
}

/// The number of bytes collected for one write.
const BUFFER: usize = 256 << 10;

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().unwrap_or_default();
    let (host, mapping, path) = (argument(), argument(), argument());
    let mapping = fs::read_to_string(mapping)?;
    let rows = mapping.lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',').skip(1);
        Some((cells.next()?, cells.next()?))
    });
    let mapping: HashMap<&str, &str> = rows.collect();
    let no_hours = sonic_rs::from_str("0")?;
    let mut connection = Connection::open(&host)?;
    let mut file = File::create(path)?;
    let (mut cursor, mut answer, mut out) = (None::<String>, Vec::new(), Vec::new());
    loop {
        connection.post(PATH, "token", &request(LIMIT, cursor.as_deref()), &mut answer)?;
        let page: Page<'_> = sonic_rs::from_slice(&answer)?;
        for job in &page.records {
            for task in &job.tasks {
                if let Some(row) = row(&job.external_id, task, &mapping, &no_hours) {
                    sonic_rs::to_writer(&mut out, &row)?;
                    out.push(b'\n');
                }
            }
        }
        cursor = page.next_starting_after;
        if out.len() > BUFFER || cursor.is_none() {
            file.write_all(&out)?;
            out.clear();
        }
        if cursor.is_none() {
            return Ok(());
        }
    }
}

fn row<'a>(
    job: &'a str,
    task: &'a Task<'a>,
    mapping: &HashMap<&str, &'a str>,
    no_hours: &'a LazyValue<'a>,
) -> Option<Row<'a>> {
    let level = &*task.ai_impact.as_ref()?.level;
    if !matches!(level, "H1" | "H2") {
        return None;
    }
    let mut ids: Vec<&str> = Vec::with_capacity(task.linked_skills.len());
    let mut skills = Vec::with_capacity(task.linked_skills.len());
    for skill in &task.linked_skills {
        if !ids.contains(&&*skill.skill_id) {
            ids.push(&skill.skill_id);
            skills.push(mapping.get(&*skill.skill).copied().unwrap_or(&skill.skill));
        }
    }
    let hours = task.weekly_hours.as_ref().unwrap_or(no_hours);
    Some(Row { job_id: job, task_id: &task.task_id, task: &task.task, level, skills, hours })
}
