//! Checks the options and builds the transform.

use std::collections::BTreeSet;

use taskferry_profile::mapping::{MappingError, composed, read_mapping};
use taskferry_sdk::{
    AnyTransform, BuildContext, FieldRule, KeyPath, Part, Plugin, Problem, TransformPlugin, nearest,
};

use crate::config::RenameSkills;
use crate::mapping::Mapping;
use crate::transform::Rename;

impl Plugin for RenameSkills {
    const TYPE: &'static str = "rename_skills";

    fn warnings(&self, context: &BuildContext<'_>) -> Vec<Problem> {
        let Ok(mapping) = self.read(context) else { return Vec::new() };
        let contradictions = mapping.contradictions();
        let Some((line, why)) = contradictions.first() else { return Vec::new() };
        let more = match contradictions.len() {
            1 => String::new(),
            count => format!("; {} more rows contradict earlier rows", count - 1),
        };
        let message = format!("{}:{line}: {why}{more}", self.mapping.display());
        let problem = Problem::at(KeyPath::of("mapping"), "ambiguous-mapping", message).warning();
        vec![problem.help("correct the rows, or set `rank`: the row with the lower rank is used")]
    }
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
        FieldRule::unchanged()
            .requires("linked_skills", "there is no skill to rename")
            .in_rows(&["skill", "skill_id"])
            .renames_skills(&self.vendor, KeyPath::of("vendor"))
    }

    fn explained_options() -> &'static [&'static str] {
        &["mapping", "unmapped"]
    }
}

impl RenameSkills {
    fn read(&self, context: &BuildContext<'_>) -> Result<Mapping, Vec<Problem>> {
        let bytes = context.files().read(&self.mapping).map_err(|error| {
            vec![context.unreadable_file("mapping", &self.mapping, "the mapping", &error)]
        })?;
        let report = |errors| MappingError::problems(errors, "mapping", &self.mapping);
        let rows = read_mapping(&bytes).map_err(report)?;
        let vendor = self.vendor.trim();
        let vendors: BTreeSet<String> = rows.iter().map(|row| row.vendor.clone()).collect();
        if !vendors.iter().any(|known| composed(known) == composed(vendor)) {
            return Err(vec![unknown_vendor(
                vendor,
                &self.mapping.display().to_string(),
                &vendors,
            )]);
        }
        Mapping::of(rows, vendor, self.names).map_err(report)
    }
}

fn unknown_vendor(vendor: &str, mapping: &str, vendors: &BTreeSet<String>) -> Problem {
    let message = format!("the mapping `{mapping}` has no rows for the vendor `{vendor}`");
    let all: Vec<String> = vendors.iter().map(|name| format!("`{name}`")).collect();
    let help = match nearest(vendor, vendors.iter().map(String::as_str)) {
        _ if all.is_empty() => "the mapping has no rows at all".to_owned(),
        Some(near) => format!("did you mean `{near}`? The vendors are {}", all.join(", ")),
        None => format!("the vendors are {}", all.join(", ")),
    };
    Problem::at(KeyPath::of("vendor"), "unknown-vendor", message)
        .label("not a vendor of the mapping")
        .related(KeyPath::of("mapping"), Part::Value, "the mapping")
        .help(help)
}
