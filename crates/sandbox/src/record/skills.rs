//! Translates linked skills to the vocabulary of the requested vendor.

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
    /// `None` is written as null.
    skill: Option<Cow<'a, str>>,
}

/// Translates the skills of one profile.
pub(super) struct SkillTranslator<'a> {
    shape: &'a Shape,
    /// The counterpart of each skill by its id and name, if the profile is harmonized.
    harmonized: HashMap<(String, String), &'a Counterpart>,
}

impl<'a> SkillTranslator<'a> {
    /// The translator of a profile whose tasks have these `linked_skills`.
    pub(super) fn new<'b>(
        linked_skills: impl Iterator<Item = &'b RawValue>,
        shape: &'a Shape,
    ) -> serde_json::Result<Self> {
        let mut translator = Self { shape, harmonized: HashMap::new() };
        let harmonize = shape.settings.skill_mapping == SkillMapping::Harmonized;
        if harmonize && shape.vendor != Vendor::TechWolf && shape.includes(Expansion::LinkedSkills)
        {
            let read: Vec<_> = linked_skills.map(read).collect::<serde_json::Result<_>>()?;
            translator.harmonize(read.into_iter().flatten().flatten());
        }
        Ok(translator)
    }

    /// Chooses the first counterpart of each skill. If no other skill has the same first counterpart, one of lower rank that
    /// is the first counterpart of another skill is preferred. A skill whose first counterpart was already chosen for
    /// another one keeps it, because otherwise two skills could swap their counterparts.
    fn harmonize<'b>(&mut self, skills: impl Iterator<Item = StoredSkill<'b>>) {
        let mut ranked: IndexMap<(String, String), Vec<&'a Counterpart>> = IndexMap::new();
        for skill in skills {
            let name = (skill.skill_id.to_string(), skill.skill.to_string());
            ranked.entry(name).or_insert_with(|| counterparts(self.shape, &skill).collect());
        }
        let mut firsts: HashMap<&str, usize> = HashMap::new();
        for first in ranked.values().filter_map(|counterparts| counterparts.first()) {
            *firsts.entry(&first.skill).or_default() += 1;
        }
        let mut chosen: HashSet<&str> = HashSet::new();
        for (name, counterparts) in ranked {
            let Some((&first, others)) = counterparts.split_first() else { continue };
            let count = |skill: &str| firsts.get(skill).copied().unwrap_or_default();
            let keeps_first = chosen.contains(first.skill.as_str()) || count(&first.skill) > 1;
            let shared = others.iter().find(|other| count(&other.skill) > 0);
            let choice = shared.filter(|_| !keeps_first).copied().unwrap_or(first);
            if choice.skill != first.skill {
                chosen.insert(&choice.skill);
                firsts.remove(first.skill.as_str());
            }
            self.harmonized.insert(name, choice);
        }
    }

    /// The field `linked_skills` of one task, or `None` if it is omitted.
    pub(super) fn translate<'b>(
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
            skills.iter().filter_map(|skill| self.translate_skill(skill)).collect();
        if settings.duplicate_skills == DuplicateSkills::Merge {
            merge(&mut shown);
        }
        if shown.is_empty() && settings.no_skills == NoSkills::Absent {
            return Ok(None);
        }
        to_raw_value(&shown).map(|shown| Some(Cow::Owned(shown)))
    }

    fn translate_skill<'b>(&self, stored: &'b StoredSkill<'_>) -> Option<ShownSkill<'b>>
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
        self.harmonized.get(&(stored.skill_id.to_string(), stored.skill.to_string())).copied()
    }
}

fn counterparts<'a>(
    shape: &'a Shape,
    stored: &StoredSkill<'_>,
) -> impl Iterator<Item = &'a Counterpart> + use<'a> {
    shape.vocabulary.counterparts(shape.vendor, &stored.skill_id, &stored.skill)
}

/// The skills of a task; `None` for null.
fn read(text: &RawValue) -> serde_json::Result<Option<Vec<StoredSkill<'_>>>> {
    serde_json::from_str(text.get())
}

/// Keeps the first of several skills with the same name. Ids are compared only for skills without a name, because two
/// skills with one counterpart may keep their own ids.
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
