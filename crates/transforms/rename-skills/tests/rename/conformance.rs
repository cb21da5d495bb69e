//! The rules for plugins.

use serde_json::json;
use taskferry_sdk::conformance::Conformance;
use taskferry_sdk::testing::Files;
use taskferry_transform_rename_skills::RenameSkills;

const MAPPING: &str =
    "vendor,skill_id,skill,vendor_skill\nworkday,,Statistics,Statistical Analysis\n";

#[test]
fn rename_skills_conforms_to_the_rules_for_transforms() {
    let options = json!({"vendor": "workday", "mapping": "skills.csv"});
    let files = Files::new().with("skills.csv", MAPPING);
    Conformance::transform::<RenameSkills>(options).files(files).run();
}
