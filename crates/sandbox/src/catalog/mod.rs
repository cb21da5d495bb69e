//! The words that generated profiles are made of: one table a job family, plus the work all families share,
//! the places jobs stand in, and the sentences that explain an AI impact level.
//!
//! In a task's text, `[a|b|c]` is one of the alternatives and `{site}` the place of the job.

mod customer_service;
mod data;
mod engineering;
mod family;
mod finance;
mod healthcare;
mod human_resources;
mod information_technology;
mod legal;
mod manufacturing;
mod marketing;
mod places;
mod rationales;
mod sales;
mod shared;
mod skills;
mod supply_chain;
mod vocabulary;

pub(crate) use family::{Cluster, Family, Work};
pub(crate) use places::{LocalTask, PLACES, Place};
pub(crate) use rationales::rationales_for;
pub(crate) use shared::{LEADERSHIP, OWN_TASKS, SENIORITIES, SHARED_DOMAIN, TEAMWORK};
pub(crate) use skills::SKILLS;
pub(crate) use vocabulary::VOCABULARY;

/// All families.
pub(crate) const FAMILIES: &[Family] = &[
    customer_service::FAMILY,
    data::FAMILY,
    engineering::FAMILY,
    finance::FAMILY,
    healthcare::FAMILY,
    human_resources::FAMILY,
    information_technology::FAMILY,
    legal::FAMILY,
    manufacturing::FAMILY,
    marketing::FAMILY,
    sales::FAMILY,
    supply_chain::FAMILY,
];

#[cfg(test)]
mod tests {
    use super::*;

    fn clusters() -> impl Iterator<Item = &'static Cluster> {
        FAMILIES.iter().flat_map(|family| family.clusters).chain([&TEAMWORK, &LEADERSHIP])
    }

    #[test]
    fn every_skill_stands_in_the_list_once() {
        assert!(SKILLS.is_sorted_by(|before, after| before < after));
        let named = || clusters().flat_map(|cluster| cluster.work).flat_map(|work| work.skills);
        for skill in named() {
            assert!(SKILLS.contains(skill), "{skill} is missing in the list");
        }
        for skill in SKILLS {
            assert!(named().any(|named| named == skill), "{skill} belongs to no work");
        }
    }

    #[test]
    fn every_skill_has_a_line_in_the_vocabulary() {
        assert!(VOCABULARY.iter().map(|(skill, ..)| skill).eq(SKILLS));
        let workday: Vec<_> = VOCABULARY.iter().map(|line| line.1).collect();
        let sap: Vec<_> = VOCABULARY.iter().map(|line| line.2).collect();
        for names in [workday, sap] {
            let missing = names.iter().filter(|name| name.is_empty()).count();
            assert!(missing > 0, "some skills have no counterpart");
            let first = names.iter().filter_map(|name| name.split('|').next());
            let distinct: std::collections::HashSet<_> = first.collect();
            assert!(distinct.len() < names.len() - missing, "several skills share one");
        }
    }

    #[test]
    fn every_table_is_complete() {
        for family in FAMILIES {
            for cluster in family.clusters {
                assert!(cluster.titles.len() >= 4, "{}", cluster.name);
            }
        }
        for work in clusters().flat_map(|cluster| cluster.work) {
            assert!(work.tasks.len() >= 2 && work.skills.len() >= 2, "{}", work.canonical_task);
            for clause in [work.machine, work.person] {
                let first = clause.chars().next().unwrap();
                assert!(
                    first.is_lowercase() && !clause.ends_with('.'),
                    "{clause} does not fit into a sentence"
                );
            }
        }
        for local in PLACES.iter().flat_map(|place| place.local_tasks) {
            assert!(local.canonical_task < TEAMWORK.work.len());
        }
    }
}
