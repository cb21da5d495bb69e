//! The texts from which jobs are generated, in `data/`.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::Value;
use taskferry_profile::AiLevel;
use taskferry_profile::mapping::read_mapping;
use taskferry_sandbox::Generator;

fn data(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("data").join(name)
}

fn read(path: &Path) -> Value {
    serde_json::from_slice(&std::fs::read(path).unwrap()).unwrap()
}

fn list<'a>(object: &'a Value, key: &str) -> &'a [Value] {
    object[key].as_array().unwrap_or_else(|| panic!("{key} in {object}"))
}

fn families() -> Vec<Value> {
    let files = std::fs::read_dir(data("families")).unwrap();
    files.map(|file| read(&file.unwrap().path())).collect()
}

fn work() -> Vec<Value> {
    let shared = read(&data("shared.json"));
    let of_families = families().into_iter().flat_map(|family| list(&family, "clusters").to_vec());
    let clusters = of_families.chain([shared["teamwork"].clone(), shared["leadership"].clone()]);
    clusters.flat_map(|cluster| list(&cluster, "work").to_vec()).collect()
}

#[test]
fn no_list_is_empty_and_clauses_fit_into_sentences() {
    assert_eq!(families().len(), 12);
    for family in families() {
        assert!(!list(&family, "clusters").is_empty(), "{}", family["name"]);
        for cluster in list(&family, "clusters") {
            assert!(list(cluster, "titles").len() >= 4, "{}", cluster["name"]);
            assert!(!list(cluster, "work").is_empty(), "{}", cluster["name"]);
        }
    }
    for work in work() {
        let is_long = |key| list(&work, key).len() >= 2;
        assert!(is_long("tasks") && is_long("skills"), "{}", work["canonical_task"]);
        for clause in ["ai_clause", "human_clause"].map(|key| work[key].as_str().unwrap()) {
            let fits = clause.starts_with(char::is_lowercase) && !clause.ends_with('.');
            assert!(fits, "{clause} does not fit into a sentence");
        }
    }
    let shared = read(&data("shared.json"));
    for level in AiLevel::ALL {
        assert!(!list(&shared["rationales"], level.as_str()).is_empty(), "{level}");
    }
    assert!(!list(&shared, "seniorities").is_empty() && !list(&shared, "own_tasks").is_empty());
    assert!(!list(&shared["teamwork"], "work").is_empty());
    assert!(!list(&shared["leadership"], "work").is_empty());
}

#[test]
fn local_tasks_have_a_language_and_existing_work() {
    let (places, shared) = (read(&data("places.json")), read(&data("shared.json")));
    let local = places["local_tasks"].as_object().unwrap();
    for language in list(&places, "places").iter().filter_map(|place| place["language"].as_str()) {
        assert!(!list(&places["local_tasks"], language).is_empty(), "{language}");
    }
    for task in local.values().flat_map(|tasks| tasks.as_array().unwrap()) {
        let mut work = list(&shared["teamwork"], "work").iter();
        assert!(work.any(|work| work["canonical_task"] == task["canonical_task"]), "{task}");
    }
}

#[test]
fn every_skill_of_the_vocabulary_belongs_to_work() {
    let known: BTreeSet<String> = work()
        .iter()
        .flat_map(|work| list(work, "skills"))
        .map(|skill| skill.as_str().unwrap().to_owned())
        .collect();
    let rows = read_mapping(&std::fs::read(data("vocabulary.csv")).unwrap()).unwrap();
    for name in rows.iter().filter_map(|row| row.skill.as_ref()) {
        assert!(known.contains(name), "{name} belongs to no work");
    }
}

#[test]
fn slugs_name_the_place_and_are_truncated_between_words() {
    let jobs = (0..3000).map(|index| Generator::new(1).job(index));
    let tasks: Vec<_> = jobs.flat_map(|job| job.tasks).collect();
    let slug = |text: &str| {
        let text = text.replace("東京", "tokyo").to_ascii_lowercase();
        let words = text.split(|letter: char| !letter.is_ascii_alphanumeric());
        words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join("-")
    };
    let (mut in_tokyo, mut truncated) = (0, 0);
    for task in tasks.iter().filter(|task| task.task.starts_with(|it: char| it.is_ascii())) {
        let (text, id) = (&task.task, &task.task_id);
        in_tokyo += usize::from(text.contains("東京") && id.contains("tokyo"));
        if text.is_ascii() && slug(text) != *id {
            assert!(slug(text).starts_with(&format!("{id}-")), "{id} of {text}");
            truncated += 1;
        }
    }
    assert!(in_tokyo > 0, "no task is in Tokyo");
    assert!(tasks.iter().map(|task| task.task_id.len()).max() > Some(60));
    // Few texts are long enough.
    assert!(truncated <= tasks.len() / 100, "{truncated}");
}
