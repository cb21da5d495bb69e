//! Checks the options and builds the transform.

use std::ops::RangeInclusive;

use taskferry_profile::AiLevel;
use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, KeyPath, Part, Plugin, Problem, TransformPlugin,
};

use crate::config::{FilterAiImpact, Missing};
use crate::transform::{Filter, Wanted};

impl Plugin for FilterAiImpact {
    const TYPE: &'static str = "filter_ai_impact";

    fn warnings(&self, _: &BuildContext<'_>) -> Vec<Problem> {
        let levels = self.levels.as_deref().unwrap_or_default();
        let duplicates = Problem::duplicates(&KeyPath::of("levels"), levels);
        duplicates.into_iter().map(Problem::warning).collect()
    }
}

impl TransformPlugin for FilterAiImpact {
    fn build(&self, _: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let mut problems = Vec::new();
        let levels = self.levels.clone().map(|levels| exact(levels, &mut problems));
        let at_least =
            self.at_least.clone().and_then(|text| known("at_least", &text, &mut problems));
        let at_most = self.at_most.clone().and_then(|text| known("at_most", &text, &mut problems));
        let wanted = if let Some(levels) = levels {
            problems.extend(self.both());
            Wanted::Exactly(levels)
        } else if at_least.or(at_most).is_some() {
            let lowest = at_least.unwrap_or(AiLevel::H1);
            Wanted::Within(range(lowest, at_most.unwrap_or(AiLevel::H5), &mut problems))
        } else {
            if problems.is_empty() {
                problems.push(neither());
            }
            Wanted::Exactly(Vec::new())
        };
        if !problems.is_empty() {
            return Err(problems);
        }
        Ok(AnyTransform::stateless(Filter {
            wanted,
            missing: self.missing,
            empty_jobs: self.empty_jobs,
        }))
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        let consequence = match self.missing {
            Missing::Drop => "tasks have no AI impact level, so all tasks would be dropped",
            Missing::Keep => "tasks have no AI impact level, so all tasks would be kept",
            Missing::Fail => "tasks have no AI impact level, so all records would be refused",
        };
        FieldRule::unchanged().requires("ai_impact", consequence).in_rows(&["ai_impact_level"])
    }

    fn explained_options() -> &'static [&'static str] {
        &["levels", "at_least", "at_most", "missing", "empty_jobs"]
    }
}

/// Checks `levels`. The API may add levels, so any `H` with a number is valid.
fn exact(levels: Vec<String>, problems: &mut Vec<Problem>) -> Vec<String> {
    let path = KeyPath::of("levels");
    if levels.is_empty() {
        let problem = Problem::at(path.clone(), "empty-value", "`levels` is empty");
        problems.push(problem.help("name at least one level, for example [\"H1\", \"H2\"]"));
    }
    for (index, level) in levels.iter().enumerate() {
        if !looks_like_a_level(level) {
            problems.push(wrong_level(path.index(index), level));
        }
    }
    levels
}

fn known(key: &str, text: &str, problems: &mut Vec<Problem>) -> Option<AiLevel> {
    text.parse().map_err(|_| problems.push(wrong_level(KeyPath::of(key), text))).ok()
}

fn looks_like_a_level(text: &str) -> bool {
    text.strip_prefix('H').is_some_and(|number| {
        !number.is_empty()
            && !number.starts_with('0')
            && number.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn wrong_level(path: KeyPath, text: &str) -> Problem {
    let digits = text.trim().trim_start_matches(['H', 'h']).trim();
    let meant = AiLevel::ALL.into_iter().find(|level| level.as_str().ends_with(digits));
    let help = match meant.filter(|_| digits.len() == 1) {
        Some(level) => format!("write `{level}`"),
        None => "the levels are `H1`, `H2`, `H3`, `H4` and `H5`".to_owned(),
    };
    Problem::at(path, "unknown-level", format!("`{text}` is not an AI impact level")).help(help)
}

fn range(
    lowest: AiLevel,
    highest: AiLevel,
    problems: &mut Vec<Problem>,
) -> RangeInclusive<AiLevel> {
    if lowest > highest {
        let message =
            format!("`at_least` ({lowest}) is above `at_most` ({highest}), so no level matches");
        let problem = Problem::at(KeyPath::of("at_least"), "empty-value", message);
        problems.push(
            problem
                .label(format!("levels from {lowest} on"))
                .related(KeyPath::of("at_most"), Part::Value, format!("levels up to {highest}"))
                .help(format!("write `at_least = \"{highest}\"` and `at_most = \"{lowest}\"`")),
        );
    }
    lowest..=highest
}

impl FilterAiImpact {
    /// Reports that both `levels` and a range are set.
    fn both(&self) -> Option<Problem> {
        let range = [("at_least", &self.at_least), ("at_most", &self.at_most)];
        let mut range = range.into_iter().filter(|(_, level)| level.is_some()).peekable();
        range.peek()?;
        let message = "`levels` and a range can't be used together";
        let problem = Problem::at(KeyPath::of("levels"), "conflicting-options", message)
            .part(Part::Key)
            .label("exactly these levels")
            .help("keep either `levels`, or `at_least` and `at_most`");
        Some(range.fold(problem, |problem, (key, _)| {
            problem.related(KeyPath::of(key), Part::Key, "a range of levels")
        }))
    }
}

fn neither() -> Problem {
    Problem::at(KeyPath::root(), "missing-key", "neither `levels` nor a range is set")
        .part(Part::Key)
        .label("needs `levels`, `at_most` or `at_least`")
        .help("add for example `levels = [\"H1\", \"H2\"]` or `at_most = \"H2\"`")
}
