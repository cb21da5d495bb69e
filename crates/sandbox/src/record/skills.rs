//! Linked skills in the words of the vendor that was asked for.

use std::borrow::Cow;
use std::collections::HashSet;

use serde::{Deserialize, Serialize};
use serde_json::value::{RawValue, to_raw_value};

use super::tasks::StoredTask;
use super::{Expansion, Shape};
use crate::vocabulary::Counterpart;
use crate::{DuplicateSkills, NoSkills, SkillIds, SkillMapping, UnmappedSkills, Vendor};

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
    /// The best counterparts of all skills in the profile, if the profile is to be harmonized.
    first_choices: HashSet<&'a str>,
}

impl<'a> Skills<'a> {
    pub(super) fn of(tasks: &[StoredTask<'_>], shape: &'a Shape) -> serde_json::Result<Self> {
        let mut first_choices = HashSet::new();
        let harmonized = shape.settings.skill_mapping == SkillMapping::Harmonized;
        if harmonized && shape.vendor != Vendor::TechWolf && shape.includes(Expansion::LinkedSkills)
        {
            for skills in tasks.iter().filter_map(|task| task.linked_skills) {
                for skill in read(skills)?.unwrap_or_default() {
                    let best = counterparts(shape, &skill).next();
                    first_choices.extend(best.map(|best| best.skill.as_str()));
                }
            }
        }
        Ok(Self { shape, first_choices })
    }

    /// The skills of one task, or none if the member is absent.
    pub(super) fn shown<'b>(
        &self,
        stored: Option<&'b RawValue>,
    ) -> serde_json::Result<Option<Cow<'b, RawValue>>> {
        let Some(text) = stored else { return Ok(None) };
        let settings = &self.shape.settings;
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
        let mut ranked = counterparts(self.shape, stored);
        let first = ranked.next()?;
        // A second-best one is better if the profile has it anyway.
        let shared = ranked.find(|other| self.first_choices.contains(other.skill.as_str()));
        Some(shared.unwrap_or(first))
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
