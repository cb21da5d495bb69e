//! Jobs made up from the catalogue.

use std::collections::{HashMap, HashSet};

use serde_json::Number;
use sha2::{Digest, Sha256};
use taskferry_profile::AiLevel;
use taskferry_profile::model::{
    AiImpact, JobProfile, Skill, SourceEntry, Task, TaskHierarchy, ValidationState,
};

use crate::catalog::{
    Cluster, FAMILIES, Family, LEADERSHIP, LocalTask, OWN_TASKS, PLACES, Place, SENIORITIES,
    SHARED_DOMAIN, SKILLS, TEAMWORK, Work, rationales_for,
};
use crate::dice::Dice;
use crate::wording::{expand, explain};

/// Makes up jobs that read like real ones: the same for the same seed, each independent of all others.
///
/// ```
/// use taskferry_sandbox::Generator;
///
/// let job = Generator::new(7).job(41);
/// assert_eq!(job.external_id, "job-000042");
/// assert_eq!(job, Generator::new(7).job(41));
/// ```
pub struct Generator {
    seed: u64,
    skill_ids: HashMap<&'static str, String>,
}

/// When the first job was created: the beginning of 2022 in UTC, in seconds since 1970.
const FIRST_CREATED: i64 = 1_640_995_200;
/// Keeps the dice for updates apart from those for the jobs.
const UPDATES: u64 = 0x1A57;

impl std::fmt::Debug for Generator {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Generator").field("seed", &self.seed).finish_non_exhaustive()
    }
}

impl Generator {
    /// The generator of all jobs of `seed`.
    pub fn new(seed: u64) -> Self {
        let skill_ids = SKILLS.iter().map(|name| (*name, id_of(name))).collect();
        Self { seed, skill_ids }
    }

    /// The job at `index`, counted from 0 in the order of creation.
    pub fn job(&self, index: u32) -> JobProfile {
        let mut dice = Dice::new(self.seed, u64::from(index));
        let external_id = format!("job-{:06}", u64::from(index) + 1);
        let family = dice.pick(FAMILIES);
        let focus = dice.pick(family.clusters);
        let place = dice.pick(PLACES);
        let (seniority, leads) = *dice.pick(SENIORITIES);
        let job_name = format!("{seniority}{}, {}", dice.phrase(focus.titles), place.name);

        let draft =
            Draft { generator: self, external_id: &external_id, family, focus, place, leads };
        let tasks = draft.tasks(&mut dice);
        JobProfile {
            external_id,
            job_name: Some(job_name),
            job_family_id: Some(family.id.to_owned()),
            job_family_name: Some(family.name.to_owned()),
            tasks,
        }
    }

    /// When the job at `index` was last updated, in microseconds since 1970: for three of five when it was created,
    /// for the others up to three months later. One job is created a minute, from the beginning of 2022 on.
    pub(crate) fn last_updated(&self, index: u32) -> i64 {
        let mut dice = Dice::new(self.seed ^ UPDATES, u64::from(index));
        let created = FIRST_CREATED + i64::from(index) * 60;
        let later = if dice.chance(60) { 0 } else { dice.below(90 * 24 * 60 * 60) };
        (created + i64::try_from(later).unwrap_or_default()) * 1_000_000
    }

    fn skill(&self, name: &str) -> Skill {
        let skill_id = self.skill_ids.get(name).cloned().unwrap_or_else(|| id_of(name));
        Skill { skill_id, skill: name.to_owned() }
    }
}

/// What is settled about a job before its tasks are.
struct Draft<'a> {
    generator: &'a Generator,
    external_id: &'a str,
    family: &'static Family,
    /// What the job mostly does.
    focus: &'static Cluster,
    place: &'static Place,
    leads: bool,
}

impl Draft<'_> {
    fn tasks(&self, dice: &mut Dice) -> Vec<Task> {
        let wanted = match dice.below(100) {
            0..7 => 0,
            7..17 => dice.between(1, 5),
            17..90 => dice.between(6, 12),
            _ => dice.between(13, 25),
        };
        let mut tasks = Vec::with_capacity(wanted);
        let mut seen = HashSet::new();
        // The same task is drawn again now and then; a job is content with fewer after many such draws.
        for _ in 0..wanted * 10 {
            if tasks.len() == wanted {
                break;
            }
            let task = self.task(wanted, dice);
            if seen.insert(task.task_id.clone()) {
                tasks.push(task);
            }
        }
        tasks
    }

    fn task(&self, wanted: usize, dice: &mut Dice) -> Task {
        let mut task = match dice.below(100) {
            0..5 => self.own_task(dice),
            5..17 if !self.place.local_tasks.is_empty() => {
                self.local_task(dice.pick(self.place.local_tasks))
            }
            5..17 => self.work_task(SHARED_DOMAIN, &TEAMWORK, dice),
            17..30 if self.leads => self.work_task(SHARED_DOMAIN, &LEADERSHIP, dice),
            17..38 => self.work_task(self.family.domain, dice.pick(self.family.clusters), dice),
            _ => self.work_task(self.family.domain, self.focus, dice),
        };
        task.validation_state = ValidationState(validation_state(dice).to_owned());
        task.weekly_hours = weekly_hours(wanted, dice);
        task.source_data = Some(self.source_data(dice));
        if dice.chance(2) {
            task.ai_impact = None;
        }
        task
    }

    fn work_task(&self, domain: &str, cluster: &Cluster, dice: &mut Dice) -> Task {
        let work = dice.pick(cluster.work);
        let wording = expand(dice.phrase(work.tasks), self.place, dice);
        let level = level_near(work.level, dice);
        let rationale = explain(dice.phrase(rationales_for(level)), work.machine, work.person);
        let mut skills: Vec<&str> =
            work.skills.iter().copied().filter(|_| dice.chance(75)).collect();
        if skills.is_empty() {
            skills.push(dice.phrase(work.skills));
        }
        Task {
            linked_skills: Some(
                skills.into_iter().map(|name| self.generator.skill(name)).collect(),
            ),
            ai_impact: Some(AiImpact { level: level.to_string(), rationale: Some(rationale) }),
            hierarchy: Some(hierarchy(domain, cluster, work)),
            ..bare_task(wording.slug, wording.text)
        }
    }

    fn local_task(&self, local: &LocalTask) -> Task {
        let work = TEAMWORK.work.get(local.canonical_task).unwrap_or(&TEAMWORK.work[0]);
        Task {
            linked_skills: Some(
                work.skills.iter().map(|name| self.generator.skill(name)).collect(),
            ),
            ai_impact: Some(AiImpact {
                level: local.level.to_string(),
                rationale: Some(local.rationale.to_owned()),
            }),
            hierarchy: Some(hierarchy(SHARED_DOMAIN, &TEAMWORK, work)),
            ..bare_task(local.id.to_owned(), local.text.to_owned())
        }
    }

    /// A task that someone at the company added and that has not been assessed yet.
    fn own_task(&self, dice: &mut Dice) -> Task {
        let wording = expand(dice.phrase(OWN_TASKS), self.place, dice);
        Task { linked_skills: Some(Vec::new()), ..bare_task(wording.slug, wording.text) }
    }

    fn source_data(&self, dice: &mut Dice) -> Vec<SourceEntry> {
        let entries: &[&str] = match dice.below(10) {
            0..6 => &["description"],
            6..8 => &["description", "vacancy"],
            8 => &["vacancy"],
            _ => &["title"],
        };
        entries
            .iter()
            .map(|entry| SourceEntry { external_id: format!("{}-{entry}", self.external_id) })
            .collect()
    }
}

fn bare_task(task_id: String, task: String) -> Task {
    Task {
        task_id,
        task,
        validation_state: ValidationState(ValidationState::SUGGESTED.to_owned()),
        weekly_hours: None,
        ai_impact: None,
        linked_skills: None,
        source_data: None,
        hierarchy: None,
    }
}

fn hierarchy(domain: &str, cluster: &Cluster, work: &Work) -> TaskHierarchy {
    TaskHierarchy {
        domain: domain.to_owned(),
        subdomain: cluster.subdomain.to_owned(),
        cluster: cluster.name.to_owned(),
        canonical_task: work.canonical_task.to_owned(),
    }
}

/// The usual level four times out of five, else one beside it.
fn level_near(usual: AiLevel, dice: &mut Dice) -> AiLevel {
    let position = AiLevel::ALL.iter().position(|level| *level == usual).unwrap_or_default();
    let near = match dice.below(10) {
        0 => position.saturating_sub(1),
        1 => position + 1,
        _ => position,
    };
    AiLevel::ALL.get(near).copied().unwrap_or(usual)
}

fn validation_state(dice: &mut Dice) -> &'static str {
    match dice.below(100) {
        0..2 => ValidationState::REJECTED,
        2..37 => ValidationState::SUGGESTED,
        _ => ValidationState::VALIDATED,
    }
}

/// A share of the week in whole hours, or now and then in quarters; absent for one task in twelve.
fn weekly_hours(tasks: usize, dice: &mut Dice) -> Option<Number> {
    if dice.below(12) == 0 {
        return None;
    }
    let quarters = 38 * 4 * dice.between(40, 160) / (100 * tasks.max(4));
    let quarters = u32::try_from(quarters).unwrap_or(4).max(1);
    if dice.chance(40) && quarters % 4 != 0 {
        return Number::from_f64(f64::from(quarters) / 4.0);
    }
    Some(Number::from(quarters.div_ceil(4)))
}

/// An id that looks like a UUID and follows from the name alone.
pub(crate) fn id_of(name: &str) -> String {
    let head = Sha256::digest(name.as_bytes())
        .iter()
        .take(16)
        .fold(0, |head: u128, byte| head << 8 | u128::from(*byte));
    let mut hex = format!("{head:032x}");
    // Version 8 and the usual variant, so that strict readers take it for a UUID.
    hex.replace_range(12..13, "8");
    hex.replace_range(16..17, "9");
    for hyphen in [20, 16, 12, 8] {
        hex.insert(hyphen, '-');
    }
    hex
}
