//! `taskferry new pipeline`: every preset can be checked and run as it is.

use std::collections::BTreeSet;

use taskferry_testkit::{Context, Outcome};

use crate::schema::validator;

const PRESETS: [&str; 4] = ["h1-h2-rows", "full", "excel", "webhook"];

fn create(context: &Context, preset: &str) -> Outcome {
    context.taskferry(&["new", "pipeline", "night", "--preset", preset])
}

/// The names of the variables in a text.
fn variables(text: &str, before: &str, ends: &[char]) -> BTreeSet<String> {
    let names = text.split(before).skip(1).map(|rest| rest.split(ends).next().unwrap());
    names.map(str::to_owned).collect()
}

#[test]
fn every_preset_passes_check_and_runs_with_generated_data() {
    for preset in PRESETS {
        let context = Context::new();
        create(&context, preset).with_code(0);
        let file = "night/night.toml";
        let checked = context.taskferry(&["check", file, "--sandbox"]).with_code(0);
        assert_eq!(checked.stderr.lines().count(), 1, "no warning: {}", checked.stderr);
        context.taskferry(&["run", file, "--sandbox", "--summary", "s.json"]).with_code(0);
        let manifest = context.json("s.json");
        assert_eq!(manifest["pipeline"], "night");
        assert_eq!(manifest["warnings"], serde_json::json!([]), "{preset}");
        assert_ne!(manifest["sinks"][0]["records"], 0, "{preset}");
        for transform in manifest["transforms"].as_array().unwrap() {
            assert_ne!(transform["records_out"], 0, "{preset}: {transform}");
        }
    }
}

#[test]
fn every_preset_passes_check_with_the_variables_of_its_example() {
    for preset in PRESETS {
        let context = Context::new();
        create(&context, preset).with_code(0);
        let example = context.read("night/.env.example");
        let filled = example.replace("URL=\n", "URL=https://acme.eu3.techwolf.ai\n");
        let filled = filled.replace("=\n", "=acme\n");
        assert_ne!(example, filled);
        context.write("night/.env", &filled);
        let script = "set -a; . night/.env; set +a; exec \"$TASKFERRY\" check night/night.toml";
        let checked = context.script(script).with_code(0);
        assert_eq!(checked.stderr.lines().count(), 1, "no warning: {}", checked.stderr);
    }
}

#[test]
fn the_test_of_every_preset_passes_without_variables() {
    for preset in PRESETS {
        let context = Context::new();
        create(&context, preset).with_code(0);
        let tested = context.taskferry(&["test", "night/night.toml"]).with_code(0);
        let output = format!("{}{}", tested.stdout, tested.stderr);
        assert!(output.contains("1 passed"), "{preset}: {output}");
    }
}

#[test]
fn the_example_lists_every_variable_of_the_pipeline_and_no_other() {
    for preset in PRESETS {
        let context = Context::new();
        create(&context, preset).with_code(0);
        let used = variables(&context.read("night/night.toml"), "${", &[':', '}']);
        let example = context.read("night/.env.example");
        let lines = example.lines().map(|line| line.trim_start_matches('#'));
        let listed = lines.filter_map(|line| line.split_once('=')).map(|(name, _)| name.to_owned());
        assert_eq!(listed.collect::<BTreeSet<_>>(), used, "{preset}");
    }
}

#[test]
fn the_pipeline_follows_the_schema_beside_it() {
    for preset in PRESETS {
        let context = Context::new();
        create(&context, preset).with_code(0);
        let pipeline = context.read("night/night.toml");
        assert!(pipeline.starts_with("#:schema pipeline.schema.json\n"));
        let schema = validator(&context.read("night/pipeline.schema.json"));
        assert!(schema.is_valid(&toml::from_str(&pipeline).unwrap()), "{preset}");
    }
}

#[test]
fn the_files_are_listed_with_the_next_command() {
    let context = Context::new();
    let ended = create(&context, "h1-h2-rows").with_code(0);
    assert_eq!(ended.stdout, "");
    insta::assert_snapshot!(ended.stderr, @"
    wrote night/night.toml
    wrote night/night.test.toml
    wrote night/.env.example
    wrote night/skills.csv
    wrote night/pipeline.schema.json

      taskferry run night/night.toml --sandbox    runs it with generated data
      taskferry test night/night.toml             runs its test
    `night/.env.example` lists the variables for your tenant.
    ");
}

#[test]
fn the_pipeline_explains_each_option() {
    let context = Context::new();
    create(&context, "h1-h2-rows").with_code(0);
    insta::assert_snapshot!(context.read("night/night.toml"), @r#"
    #:schema pipeline.schema.json
    #
    # Tasks that AI can take over: one row per task with the level H1 or H2, with the skill names of your HR system.
    #
    # Try it with generated data. This needs no variables, and the output files have other names:
    #
    #   taskferry run night/night.toml --sandbox
    #
    # The first line gives the keys and their descriptions to editors with a TOML language server. `taskferry plugins TYPE` prints
    # the options of a plugin.

    # The name in messages, in the manifest, and in `{pipeline}` below. The name also determines the state folder, so do not
    # change the name later.
    name = "night"
    description = "Tasks with the AI impact level H1 or H2, one row per task"

    [source]
    type = "techwolf"

    # The address of your tenant. `.env.example` explains all variables.
    url = "${TECHWOLF_URL}"

    # Optional fields of tasks to request from the API. `filter_ai_impact` needs `ai_impact`, and `rename_skills` needs
    # `linked_skills`.
    include = ["ai_impact", "linked_skills", "weekly_hours"]

    # The client that TechWolf issued for the tenant. The defaults are those of the EU.
    [source.auth]
    token_url = "${TECHWOLF_TOKEN_URL:-https://techwolf.eu.auth0.com/oauth/token}"
    client_id = "${TECHWOLF_CLIENT_ID}"
    client_secret = "${TECHWOLF_CLIENT_SECRET}"
    audience = "${TECHWOLF_AUDIENCE:-eu3.techwolf.ai}"
    tenant = "${TECHWOLF_TENANT}"

    # Keeps the tasks with these levels. H1 is done by AI alone, H5 only by a person.
    [[transform]]
    type = "filter_ai_impact"
    levels = ["H1", "H2"]

    # Replaces skill names with those in `skills.csv`, which has three rows as an example. A skill that is not in the file keeps its
    # name.
    [[transform]]
    type = "rename_skills"
    # The rows of the file with this text in the column `vendor`.
    vendor = "workday"
    # A relative path starts at the folder of this file.
    mapping = "skills.csv"

    # Turns one record per job into one row per task.
    [[transform]]
    type = "flatten_hierarchy"
    into = "rows"

    # Writes one JSON object per line. Until the export is complete, the name of the file is `.FILE.part`. A relative path starts at the
    # working directory.
    [[sink]]
    type = "file"
    path = "out/{pipeline}-{date}.ndjson"
    format = "ndjson"

    # Publishes nothing if an export has far fewer jobs than the last one, and ends with exit code 8.
    [expect]
    min_jobs = 1
    max_drop_percent = 20
    "#);
}

#[test]
fn the_example_explains_each_variable() {
    let context = Context::new();
    create(&context, "h1-h2-rows").with_code(0);
    insta::assert_snapshot!(context.read("night/.env.example"), @"
    # The variables of night.toml. Copy this file to `.env`, fill it in, and load it before a run:
    #
    #   cp night/.env.example night/.env
    #   set -a; . night/.env; set +a
    #   taskferry run night/night.toml
    #
    # Keep `.env` out of version control, because it contains secrets.

    # The address of the tenant's API, without a path: https://TENANT.eu3.techwolf.ai, or https://TENANT.us3.techwolf.ai in the US.
    TECHWOLF_URL=

    # The tenant's name, which is the first part of its address.
    TECHWOLF_TENANT=

    # The id and the secret of the client that TechWolf issued for the tenant.
    TECHWOLF_CLIENT_ID=
    TECHWOLF_CLIENT_SECRET=

    # Only in the US: the token endpoint, and the API of the token. The defaults are for the EU.
    #TECHWOLF_TOKEN_URL=https://techwolf-us.us.auth0.com/oauth/token
    #TECHWOLF_AUDIENCE=us3.techwolf.ai
    ");
}

#[test]
fn nothing_is_overwritten() {
    let context = Context::new();
    context.write("night/notes.txt", "mine");
    let ended = create(&context, "full").with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    error: `night` already exists, and is not overwritten
      help: choose another name, or another folder with `--dir`
    ");
    assert_eq!(context.files(), ["night/notes.txt"]);
    context
        .taskferry(&["new", "pipeline", "night", "--preset", "full", "--dir", "a/b"])
        .with_code(0);
    assert!(context.files().contains(&"a/b/night/.env.example".to_owned()));
}

#[test]
fn a_name_that_is_not_a_file_name_is_refused() {
    for name in ["", "../x", "a/b", ".x", "-x", "a b", "a\"b", "ä", "a\u{1b}[31m"] {
        let context = Context::new();
        let arguments = ["new", "pipeline", "--preset", "full", "--", name];
        let ended = context.taskferry(&arguments).with_code(2);
        ended.assert_stderr("is not a valid name for a pipeline");
        assert!(!ended.stderr.contains('\u{1b}'));
        assert!(context.files().is_empty());
    }
}

#[test]
fn a_missing_preset_is_not_asked_for_without_a_terminal() {
    let context = Context::new();
    let ended = context.taskferry(&["new", "pipeline", "night"]).with_code(2);
    insta::assert_snapshot!(ended.stderr, @"
    error: `--preset` is missing
      help: add `--preset` with one of these names
      h1-h2-rows   Tasks that AI can take over, one row per task, with the skill names of your HR system
      full         All jobs with all fields, unchanged
      excel        All tasks as a CSV table for Excel
      webhook      Tasks that AI can take over, posted to a webhook
    ");
    assert!(context.files().is_empty());
}
