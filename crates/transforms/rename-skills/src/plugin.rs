//! From the options to the transform, and what can be wrong with them.

use std::collections::BTreeSet;

use taskferry_profile::mapping::{Mistake, composed, read_mapping};
use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, KeyPath, Plugin, Problem, TransformPlugin, nearest,
};

use crate::config::RenameSkills;
use crate::mapping::Mapping;
use crate::transform::Rename;

/// How many bad rows of a mapping are told one by one.
const TOLD_ROWS: usize = 10;

impl Plugin for RenameSkills {
    const TYPE: &'static str = "rename_skills";
}

impl TransformPlugin for RenameSkills {
    fn build(&self, context: &BuildContext<'_>) -> Result<AnyTransform, Vec<Problem>> {
        let mapping = self.read(context)?;
        Ok(AnyTransform::stateless(Rename {
            vendor: self.vendor.clone(),
            mapping,
            unmapped: self.unmapped,
        }))
    }

    fn fields(&self, _: &BuildContext<'_>) -> FieldRule {
        FieldRule::unchanged().requires("linked_skills", "there is no skill to rename")
    }
}

impl RenameSkills {
    fn read(&self, context: &BuildContext<'_>) -> Result<Mapping, Vec<Problem>> {
        let key = || KeyPath::of("mapping");
        let written = self.mapping.display();
        let bytes = context.files().read(&self.mapping).map_err(|error| {
            let resolved = context.files().resolve(&self.mapping);
            let message = format!("can't read the mapping `{written}`: {error}");
            let help = format!("the path resolves to {}", resolved.display());
            vec![Problem::at(key(), "file::unreadable", message).help(help)]
        })?;
        let told = |mistakes| self.tell(mistakes);
        let rows = read_mapping(&bytes).map_err(told)?;
        let vendor = self.vendor.trim();
        let vendors: BTreeSet<String> = rows.iter().map(|row| row.vendor.clone()).collect();
        if !vendors.iter().any(|known| composed(known) == composed(vendor)) {
            return Err(vec![unknown_vendor(vendor, &written.to_string(), &vendors)]);
        }
        Mapping::of(rows, vendor, self.names).map_err(told)
    }

    /// What is wrong in the file, each with its line, up to a limit.
    fn tell(&self, mistakes: Vec<Mistake>) -> Vec<Problem> {
        let (key, written) = (|| KeyPath::of("mapping"), self.mapping.display());
        let more = mistakes.len().saturating_sub(TOLD_ROWS);
        let told = mistakes.into_iter().take(TOLD_ROWS).map(|mistake| {
            let message = format!("{written}:{}: {}", mistake.line, mistake.message);
            let problem = Problem::at(key(), mistake.code, message);
            match mistake.help {
                Some(help) => problem.help(help),
                None => problem,
            }
        });
        let mut problems: Vec<Problem> = told.collect();
        if more > 0 {
            let message = format!("{written}: and {more} more rows that can't be read");
            problems.push(Problem::at(key(), "mapping::row", message));
        }
        problems
    }
}

fn unknown_vendor(vendor: &str, mapping: &str, vendors: &BTreeSet<String>) -> Problem {
    let message = format!("the mapping `{mapping}` has no rows for the vendor `{vendor}`");
    let all: Vec<String> = vendors.iter().map(|name| format!("`{name}`")).collect();
    let help = match nearest(vendor, vendors.iter().map(String::as_str)) {
        _ if all.is_empty() => "the mapping has no rows at all".to_owned(),
        Some(near) => format!("did you mean `{near}`? There are {}", all.join(", ")),
        None => format!("there are {}", all.join(", ")),
    };
    Problem::at(KeyPath::of("vendor"), "mapping::vendor", message).help(help)
}
