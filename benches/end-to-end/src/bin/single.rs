//! The program that somebody would write by hand for exactly this work: `single HOST MAPPING FILE`. Tasks at H1 and H2, one row
//! a task, skills in the words of a mapping, hours under another name; typed structs, one thread. It checks nothing, repeats
//! nothing and promises nothing.

use std::collections::HashMap;
use std::error::Error;
use std::fs::{self, File};
use std::io::{BufWriter, Write};

use serde::{Deserialize, Serialize};
use serde_json::Number;
use taskferry_bench_end_to_end::{Connection, LIMIT, PATH, request};

#[derive(Deserialize)]
struct Page {
    records: Vec<Job>,
    next_starting_after: Option<String>,
}

#[derive(Deserialize)]
struct Job {
    external_id: String,
    tasks: Vec<Task>,
}

#[derive(Deserialize)]
#[expect(clippy::struct_field_names, reason = "they are the API's")]
struct Task {
    task_id: String,
    task: String,
    validation_state: String,
    weekly_hours: Option<Number>,
    ai_impact: Option<AiImpact>,
    #[serde(default)]
    linked_skills: Vec<Skill>,
}

#[derive(Deserialize)]
struct AiImpact {
    level: String,
    rationale: String,
}

#[derive(Deserialize, Serialize)]
struct Skill {
    skill_id: String,
    skill: String,
}

#[derive(Serialize)]
struct Row<'a> {
    job_external_id: &'a str,
    task_id: &'a str,
    task: &'a str,
    validation_state: &'a str,
    ai_impact_level: &'a str,
    ai_impact_rationale: &'a str,
    linked_skills: Vec<Skill>,
    domain: Option<()>,
    subdomain: Option<()>,
    cluster: Option<()>,
    canonical_task: Option<()>,
    hours: Number,
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let mut argument = || arguments.next().unwrap_or_default();
    let (host, mapping, path) = (argument(), argument(), argument());
    let mapping = fs::read_to_string(mapping)?;
    let rows = mapping.lines().skip(1).filter_map(|line| {
        let mut cells = line.split(',').skip(1);
        Some((cells.next()?.to_owned(), cells.next()?.to_owned()))
    });
    let mapping: HashMap<String, String> = rows.collect();
    let mut connection = Connection::open(&host)?;
    let mut out = BufWriter::with_capacity(256 << 10, File::create(path)?);
    let (mut cursor, mut answer) = (None::<String>, Vec::new());
    loop {
        connection.post(PATH, "token", &request(LIMIT, cursor.as_deref()), &mut answer)?;
        let page: Page = serde_json::from_slice(&answer)?;
        for job in page.records {
            for task in job.tasks {
                write_row(&mut out, &job.external_id, task, &mapping)?;
            }
        }
        cursor = page.next_starting_after;
        if cursor.is_none() {
            return Ok(out.flush()?);
        }
    }
}

fn write_row(
    out: &mut impl Write,
    job: &str,
    task: Task,
    mapping: &HashMap<String, String>,
) -> Result<(), Box<dyn Error>> {
    let Some(impact) = task.ai_impact.filter(|impact| matches!(&*impact.level, "H1" | "H2")) else {
        return Ok(());
    };
    let mut skills: Vec<Skill> = Vec::with_capacity(task.linked_skills.len());
    for mut skill in task.linked_skills {
        if let Some(renamed) = mapping.get(&skill.skill) {
            skill.skill.clone_from(renamed);
        }
        if !skills.iter().any(|known| known.skill_id == skill.skill_id) {
            skills.push(skill);
        }
    }
    let row = Row {
        job_external_id: job,
        task_id: &task.task_id,
        task: &task.task,
        validation_state: &task.validation_state,
        ai_impact_level: &impact.level,
        ai_impact_rationale: &impact.rationale,
        linked_skills: skills,
        domain: None,
        subdomain: None,
        cluster: None,
        canonical_task: None,
        hours: task.weekly_hours.unwrap_or_else(|| 0.into()),
    };
    serde_json::to_writer(&mut *out, &row)?;
    out.write_all(b"\n")?;
    Ok(())
}
