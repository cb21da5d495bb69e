//! The texts from which jobs are generated. They are read from the JSON files in `data/`.
//!
//! In the text of a task, `[a|b|c]` stands for one of the alternatives and `{site}` for the place of the job.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use serde::de::Error;
use serde::{Deserialize, Deserializer};
use sha2::{Digest, Sha256};
use taskferry_profile::AiLevel;
use taskferry_profile::model::Skill;

/// The catalog. Its files are part of the program, and a test reads them.
pub(crate) static CATALOG: LazyLock<Catalog> = LazyLock::new(|| {
    #[expect(clippy::expect_used, reason = "a test reads the files that are compiled in")]
    Catalog::read().expect("the files of the catalog are valid")
});

/// The order decides which family a seed generates.
const FAMILIES: [&str; 12] = [
    include_str!("../data/families/customer_service.json"),
    include_str!("../data/families/data.json"),
    include_str!("../data/families/engineering.json"),
    include_str!("../data/families/finance.json"),
    include_str!("../data/families/healthcare.json"),
    include_str!("../data/families/human_resources.json"),
    include_str!("../data/families/information_technology.json"),
    include_str!("../data/families/legal.json"),
    include_str!("../data/families/manufacturing.json"),
    include_str!("../data/families/marketing.json"),
    include_str!("../data/families/sales.json"),
    include_str!("../data/families/supply_chain.json"),
];

pub(crate) struct Catalog {
    pub(crate) families: Vec<Family>,
    pub(crate) shared: Shared,
    pub(crate) places: Vec<Place>,
    /// The tasks written in each language.
    local_tasks: BTreeMap<String, Vec<LocalTask>>,
}

/// A job family: jobs that do the same kind of work.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Family {
    /// The id in the filter `job_family_id_is_in_list`.
    pub(crate) id: String,
    pub(crate) name: String,
    /// First level of the work taxonomy for the family's own work.
    pub(crate) domain: String,
    pub(crate) clusters: Vec<Cluster>,
}

/// Third level of the work taxonomy, with the titles of the jobs that mostly do this work.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Cluster {
    /// Second level of the work taxonomy.
    pub(crate) subdomain: String,
    pub(crate) name: String,
    /// Empty for the work that all families share.
    #[serde(default)]
    pub(crate) titles: Vec<String>,
    pub(crate) work: Vec<Work>,
}

/// Fourth level of the work taxonomy, with the texts of its tasks.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Work {
    pub(crate) canonical_task: String,
    /// The usual level. The level of a single task may be one higher or lower.
    #[serde(deserialize_with = "level")]
    pub(crate) level: AiLevel,
    pub(crate) tasks: Vec<String>,
    #[serde(deserialize_with = "skills")]
    pub(crate) skills: Vec<Skill>,
    /// A clause that names the part that AI does.
    pub(crate) ai_clause: String,
    /// A clause that names the part that people do.
    pub(crate) human_clause: String,
}

/// Work that occurs in all families.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Shared {
    /// First level of the work taxonomy for all shared work.
    pub(crate) domain: String,
    pub(crate) seniorities: Vec<Seniority>,
    pub(crate) teamwork: Cluster,
    /// Work of jobs whose seniority leads others.
    pub(crate) leadership: Cluster,
    /// Tasks that the customer wrote: they have no place in the taxonomy and no skills.
    pub(crate) own_tasks: Vec<String>,
    /// Sentences that explain each level. `{ai}` and `{human}` are the clauses of the work, `{Ai}` and `{Human}` the same
    /// clauses at the start of a sentence.
    rationales: BTreeMap<String, Vec<String>>,
}

/// A level of seniority in the title of a job.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Seniority {
    pub(crate) prefix: String,
    pub(crate) leads: bool,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Place {
    pub(crate) name: String,
    /// The name in ASCII, for task ids.
    pub(crate) slug: String,
    /// The language of its local tasks, if it has any.
    #[serde(default)]
    language: Option<String>,
}

/// A task of [`Shared::teamwork`] in another language than English.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct LocalTask {
    pub(crate) id: String,
    pub(crate) text: String,
    #[serde(deserialize_with = "level")]
    pub(crate) level: AiLevel,
    pub(crate) rationale: String,
    pub(crate) canonical_task: String,
}

impl Catalog {
    fn read() -> serde_json::Result<Self> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Places {
            places: Vec<Place>,
            local_tasks: BTreeMap<String, Vec<LocalTask>>,
        }
        let families = FAMILIES.into_iter().map(serde_json::from_str).collect::<Result<_, _>>()?;
        let shared = serde_json::from_str(include_str!("../data/shared.json"))?;
        let Places { places, local_tasks } =
            serde_json::from_str(include_str!("../data/places.json"))?;
        Ok(Self { families, shared, places, local_tasks })
    }

    /// The tasks that are written in the language of `place`.
    pub(crate) fn local_tasks(&self, place: &Place) -> &[LocalTask] {
        let tasks = place.language.as_ref().and_then(|language| self.local_tasks.get(language));
        tasks.map_or(&[], Vec::as_slice)
    }

    /// The sentences that explain `level`.
    pub(crate) fn rationales(&self, level: AiLevel) -> &[String] {
        self.shared.rationales.get(level.as_str()).map_or(&[], Vec::as_slice)
    }
}

fn level<'de, D: Deserializer<'de>>(deserializer: D) -> Result<AiLevel, D::Error> {
    String::deserialize(deserializer)?.parse().map_err(D::Error::custom)
}

/// Skills are written by name.
fn skills<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Skill>, D::Error> {
    let names = Vec::<String>::deserialize(deserializer)?;
    Ok(names.into_iter().map(|skill| Skill { skill_id: id_of(&skill), skill }).collect())
}

/// An id in the form of a UUID that is derived from the name alone.
pub(crate) fn id_of(name: &str) -> String {
    let mut hex = taskferry_sdk::hex(Sha256::digest(name.as_bytes()));
    hex.truncate(32);
    // Version 8 and the usual variant, so that strict parsers accept it as a UUID.
    hex.replace_range(12..13, "8");
    hex.replace_range(16..17, "9");
    for hyphen in [20, 16, 12, 8] {
        hex.insert(hyphen, '-');
    }
    hex
}
