//! Help, version and reference output of the binary.

use std::fs;
use taskferry_testkit::{Context, project_file};

fn stdout_of(arguments: &[&str]) -> String {
    let ended = Context::new().taskferry(arguments).with_code(0);
    assert_eq!(ended.stderr, "");
    ended.stdout
}

#[test]
fn help_lists_the_commands() {
    insta::assert_snapshot!(stdout_of(&["--help"]), @"
    Exports task profiles from TechWolf, transforms them, and delivers them to files, webhooks or
    standard output

    Usage: taskferry <COMMAND>

    Commands:
      run          Run a pipeline
      replay       Process dead letters again, starting at the stage that refused them
      runs         List the last runs of a pipeline
      merge        Merge the manifests of all shards of an export, and report missing shards
      preview      Show what every stage does with the first records, without delivering anything
      why          Show what happens to one record: found, kept, changed, dropped, refused, delivered
      check        Check pipeline files without sending a request
      explain      Explain an error, a warning or an exit code, and what to do
      test         Run the tests of pipelines, without a request and without secrets
      doctor       Check everything that a run needs, without delivering anything
      plugins      Describe the plugins and tables of a pipeline file
      new          Write files to start from: a pipeline, or a plugin of your own
      build        Build a taskferry binary with your own plugins. Requires Rust
      graph        Draw the stages of a pipeline, with the counts of a run
      schema       Print the JSON Schema of pipeline files, for editors
      sandbox      Serve an emulation of the TechWolf API on this machine
      completions  Print a completion script for a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
      -h, --help     Print help
      -V, --version  Print version
    ");
}

#[test]
fn help_of_run_lists_its_options() {
    insta::assert_snapshot!(stdout_of(&["run", "--help"]), @"
    Run a pipeline

    Usage: taskferry run [OPTIONS] <FILE>

    Arguments:
      <FILE>
              The pipeline file

    Options:
          --shard <K/N>
              Export one shard of the listing: `2/8` exports the second of eight shards; `8` takes the
              number of the shard from `JOB_COMPLETION_INDEX`. Requires `partition` in [source], or an
              earlier complete run without `--shard`, which stores the boundaries of the shards

          --overlay <FILE>
              Merge this file over the pipeline file. Repeatable

          --set <KEY=VALUE>
              Set one value, for example `source.limit=50` or `sink.0.path=out/x.csv`. Repeatable

          --sandbox
              Use a sandbox with generated records instead of the addresses and credentials of the
              source and the webhooks. The output files and the state of real runs stay unchanged.
              Variables in the replaced values need not be set

          --accept-removals <RUN_ID>
              Accept the removals that the run with this id has withheld. The run must be the last
              complete run, with exit code 8. Later removals are checked again

          --if-incomplete
              If the last run ended within `resume_within` and with exit code 0, 6 or 8, exit with the
              same code and do nothing. For schedulers that start a run several times

          --dry-run
              Read and transform all records, but publish and send nothing. Keeps no state and no dead
              letters

          --fresh
              Start at the first page, even if an earlier run can be resumed

          --summary <FILE>
              Write the manifest of the run to this file, as JSON

          --metrics-file <FILE>
              Write the metrics of the run to this file, as Prometheus text. For `node_exporter`, the
              name must end in `.prom`

      -q, --quiet
              Hide the progress bar and the closing table. Warnings, errors and the last line of `--log
              json` are still printed

          --log <FORMAT>
              The format of messages on standard error

              Possible values:
              - text: Text for people
              - json: One JSON object per line
              
              [default: text]

      -h, --help
              Print help (see a summary with '-h')

    Exit codes:
      0    complete
      1    a defect in taskferry
      2    invalid command line or pipeline file, or an unusable path for state, summary or metrics
      3    the source failed
      4    a transform failed
      5    a sink failed
      6    complete, and some records are in the dead-letter file
      7    another run of this pipeline is active
      8    the export does not meet `[expect]`, removals were withheld, or a test failed
      9    `preview` or `why` found no such record
      130  interrupted by SIGINT
      143  interrupted by SIGTERM or SIGHUP
    ");
}

#[test]
fn the_version_is_printed() {
    assert_eq!(stdout_of(&["--version"]), format!("taskferry {}\n", env!("CARGO_PKG_VERSION")));
}

#[test]
fn every_plugin_is_listed_with_its_purpose() {
    insta::assert_snapshot!(stdout_of(&["plugins"]), @r#"
    sources
      techwolf           Reads the task profiles of all jobs or employees of a TechWolf tenant, page by page.

    transforms
      aggregate          Counts records and adds up numbers by group. Emits one record per group.
      changes            Compares records with the last complete run, and adds the fields `change` and `changed_fields`.
      command            Sends each record to a program, in any language, which answers with any number of records.
      deduplicate        Drops records with the key of an earlier record. The first record of each key is kept.
      filter_ai_impact   Keeps tasks by their AI impact level.
      flatten_hierarchy  Turns jobs into rows, or a hierarchy into a flat list of tasks.
      join               Adds columns of a CSV or NDJSON file to records, by key: for example the names and families of jobs.
      jq                 Applies a jq expression to each record. Each result of the expression becomes a record.
      rename_skills      Renames linked skills to the skill names of Workday, SAP or another system.
      select             Keeps, drops, renames and orders the fields of records.

    sinks
      file               Writes records to a file, and publishes the file when it is complete.
      stdout             Writes records to standard output.
      webhook            Posts records to a URL in batches, as JSON arrays or CloudEvents, optionally signed.

    other tables of a pipeline file
      state              Where the pipeline's state is stored, and when a run resumes.
      expect             Checks of a complete export. An export that violates a check is not published, and the run ends with exit code 8.
      dead_letter        The file for records that a stage with `on_error = "dead_letter"` refuses.
      test               A test of the pipeline: `[[test]]` in the pipeline file `NAME.toml`, or in `NAME.test.toml` beside it.

    `taskferry plugins TYPE` describes all options of a plugin or table.
    "#);
}

#[test]
fn a_plugin_is_shown_with_every_option() {
    insta::assert_snapshot!(stdout_of(&["plugins", "rename_skills"]), @r#"
    transform rename_skills

      Renames linked skills to the skill names of Workday, SAP or another system.

      The transform looks up a skill by id, then by name. If the mapping has several entries for a
      skill, the entry with the lowest rank applies. If two skills of a task become equal, the
      transform merges the skills: the first skill gets the missing fields of the second. The skills
      of exploded rows are not merged, so place this transform before `flatten_hierarchy`.

      If TechWolf has activated a vendor for the tenant, `external_vendor` of the source returns the
      vendor's skills without a mapping. Use either this transform or `external_vendor`.

      type = string  (required)
          The plugin of the stage.

      name = string  (default: the type)
          The name of the stage in messages and in the manifest.

      on_error = "fail" | "skip" | "dead_letter"  (default: "fail")
          The action for a record that the stage refuses. `fail` ends the run and names the record.
          `skip` skips, counts and logs the record. `dead_letter` writes the record to the file of
          `[dead_letter]` for a replay.

      vendor = string  (required)
          The vendor, as in the `vendor` column of the mapping, for example `workday`.

      mapping = string  (required)
          A CSV file with a header. The columns are `vendor`, `skill_id` or `skill` or both,
          `vendor_skill`, and optionally `vendor_skill_id` and `rank` (a whole number, the lowest is
          best). Other columns are ignored. A relative path starts at the folder of the pipeline
          file.

      unmapped = "keep" | "drop" | "null" | "fail"  (default: "keep")
          The action for a skill that is not in the mapping. `null` sets the name of the skill to
          null, `fail` refuses the record.

      match = "exact" | "ignore_case"  (default: "exact")
          The comparison of names. For `ignore_case`, `python` equals `Python`, and `STRASSE` equals
          `Straße`. Both values ignore differences of Unicode normalization (`é` as one character or
          two). Ids are always compared exactly.
    "#);
}

#[test]
fn an_unknown_plugin_gets_the_nearest_name() {
    let ended = Context::new().taskferry(&["plugins", "rename_skill"]).with_code(2);
    assert_eq!(ended.stdout, "");
    insta::assert_snapshot!(ended.stderr, @"error: there is no plugin or table `rename_skill`; did you mean `rename_skills`?");
}

#[test]
fn the_reference_page_matches_the_plugins() {
    let page = fs::read_to_string(project_file("docs/plugins.md")).unwrap_or_default();
    let now = stdout_of(&["plugins", "--markdown"]);
    assert!(page == now, "write it anew: cargo run -- plugins --markdown > docs/plugins.md");
}

#[test]
fn a_long_description_is_on_the_reference_page_once() {
    let page = stdout_of(&["plugins", "--markdown"]);
    let proxy = "The proxy for all requests";
    assert_eq!(page.matches(proxy).count(), 1);
    assert!(page.contains(
        "| `connection.proxy` | string | none | See [source `techwolf`](#source-techwolf). |"
    ));
    assert!(stdout_of(&["plugins", "webhook", "--markdown"]).contains(proxy));
}

#[test]
fn completions_of_every_shell_contain_all_commands() {
    for shell in ["bash", "elvish", "fish", "powershell", "zsh"] {
        let script = stdout_of(&["completions", shell]);
        for word in ["taskferry", "run", "check", "plugins", "sandbox", "completions", "overlay"] {
            assert!(script.contains(word), "{shell}: {word}");
        }
    }
    Context::new().taskferry(&["completions", "cmd"]).with_code(2);
}
