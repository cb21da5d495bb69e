//! `taskferry graph`: the stages of a pipeline in four formats, with the counts of a run.

use std::fs;

use taskferry_testkit::{Context, project_file};

/// Two sinks, one with transforms of its own; every way in which a record ends.
const PIPELINE: &str = include_str!("graph/losses.toml");

/// The pipeline, and the manifest of its run.
fn ran() -> Context {
    let context = Context::new();
    context.write("losses.toml", PIPELINE);
    context.taskferry(&["run", "losses.toml", "--summary", "summary.json"]).with_code(6);
    context
}

fn drawn(context: &Context, arguments: &[&str]) -> String {
    let ended = context.taskferry(&[&["graph", "losses.toml"], arguments].concat()).with_code(0);
    assert_eq!(ended.stderr, "");
    ended.stdout
}

#[test]
fn a_graph_shows_the_stages_and_a_branch_for_each_sink() {
    let context = Context::new();
    context.write("losses.toml", PIPELINE);
    insta::assert_snapshot!(drawn(&context, &[]), @"
    losses: Every way in which a record ends

    techwolf             source
    │
    filter_ai_impact
    │
    refuses some (jq)
    │
    ├─▶ file             sink
    │
    └─▶ jq
        │
        flatten_hierarchy
        │
        tasks (stdout)   sink
    ");
    assert!(context.files().is_empty(), "nothing is run");
}

#[test]
fn counts_of_a_run_are_on_the_edges_and_losses_at_the_stages() {
    let context = ran();
    insta::assert_snapshot!(drawn(&context, &["--run", "summary.json"]), @"
    losses: Every way in which a record ends
    run [run]: complete, with generated data

    techwolf                  source
    │ 40
    filter_ai_impact          13 filtered
    │ 27
    refuses some (jq)         6 refused
    │
    ├─ 21 ─▶ file             sink, 21 delivered
    │
    └─ 21 ─▶ jq               8 dead letters
             │ 13
             flatten_hierarchy
             │ 27
             tasks (stdout)   sink, 27 delivered
    ");
}

#[test]
fn a_graph_is_written_as_mermaid() {
    let context = ran();
    let arguments = ["--run", "summary.json", "--format", "mermaid"];
    insta::assert_snapshot!(drawn(&context, &arguments), @r#"
    flowchart LR
      %% run [run]: complete, with generated data
      stage0(["techwolf"])
      stage1["filter_ai_impact<br>13 filtered"]
      stage0 -->|"40"| stage1
      stage2["refuses some<br>(jq)<br>6 refused"]
      stage1 -->|"27"| stage2
      sink0_0(["file<br>21 delivered"])
      stage2 -->|"21"| sink0_0
      sink1_0["jq<br>8 dead letters"]
      stage2 -->|"21"| sink1_0
      sink1_1["flatten_hierarchy"]
      sink1_0 -->|"13"| sink1_1
      sink1_2(["tasks<br>(stdout)<br>27 delivered"])
      sink1_1 -->|"27"| sink1_2
    "#);
}

#[test]
fn a_graph_is_written_as_dot() {
    let context = ran();
    let arguments = ["--run", "summary.json", "--format", "dot"];
    insta::assert_snapshot!(drawn(&context, &arguments), @r#"
    digraph "losses" {
      rankdir=LR;
      node [shape=box, style=rounded, fontname="sans-serif"];
      edge [fontname="sans-serif"];
      label="run [run]: complete, with generated data";
      stage0 [label="techwolf", style="rounded,bold"];
      stage1 [label="filter_ai_impact\n13 filtered"];
      stage0 -> stage1 [label="40"];
      stage2 [label="refuses some\n(jq)\n6 refused"];
      stage1 -> stage2 [label="27"];
      sink0_0 [label="file\n21 delivered", style="rounded,bold"];
      stage2 -> sink0_0 [label="21"];
      sink1_0 [label="jq\n8 dead letters"];
      stage2 -> sink1_0 [label="21"];
      sink1_1 [label="flatten_hierarchy"];
      sink1_0 -> sink1_1 [label="13"];
      sink1_2 [label="tasks\n(stdout)\n27 delivered", style="rounded,bold"];
      sink1_1 -> sink1_2 [label="27"];
    }
    "#);
}

#[test]
fn a_picture_has_no_references_and_follows_light_and_dark() {
    let context = ran();
    let picture = drawn(&context, &["--run", "summary.json", "--format", "svg"]);
    assert!(picture.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""), "{picture}");
    assert!(picture.contains("prefers-color-scheme: dark"), "{picture}");
    for foreign in ["href", "url(", "@import", "<script", "@font-face"] {
        assert!(!picture.contains(foreign), "{foreign}: {picture}");
    }
    assert_eq!(picture.matches("http").count(), 1, "only the namespace: {picture}");
    for text in ["refuses some", "dead letter", "refused", "filtered", "delivered"] {
        assert!(picture.contains(text), "{text}: {picture}");
    }
}

#[test]
fn the_published_picture_shows_the_quickstart() {
    let context = Context::new();
    let file = project_file("pipelines/quickstart.toml");
    context.taskferry(&["run", &file, "--summary", "summary.json"]).with_code(0);
    let arguments = ["graph", &file, "--run", "summary.json", "--format", "svg"];
    let picture = context.taskferry(&arguments).with_code(0).stdout;
    let kept = project_file("docs/quickstart.svg");
    if std::env::var_os("UPDATE_DOCS").is_some() {
        fs::write(&kept, &picture).unwrap();
    }
    let kept = fs::read_to_string(kept).unwrap_or_default();
    assert!(kept == picture, "run this test with UPDATE_DOCS=1 to write it anew");
}

#[test]
fn names_are_escaped_in_every_format() {
    let context = Context::new();
    let name = r#"a "quoted" <b>&amp; \\ #35; `x` | ]"#;
    let text = PIPELINE
        .replace("refuses some", &name.replace('\\', "\\\\").replace('"', "\\\""))
        .replace("\"losses\"", "\"<script>\\u001b[31m\"");
    context.write("losses.toml", &text);
    let picture = drawn(&context, &["--format", "svg"]);
    assert!(picture.contains("a &quot;quoted&quot; &lt;b&gt;&amp;amp; "), "{picture}");
    assert!(!picture.contains("<b>") && !picture.contains("<script>"), "{picture}");
    let mermaid = drawn(&context, &["--format", "mermaid"]);
    assert!(mermaid.contains("stage2[\"a #34;quoted#34; #60;b#62;#38;amp#59; "), "{mermaid}");
    let dot = drawn(&context, &["--format", "dot"]);
    assert!(dot.contains(r#"label="a \"quoted\" <b>&amp; "#), "{dot}");
    for format in ["text", "mermaid", "dot", "svg"] {
        assert!(!drawn(&context, &["--format", format]).contains('\u{1b}'), "{format}");
    }
}

#[test]
fn a_manifest_of_something_else_is_refused() {
    let context = ran();
    let refused = |arguments: &[&str]| {
        let ended = context.taskferry(&[&["graph"], arguments].concat()).with_code(2);
        assert_eq!(ended.stdout, "");
        ended.stderr
    };
    context.write("other.toml", &PIPELINE.replace("\"losses\"", "\"other\""));
    context.write("renamed.toml", &PIPELINE.replace("refuses some", "another name"));
    context.write(
        "shorter.toml",
        &PIPELINE.replace("[[sink.transform]]\ntype = \"flatten_hierarchy\"", ""),
    );
    context.write("no.json", "{}");
    let shown = [
        refused(&["other.toml", "--run", "summary.json"]),
        refused(&["renamed.toml", "--run", "summary.json"]),
        refused(&["shorter.toml", "--run", "summary.json"]),
        refused(&["losses.toml", "--run", "no.json"]),
        refused(&["losses.toml", "--run", "nowhere.json"]),
    ];
    insta::assert_snapshot!(shown.concat(), @"
    error: `summary.json` is the manifest of the pipeline `losses`, not of `other`
    error: `summary.json` belongs to another version of the pipeline: the manifest has `refuses some` instead of the transform `another name`
    error: `summary.json` belongs to another version of the pipeline: the manifest has a different number of stages
    error: `no.json` is not a manifest written by `run --summary`: missing field `pipeline` at line 1 column 2
    error: `nowhere.json` can't be read: No such file or directory (os error 2)
    ");
}

#[test]
fn a_graph_of_an_invalid_file_shows_its_errors() {
    let context = Context::new();
    context.write("losses.toml", &PIPELINE.replace("levels", "lvels"));
    let ended = context.taskferry(&["graph", "losses.toml"]).with_code(2);
    ended.assert_stderr("unknown key `lvels`");
    assert_eq!(ended.stdout, "");
}
