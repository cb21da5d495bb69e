//! Translates linked skills to the vocabulary of the requested vendor.

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};

use indexmap::IndexMap;
use taskferry_sdk::json::{ArrayWriter, Kind, Node, Text};

use super::shape::{Expansion, Shape};
use crate::settings::{DuplicateSkills, NoSkills, SkillIds, SkillMapping, UnmappedSkills, Vendor};
use crate::vocabulary::Counterpart;

/// A skill as the response shows it: its id, and its name, which can be null.
type ShownSkill<'a> = (Cow<'a, str>, Option<Cow<'a, str>>);

/// Translates the skills of one profile.
pub(super) struct SkillTranslator<'a> {
    shape: &'a Shape,
    /// The counterpart of each skill by its id and name, if the profile is harmonized.
    harmonized: HashMap<(String, String), &'a Counterpart>,
}

impl<'a> SkillTranslator<'a> {
    pub(super) fn new(shape: &'a Shape) -> Self {
        Self { shape, harmonized: HashMap::new() }
    }

    /// Chooses the counterparts of all skills of the profile, if it is harmonized.
    ///
    /// A skill gets its first counterpart, unless a lower-ranked one is the first counterpart of another skill: then it gets the
    /// lower-ranked one. It still keeps its first counterpart if that is also the first counterpart of another skill, or was
    /// already chosen for another skill. Otherwise two skills could swap their counterparts.
    pub(super) fn harmonize<'b>(&mut self, skills: impl Iterator<Item = Node<'b>>) {
        let harmonizes = self.shape.settings.skill_mapping == SkillMapping::Harmonized
            && self.shape.vendor != Vendor::TechWolf;
        if !harmonizes || !self.shape.includes(Expansion::LinkedSkills) {
            return;
        }
        let mut ranked: IndexMap<(String, String), Vec<&'a Counterpart>> = IndexMap::new();
        for skill in skills {
            let (id, name) = id_and_name(skill);
            let counterparts = || counterparts(self.shape, skill).collect();
            ranked.entry((id.into(), name.into())).or_insert_with(counterparts);
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
    pub(super) fn translate(&self, stored: Option<Node<'_>>) -> Option<Text> {
        let settings = &self.shape.settings;
        let shows_empty = settings.no_skills == NoSkills::Empty;
        let Some(stored) = stored else { return shows_empty.then(|| Text::array(|_| {})) };
        if self.shape.vendor == Vendor::TechWolf || stored.is_null() {
            let is_empty = stored.kind() == Kind::Array && stored.is_empty();
            return (!is_empty || shows_empty).then(|| Text::value(stored));
        }
        let skills = stored.items().filter_map(|skill| self.translate_skill(skill));
        let mut skills: Vec<ShownSkill<'_>> = skills.collect();
        if settings.duplicate_skills == DuplicateSkills::Merge {
            merge(&mut skills);
        }
        let write = |array: &mut ArrayWriter<'_>| {
            for (id, name) in &skills {
                array.object(|skill| {
                    skill.member("skill_id", &**id);
                    skill.member("skill", name.as_deref());
                });
            }
        };
        (!skills.is_empty() || shows_empty).then(|| Text::array(write))
    }

    fn translate_skill<'b>(&self, stored: Node<'b>) -> Option<ShownSkill<'b>>
    where
        'a: 'b,
    {
        let settings = &self.shape.settings;
        let (id, name) = id_and_name(stored);
        let counterpart = match settings.skill_mapping {
            SkillMapping::Primary => counterparts(self.shape, stored).next(),
            SkillMapping::Harmonized => {
                self.harmonized.get(&(id.to_string(), name.to_string())).copied()
            }
        };
        match (counterpart, settings.unmapped_skills) {
            (Some(counterpart), _) => {
                let skill = Cow::Borrowed(counterpart.skill.as_str());
                let vendor_id = Cow::Borrowed(counterpart.skill_id.as_str());
                let keeps_id = settings.skill_ids == SkillIds::TechWolf;
                Some((if keeps_id { id } else { vendor_id }, Some(skill)))
            }
            (None, UnmappedSkills::Drop) => None,
            (None, UnmappedSkills::Keep) => Some((id, Some(name))),
            (None, UnmappedSkills::Null) => Some((id, None)),
        }
    }
}

fn id_and_name(skill: Node<'_>) -> (Cow<'_, str>, Cow<'_, str>) {
    let text = |key| skill.get(key).and_then(Node::as_str).unwrap_or_default();
    (text("skill_id"), text("skill"))
}

fn counterparts<'a>(
    shape: &'a Shape,
    stored: Node<'_>,
) -> impl Iterator<Item = &'a Counterpart> + use<'a> {
    let (id, name) = id_and_name(stored);
    shape.vocabulary.counterparts(shape.vendor, &id, &name)
}

/// Keeps the first of several skills with the same name. Ids are compared only for skills without a name, because two
/// skills with one counterpart may keep their own ids.
fn merge(skills: &mut Vec<ShownSkill<'_>>) {
    let mut seen: HashSet<String> = HashSet::new();
    skills.retain(|(id, name)| {
        let identity = match name {
            Some(name) => format!("name {name}"),
            None => format!("id {id}"),
        };
        seen.insert(identity)
    });
}
