//! Linked skills in the words of the vendor that was asked for.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::shape::{Expansion, Shape};
use crate::settings::{DuplicateSkills, NoSkills, SkillIds, SkillMapping, UnmappedSkills, Vendor};
use crate::vocabulary::Counterpart;

#[derive(Deserialize)]
struct StoredSkill<'a> {
    #[serde(borrow)]
    skill_id: Cow<'a, str>,
    #[serde(borrow)]
    skill: Cow<'a, str>,
}

#[derive(Serialize)]
struct ShownSkill<'a> {
    skill_id: Cow<'a, str>,
    /// Null for a skill without a counterpart, if that is how those are shown.
    skill: Option<Cow<'a, str>>,
}

/// How the skills of one profile are shown.
pub(super) struct Skills<'a> {
    shape: &'a Shape,
    /// The counterpart of each skill in the profile, by its id and name, if the profile is to be harmonized.
    choices: HashMap<(String, String), &'a Counterpart>,
}

impl<'a> Skills<'a> {
    /// `linked_skills`: those of each task that has any.
    pub(super) fn of<'b>(
        linked_skills: impl Iterator<Item = &'b RawValue>,
        shape: &'a Shape,
    ) -> serde_json::Result<Self> {
        let mut skills = Self { shape, choices: HashMap::new() };
        let harmonized = shape.settings.skill_mapping == SkillMapping::Harmonized;
        if harmonized && shape.vendor != Vendor::TechWolf && shape.includes(Expansion::LinkedSkills)
        {
            let read: Vec<_> = linked_skills.map(read).collect::<serde_json::Result<_>>()?;
            skills.choose(read.into_iter().flatten().flatten());
        }
        Ok(skills)
    }

    /// Gives each skill its first counterpart, or one of lower rank if that is another skill's first and its own is
    /// nobody else's. A counterpart that was joined is stayed with, or two skills would give way to each other.
    fn choose<'b>(&mut self, skills: impl Iterator<Item = StoredSkill<'b>>) {
        let mut ranked: IndexMap<(String, String), Vec<&'a Counterpart>> = IndexMap::new();
        for skill in skills {
            let name = (skill.skill_id.to_string(), skill.skill.to_string());
            ranked.entry(name).or_insert_with(|| counterparts(self.shape, &skill).collect());
        }
        let mut firsts: HashMap<&str, usize> = HashMap::new();
        for first in ranked.values().filter_map(|counterparts| counterparts.first()) {
            *firsts.entry(&first.skill).or_default() += 1;
        }
        let mut joined: HashSet<&str> = HashSet::new();
        for (name, counterparts) in ranked {
            let Some((&first, others)) = counterparts.split_first() else { continue };
            let is_alone = |skill: &str| firsts.get(skill).is_none_or(|count| *count < 2);
            let is_there = |other: &&&Counterpart| {
                firsts.get(other.skill.as_str()).is_some_and(|count| *count > 0)
            };
            let stays = joined.contains(first.skill.as_str()) || !is_alone(&first.skill);
            let choice = others.iter().find(is_there).filter(|_| !stays).copied().unwrap_or(first);
            if choice.skill != first.skill {
                joined.insert(&choice.skill);
                firsts.remove(first.skill.as_str());
            }
            self.choices.insert(name, choice);
        }
    }

    /// The skills of one task, or none if the member is absent.
    pub(super) fn shown<'b>(
        &self,
        stored: Option<&'b RawValue>,
    ) -> serde_json::Result<Option<Cow<'b, RawValue>>> {
        let settings = &self.shape.settings;
        let Some(text) = stored else {
            return match settings.no_skills {
                NoSkills::Empty => to_raw_value(&[(); 0]).map(|none| Some(Cow::Owned(none))),
                NoSkills::Absent => Ok(None),
            };
        };
        if self.shape.vendor == Vendor::TechWolf && settings.no_skills == NoSkills::Empty {
            return Ok(Some(Cow::Borrowed(text)));
        }
        let Some(skills) = read(text)? else { return Ok(Some(Cow::Borrowed(text))) };
        if self.shape.vendor == Vendor::TechWolf {
            return Ok((!skills.is_empty()).then_some(Cow::Borrowed(text)));
        }
        let mut shown: Vec<ShownSkill<'_>> =
            skills.iter().filter_map(|skill| self.translate(skill)).collect();
        if settings.duplicate_skills == DuplicateSkills::Merge {
            merge(&mut shown);
        }
        if shown.is_empty() && settings.no_skills == NoSkills::Absent {
            return Ok(None);
        }
        to_raw_value(&shown).map(|shown| Some(Cow::Owned(shown)))
    }

    fn translate<'b>(&self, stored: &'b StoredSkill<'_>) -> Option<ShownSkill<'b>>
    where
        'a: 'b,
    {
        let settings = &self.shape.settings;
        let Some(counterpart) = self.counterpart(stored) else {
            let own = Cow::Borrowed(stored.skill_id.as_ref());
            return match settings.unmapped_skills {
                UnmappedSkills::Drop => None,
                UnmappedSkills::Keep => Some(ShownSkill {
                    skill_id: own,
                    skill: Some(Cow::Borrowed(stored.skill.as_ref())),
                }),
                UnmappedSkills::Null => Some(ShownSkill { skill_id: own, skill: None }),
            };
        };
        let skill_id = match settings.skill_ids {
            SkillIds::Vendor => &counterpart.skill_id,
            SkillIds::TechWolf => stored.skill_id.as_ref(),
        };
        Some(ShownSkill {
            skill_id: Cow::Borrowed(skill_id),
            skill: Some(Cow::Borrowed(&counterpart.skill)),
        })
    }

    fn counterpart(&self, stored: &StoredSkill<'_>) -> Option<&'a Counterpart> {
        if self.shape.settings.skill_mapping == SkillMapping::Primary {
            return counterparts(self.shape, stored).next();
        }
        self.choices.get(&(stored.skill_id.to_string(), stored.skill.to_string())).copied()
    }
}

fn counterparts<'a>(
    shape: &'a Shape,
    stored: &StoredSkill<'_>,
) -> impl Iterator<Item = &'a Counterpart> + use<'a> {
    shape.vocabulary.counterparts(shape.vendor, &stored.skill_id, &stored.skill)
}

/// The skills of a task; none for null.
fn read(text: &RawValue) -> serde_json::Result<Option<Vec<StoredSkill<'_>>>> {
    serde_json::from_str(text.get())
}

/// Keeps the first of skills that look the same. Skills that keep TechWolf's ids are told apart by the vendor's name
/// alone, and those without a name by their id.
fn merge(skills: &mut Vec<ShownSkill<'_>>) {
    let mut seen: HashSet<String> = HashSet::new();
    skills.retain(|shown| {
        let identity = match &shown.skill {
            Some(name) => format!("name {name}"),
            None => format!("id {}", shown.skill_id),
        };
        seen.insert(identity)
    });
}
