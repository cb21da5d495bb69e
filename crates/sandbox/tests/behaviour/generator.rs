//! Generated jobs.

use std::collections::{BTreeSet, HashSet};

use sha2::{Digest, Sha256};
use taskferry_profile::AiLevel;
use taskferry_profile::model::{JobProfile, Task};
use taskferry_sandbox::{DataOrigin, Generator, Sandbox, SandboxError, SandboxOptions};

fn jobs(seed: u64, count: u32) -> Vec<JobProfile> {
    let generator = Generator::new(seed);
    (0..count).map(|index| generator.job(index)).collect()
}

fn tasks(jobs: &[JobProfile]) -> Vec<&Task> {
    jobs.iter().flat_map(|job| &job.tasks).collect()
}

#[test]
fn a_seed_always_generates_the_same_bytes() {
    let mut hash = Sha256::new();
    for job in jobs(1, 200) {
        hash.update(serde_json::to_vec(&job).unwrap());
    }
    assert_eq!(
        taskferry_sdk::hex(&hash.finalize()[..8]),
        "91de647bdeac79a5",
        "the catalog or the generator has changed, and so have all generated jobs"
    );
}

#[test]
fn a_job_depends_only_on_seed_and_index() {
    let backwards: Vec<_> = (0..50).rev().map(|index| Generator::new(9).job(index)).collect();
    assert!(backwards.iter().rev().eq(&jobs(9, 50)));
    assert_eq!(jobs(9, 50), jobs(9, 120)[..50]);
    assert_ne!(jobs(9, 50), jobs(10, 50));
}

#[test]
fn two_hundred_generated_jobs_are_diverse() {
    let jobs = jobs(1, 200);
    let distinct = |texts: Vec<&str>| texts.into_iter().collect::<HashSet<_>>().len();
    let all = tasks(&jobs);
    assert!(distinct(all.iter().map(|task| task.task.as_str()).collect()) > 500);
    assert!(distinct(jobs.iter().filter_map(|job| job.job_name.as_deref()).collect()) > 180);
    assert_eq!(distinct(jobs.iter().filter_map(|job| job.job_family_id.as_deref()).collect()), 12);
    let skills = all.iter().flat_map(|task| task.linked_skills.iter().flatten());
    assert!(distinct(skills.map(|skill| skill.skill.as_str()).collect()) > 150);
}

#[test]
fn generated_profiles_have_the_distribution_of_real_ones() {
    let jobs = jobs(5, 2_000);
    let all = tasks(&jobs);
    let percent = |part: usize, whole: usize| part * 100 / whole;
    let of_tasks = |holds: fn(&Task) -> bool| {
        percent(all.iter().filter(|task| holds(task)).count(), all.len())
    };

    assert!(
        (4..=10)
            .contains(&percent(jobs.iter().filter(|job| job.tasks.is_empty()).count(), jobs.len()))
    );
    assert!(jobs.iter().all(|job| job.tasks.len() <= 25));
    assert!((6..=12).contains(&(all.len() / jobs.len())));
    assert!((1..=3).contains(&of_tasks(|task| task.validation_state.0 == "rejected")));
    assert!((20..=50).contains(&of_tasks(|task| task.validation_state.0 == "suggested")));
    assert!((3..=15).contains(&of_tasks(|task| task.weekly_hours.is_none())));
    assert!((3..=15).contains(&of_tasks(|task| task.ai_impact.is_none())));
    assert!((3..=15).contains(&of_tasks(|task| task.hierarchy.is_none())));
    assert!(
        of_tasks(|task| task
            .weekly_hours
            .as_ref()
            .is_some_and(|hours| hours.to_string().contains('.')))
            > 10
    );
    assert!(of_tasks(|task| !task.task.is_ascii()) > 5);

    let levels: BTreeSet<AiLevel> = all
        .iter()
        .filter_map(|task| task.ai_impact.as_ref())
        .map(|impact| impact.level.parse().unwrap())
        .collect();
    assert_eq!(levels.len(), 5);
    for script in ["東京", "Αθήνα", "ü", "ç", "ł", "ã"] {
        assert!(all.iter().any(|task| task.task.contains(script)), "{script}");
    }
}

#[test]
fn generated_profiles_follow_the_rules_of_the_api() {
    for job in jobs(2, 1_000) {
        let ids: HashSet<_> = job.tasks.iter().map(|task| &task.task_id).collect();
        assert_eq!(ids.len(), job.tasks.len());
        for task in &job.tasks {
            let slug =
                |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-';
            assert!(
                task.task_id.len() <= 100 && task.task_id.bytes().all(slug),
                "{}",
                task.task_id
            );
            assert!((15..=320).contains(&task.task.chars().count()), "{}", task.task);
            let texts = [
                Some(&task.task),
                task.ai_impact.as_ref().and_then(|impact| impact.rationale.as_ref()),
            ];
            for text in texts.into_iter().flatten() {
                assert!(
                    !text.contains(['[', ']', '{', '}', '|']),
                    "a pattern was not filled: {text}"
                );
            }
            for skill in task.linked_skills.iter().flatten() {
                assert_eq!(skill.skill_id.len(), 36);
            }
        }
    }
}

#[test]
fn too_many_jobs_are_refused() {
    let data = DataOrigin::Generated { jobs: 1_000_001, seed: 1 };
    let error = Sandbox::load(SandboxOptions { data, ..SandboxOptions::default() }).unwrap_err();
    assert!(matches!(error, SandboxError::TooManyJobs { jobs: 1_000_001 }));
}
