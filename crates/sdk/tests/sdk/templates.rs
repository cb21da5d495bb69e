//! Path templates are filled without leaving their folder.

use std::path::Path;

use proptest::prelude::*;
use taskferry_sdk::{PathTemplate, RunContext, Shard};

#[test]
fn filled_in_values_stay_in_their_folder() {
    let run = RunContext::new("../../etc/passwd", "2026-11-23T20:42:43.5Z".parse().unwrap(), "..");
    let fill =
        |text: &str| text.parse::<PathTemplate>().unwrap().fill(&run).to_str().unwrap().to_owned();
    assert_eq!(fill("out/{pipeline}"), "out/-.-..-etc-passwd");
    assert_eq!(fill("out/{run_id}/x"), "out/-./x");
    assert_eq!(fill("{date}T{time}{{}}"), "2026-11-23T204243{}");
}

#[test]
fn shards_of_an_export_have_distinct_names() {
    let run = RunContext::new("jobs", "2026-11-23T20:42:43Z".parse().unwrap(), "r1");
    let mut sharded = run.clone();
    sharded.shard = Some(Shard::new(2, 8).unwrap());
    let template: PathTemplate = "out/{pipeline}.{shard}.csv".parse().unwrap();
    assert_eq!(template.fill(&run).to_str(), Some("out/jobs.all.csv"));
    assert_eq!(template.fill(&sharded).to_str(), Some("out/jobs.2-of-8.csv"));
    assert!(template.differs_per_shard());
    assert!("out/{run_id}".parse::<PathTemplate>().unwrap().differs_per_shard());
    assert!(!"out/{pipeline}-{{shard}}".parse::<PathTemplate>().unwrap().differs_per_shard());
}

/// The text before the first placeholder is the user's; after it, no part leads out of the folder.
fn stays_below(path: &Path, root: &str) -> bool {
    let Ok(below) = path.strip_prefix(root) else { return false };
    below.components().all(|part| matches!(part, std::path::Component::Normal(_)))
}

proptest! {
    #[test]
    fn any_filled_in_value_stays_in_its_folder(
        pipeline in ".{1,20}|[./\\\\~\0]{1,6}",
        run_id in ".{1,20}|[./\\\\~\0]{1,6}",
        shape in 0..5_usize,
        replay in any::<bool>(),
    ) {
        let shapes = ["{pipeline}", "{run_id}/{pipeline}", "{pipeline}/x-{run_id}.csv", "{pipeline}{run_id}", "a{pipeline}/{date}"];
        let template: PathTemplate = format!("out/{}", shapes[shape]).parse().unwrap();
        let mut run = RunContext::new(pipeline, "2026-11-23T20:42:43Z".parse().unwrap(), run_id);
        run.replay = replay;
        let path = template.fill(&run);
        prop_assert!(stays_below(&path, "out"), "{}", path.display());
        let parts = shapes[shape].split('/').count() + 1;
        prop_assert_eq!(path.components().count(), parts, "{}", path.display());
        prop_assert!(!path.to_str().unwrap().contains('\0'));
    }

    #[test]
    fn any_text_is_a_template_or_an_error(text in "(\\{|\\}|/|\\.|pipeline|run_id|[a-z]|.){0,12}") {
        if let Ok(template) = text.parse::<PathTemplate>() {
            let mut run = RunContext::new("jobs", "2026-11-23T20:42:43Z".parse().unwrap(), "r1");
            prop_assert_eq!(template.as_str(), &text);
            for replay in [false, true] {
                run.replay = replay;
                prop_assert!(!template.fill(&run).as_os_str().is_empty());
            }
        }
    }
}

#[test]
fn template_errors_name_their_cause() {
    let error = |text: &str| text.parse::<PathTemplate>().unwrap_err();
    assert!(error("out/{pipelin}.csv").contains("did you mean `{pipeline}`?"));
    assert!(error("out/{date.csv").contains("brace"));
    assert!(error("out/").contains("folder"));
    assert!(error(" ").contains("empty"));
}
