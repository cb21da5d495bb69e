//! Generates jobs from the catalog.

use std::collections::HashSet;

use serde_json::Number;
use taskferry_profile::AiLevel;
use taskferry_profile::model::{
    AiImpact, JobProfile, SourceEntry, Task, TaskHierarchy, ValidationState,
};

use crate::catalog::{CATALOG, Cluster, Family, LocalTask, Place, Work};
use crate::random::Random;
use crate::template::{TaskText, fill_rationale, fill_task};

/// Generates jobs that read like real ones. The same seed and index give the same job.
///
/// ```
/// use taskferry_sandbox::Generator;
///
/// let job = Generator::new(7).job(41);
/// assert_eq!(job.external_id, "job-000042");
/// assert_eq!(job, Generator::new(7).job(41));
/// ```
#[derive(Debug)]
pub struct Generator {
    seed: u64,
}

/// When the first job was created: the beginning of 2022 in UTC, in seconds since 1970.
const FIRST_CREATED: i64 = 1_640_995_200;
/// Separates the random numbers of updates from those of the jobs.
const UPDATES: u64 = 0x1A57;

impl Generator {
    /// The generator of the jobs of `seed`.
    pub fn new(seed: u64) -> Self {
        Self { seed }
    }

    /// The job at `index`, counted from 0 in the order of creation.
    pub fn job(&self, index: u32) -> JobProfile {
        let mut random = Random::new(self.seed, u64::from(index));
        let external_id = format!("job-{:06}", u64::from(index) + 1);
        let family = random.pick(&CATALOG.families);
        let focus = random.pick(&family.clusters);
        let place = random.pick(&CATALOG.places);
        let seniority = random.pick(&CATALOG.shared.seniorities);
        let title = random.pick(&focus.titles);
        let job_name = format!("{}{title}, {}", seniority.prefix, place.name);

        let draft =
            JobDraft { external_id: &external_id, family, focus, place, leads: seniority.leads };
        let tasks = draft.tasks(&mut random);
        JobProfile {
            external_id,
            job_name: Some(job_name),
            job_family_id: Some(family.id.clone()),
            job_family_name: Some(family.name.clone()),
            tasks,
        }
    }

    /// When the job at `index` was last updated, in microseconds since 1970. One job is created per minute. Three of five jobs are
    /// never updated after their creation; the others are updated within three months.
    pub(crate) fn last_updated(&self, index: u32) -> i64 {
        let mut random = Random::new(self.seed ^ UPDATES, u64::from(index));
        let created = FIRST_CREATED + i64::from(index) * 60;
        let later = if random.percent(60) { 0 } else { random.below(90 * 24 * 60 * 60) };
        (created + i64::try_from(later).unwrap_or_default()) * 1_000_000
    }
}

/// The properties of a job on which its tasks depend.
struct JobDraft<'a> {
    external_id: &'a str,
    family: &'static Family,
    /// The cluster to which most of its tasks belong.
    focus: &'static Cluster,
    place: &'static Place,
    leads: bool,
}

impl JobDraft<'_> {
    fn tasks(&self, random: &mut Random) -> Vec<Task> {
        let wanted = match random.below(100) {
            0..7 => 0,
            7..17 => random.between(1, 5),
            17..90 => random.between(6, 12),
            _ => random.between(13, 25),
        };
        let mut tasks = Vec::with_capacity(wanted);
        let mut seen = HashSet::new();
        // A task may be drawn repeatedly, so the number of draws is limited.
        for _ in 0..wanted * 10 {
            if tasks.len() == wanted {
                break;
            }
            let task = self.task(wanted, random);
            if seen.insert(task.task_id.clone()) {
                tasks.push(task);
            }
        }
        tasks
    }

    fn task(&self, wanted: usize, random: &mut Random) -> Task {
        let shared = &CATALOG.shared;
        let local_tasks = CATALOG.local_tasks(self.place);
        let mut task = match random.below(100) {
            0..5 => self.own_task(random),
            5..17 if !local_tasks.is_empty() => local_task(random.pick(local_tasks)),
            5..17 => self.work_task(&shared.domain, &shared.teamwork, random),
            17..30 if self.leads => self.work_task(&shared.domain, &shared.leadership, random),
            17..38 => {
                let cluster = random.pick(&self.family.clusters);
                self.work_task(&self.family.domain, cluster, random)
            }
            _ => self.work_task(&self.family.domain, self.focus, random),
        };
        task.validation_state = ValidationState(validation_state(random).to_owned());
        task.weekly_hours = weekly_hours(wanted, random);
        task.source_data = Some(self.source_data(random));
        if random.percent(2) {
            task.ai_impact = None;
        }
        task
    }

    fn work_task(&self, domain: &str, cluster: &Cluster, random: &mut Random) -> Task {
        let work = random.pick(&cluster.work);
        let template = random.pick(&work.tasks);
        let TaskText { text, id } = fill_task(template, self.place, random);
        let level = level_near(work.level, random);
        let template = random.pick(CATALOG.rationales(level));
        let rationale = fill_rationale(template, &work.ai_clause, &work.human_clause);
        let mut skills: Vec<_> =
            work.skills.iter().filter(|_| random.percent(75)).cloned().collect();
        if skills.is_empty() {
            skills.push(random.pick(&work.skills).clone());
        }
        Task {
            linked_skills: Some(skills),
            ai_impact: Some(AiImpact { level: level.to_string(), rationale: Some(rationale) }),
            hierarchy: Some(hierarchy(domain, cluster, work)),
            ..bare_task(id, text)
        }
    }

    /// A task that the customer added and that has not been assessed yet.
    fn own_task(&self, random: &mut Random) -> Task {
        let template = random.pick(&CATALOG.shared.own_tasks);
        let TaskText { text, id } = fill_task(template, self.place, random);
        Task { linked_skills: Some(Vec::new()), ..bare_task(id, text) }
    }

    fn source_data(&self, random: &mut Random) -> Vec<SourceEntry> {
        let entries: &[&str] = match random.below(10) {
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

fn local_task(local: &LocalTask) -> Task {
    let (domain, cluster) = (&CATALOG.shared.domain, &CATALOG.shared.teamwork);
    let work = cluster.work.iter().find(|work| work.canonical_task == local.canonical_task);
    Task {
        linked_skills: work.map(|work| work.skills.clone()),
        ai_impact: Some(AiImpact {
            level: local.level.to_string(),
            rationale: Some(local.rationale.clone()),
        }),
        hierarchy: work.map(|work| hierarchy(domain, cluster, work)),
        ..bare_task(local.id.clone(), local.text.clone())
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
        subdomain: cluster.subdomain.clone(),
        cluster: cluster.name.clone(),
        canonical_task: work.canonical_task.clone(),
    }
}

/// The usual level with a probability of four in five, or else the next higher or lower level.
fn level_near(usual: AiLevel, random: &mut Random) -> AiLevel {
    let position = AiLevel::ALL.iter().position(|level| *level == usual).unwrap_or_default();
    let near = match random.below(10) {
        0 => position.saturating_sub(1),
        1 => position + 1,
        _ => position,
    };
    AiLevel::ALL.get(near).copied().unwrap_or(usual)
}

fn validation_state(random: &mut Random) -> &'static str {
    match random.below(100) {
        0..2 => ValidationState::REJECTED,
        2..37 => ValidationState::SUGGESTED,
        _ => ValidationState::VALIDATED,
    }
}

/// The task's part of a week of 38 hours, in whole hours or quarters; absent for one task in twelve.
fn weekly_hours(tasks: usize, random: &mut Random) -> Option<Number> {
    if random.below(12) == 0 {
        return None;
    }
    let quarters = 38 * 4 * random.between(40, 160) / (100 * tasks.max(4));
    let quarters = u32::try_from(quarters).unwrap_or(4).max(1);
    if random.percent(40) && quarters % 4 != 0 {
        return Number::from_f64(f64::from(quarters) / 4.0);
    }
    Some(Number::from(quarters.div_ceil(4)))
}
