//! A test of a pipeline, and the checks of its table.

use std::collections::BTreeMap;
use std::path::Path;

use jiff::Timestamp;
use serde_json::{Map, Value, json};
use taskferry_pipeline::{Comparison, Registry, Role, StageId, TestOptions};
use taskferry_sdk::{
    BuildContext, KeyPath, LookupAnswers, NoFiles, Part, Problem, read_options_partially,
};

use crate::constant_jq::is_constant;
use crate::layers::Layers;
use crate::positions::{StageInfo, TextPosition};
use crate::suggestion::{did_you_mean, listed};
use crate::test_records::{RefusedRecord, TestInput, answers, records};
use crate::tree::Node;

/// The start of a run without `clock`: `2000-01-01T00:00:00Z`.
const DEFAULT_START: i64 = 946_684_800;

/// A test of a pipeline.
#[derive(Debug, Clone)]
pub struct TestCase {
    /// Its name, which no other test of the pipeline has.
    pub name: String,
    /// The position of its table.
    pub position: Option<TextPosition>,
    /// The records that the stages receive.
    pub input: TestInput,
    /// The records of an earlier complete run.
    pub before: Option<Vec<Value>>,
    /// The transform that runs alone, or the sink whose transforms run after the transforms of the pipeline; `None` for only the
    /// transforms of the pipeline.
    pub stage: Option<StageId>,
    /// The expected records.
    pub expect: Option<Vec<Value>>,
    /// How records are compared.
    pub comparison: Comparison,
    /// A jq expression that holds for every record.
    pub expect_jq: Option<String>,
    /// The expected number of input records that produce no output.
    pub expect_dropped: Option<u64>,
    /// The expected refusals.
    pub expect_refused: Option<ExpectedRefusals>,
    /// The time that the stages see.
    pub clock: TestClock,
    /// The answers to lookups.
    pub lookups: LookupAnswers,
    pub(crate) layers: Layers,
}

/// The refusals that a test expects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ExpectedRefusals {
    /// This number.
    Count(u64),
    /// At least one, and each reason contains this text.
    Reason(String),
}

/// The time that the stages of a test see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TestClock {
    /// The start of the run.
    pub start: Timestamp,
    /// The IANA name of the time zone.
    pub time_zone: String,
}

impl Default for TestClock {
    fn default() -> Self {
        let start = Timestamp::from_second(DEFAULT_START).unwrap_or_default();
        Self { start, time_zone: "UTC".to_owned() }
    }
}

/// Reads the table of a test.
pub(crate) struct TestReader<'a> {
    pub(crate) registry: &'a Registry,
    pub(crate) path: &'a KeyPath,
    /// The folder of the file with the test.
    pub(crate) folder: &'a Path,
    pub(crate) stages: &'a [StageInfo],
    pub(crate) problems: &'a mut Vec<Problem>,
}

/// The options of a test's table, with their problems.
pub(crate) fn options(
    node: &Node,
    path: &KeyPath,
    problems: &mut Vec<Problem>,
) -> Option<TestOptions> {
    let (options, found) = read_options_partially::<TestOptions>(&node.to_value(), &[]);
    let is_whole = found.is_empty();
    problems.extend(found.into_iter().map(|problem| problem.under(path)));
    options.filter(|_| is_whole)
}

impl TestReader<'_> {
    /// Checks the options of the table `node`.
    pub(crate) fn read(self, node: &Node, options: TestOptions, layers: Layers) -> TestCase {
        let at = |key: &str| self.path.key(key);
        let field = |key: &str| node.as_table().and_then(|fields| fields.get(key));
        let mut found = Vec::new();
        if options.name.trim().is_empty() {
            let message = "`name` must not be empty";
            found.push(Problem::at(at("name"), "empty-value", message));
        }
        let asserts = ["expect", "expect_jq", "expect_dropped", "expect_refused"];
        // Every test fails if a record is refused and no refusal is expected.
        let is_default = |key: &str| {
            key == "expect_refused" && field(key).is_some_and(|node| node.to_value() == 0)
        };
        if asserts.iter().all(|key| field(key).is_none() || is_default(key)) {
            let message = "this test asserts nothing";
            let help =
                "add `expect`, `expect_jq`, `expect_dropped`, or an `expect_refused` other than 0";
            let problem = Problem::at(self.path.clone(), "missing-key", message);
            found.push(problem.part(Part::Key).help(help));
        }
        if options.comparison.is_some() && options.expect.is_none() {
            let message = "`match` has no effect without `expect`";
            let problem = Problem::at(at("match"), "unused-option", message).part(Part::Key);
            found.push(problem.help("remove `match`, or add `expect`"));
        }
        if let Some(expression) = options.expect_jq.as_deref().filter(|it| is_constant(it)) {
            let message = format!("`{expression}` does not depend on the record");
            let help = "compare a field, for example `.ai_impact_level == \"H1\"`";
            found.push(Problem::at(at("expect_jq"), "invalid-value", message).help(help));
        }
        // Records of a later stage may have any shape.
        let reads_pages = options.stage.is_none();
        let input = field("input")
            .map(|node| TestInput::read(node, &at("input"), self.folder, reads_pages))
            .and_then(|input| keep(input, &mut found))
            .unwrap_or(TestInput::Records(Vec::new()));
        let mut records = |key: &str| {
            let records = records(field(key)?, &at(key), self.folder);
            keep(records, &mut found)
        };
        let (before, expect) = (records("before"), records("expect"));
        let compares_nothing =
            |expected: &Vec<Value>| !expected.is_empty() && expected.iter().all(is_empty_object);
        if options.comparison == Some(Comparison::Subset)
            && expect.as_ref().is_some_and(compares_nothing)
        {
            let message = "`match = \"subset\"` compares nothing, because the records in `expect` have no fields";
            let help = "write the fields to compare into `expect`, or remove `match`";
            found.push(Problem::at(at("expect"), "empty-value", message).help(help));
        }
        let clock = keep(self.clock(&options), &mut found).unwrap_or_default();
        let refused = field("expect_refused").map(|node| self.refused(node));
        let expect_refused = refused.and_then(|refused| keep(refused, &mut found));
        let stage = keep(self.stage(options.stage.as_deref(), &input), &mut found).flatten();
        let lookups =
            field("lookups").map(|node| self.lookups(node, &mut found)).unwrap_or_default();
        if let Some(expression) = &options.expect_jq {
            found.extend(self.expression_problems(expression));
        }
        self.problems.append(&mut found);
        TestCase {
            name: options.name,
            position: None,
            input,
            before,
            stage,
            expect,
            comparison: options.comparison.unwrap_or_default(),
            expect_jq: options.expect_jq,
            expect_dropped: options.expect_dropped,
            expect_refused,
            clock,
            lookups,
            layers,
        }
    }

    /// The answers to the lookups of each transform.
    fn lookups(&self, node: &Node, found: &mut Vec<Problem>) -> LookupAnswers {
        let path = self.path.key("lookups");
        let mut all = LookupAnswers::new();
        for (name, node) in node.as_table().into_iter().flatten() {
            let path = path.key(name.clone());
            let transforms = self.names(|role| role == Role::Transform);
            if !transforms.contains(&name.as_str()) {
                let problem =
                    no_stage(path.clone(), "transform", name, &transforms, "the transforms");
                found.push(problem.part(Part::Key));
            }
            all.extend(keep(answers(node, &path, self.folder), found).map(|it| (name.clone(), it)));
        }
        all
    }

    fn names(&self, has_role: impl Fn(Role) -> bool) -> Vec<&str> {
        let stages = self.stages.iter().filter(|stage| has_role(stage.id.role));
        stages.map(|stage| stage.id.name.as_str()).collect()
    }

    fn clock(&self, options: &TestOptions) -> Result<TestClock, Problem> {
        let mut clock = TestClock::default();
        if let Some(zone) = options.env.get("TZ") {
            clock.time_zone.clone_from(zone);
        }
        if let Some(text) = &options.clock {
            clock.start = text.parse().map_err(|_| {
                let message = format!("`{text}` is not a timestamp");
                let problem = Problem::at(self.path.key("clock"), "invalid-value", message);
                problem.help("write for example \"2026-01-31T08:00:00Z\"")
            })?;
        }
        Ok(clock)
    }

    fn refused(&self, node: &Node) -> Result<ExpectedRefusals, Problem> {
        let value = node.to_value();
        let reason = value.as_str().filter(|reason| !reason.trim().is_empty());
        let count = value.as_u64().map(ExpectedRefusals::Count);
        count.or_else(|| reason.map(|it| ExpectedRefusals::Reason(it.to_owned()))).ok_or_else(
            || {
                let message = "expected a number of records, or a string that the reason contains";
                Problem::at(self.path.key("expect_refused"), "wrong-type", message)
            },
        )
    }

    /// The stage of the test, which dead letters may determine.
    fn stage(&self, name: Option<&str>, input: &TestInput) -> Result<Option<StageId>, Problem> {
        let given = name.map(|name| self.named(name)).transpose()?;
        let TestInput::DeadLetters(refused) = input else {
            return Ok(given.map(|stage| stage.id.clone()));
        };
        let path = self.path.key("input");
        let mut scope = given;
        for RefusedRecord { stage, .. } in refused {
            let known = |info: &&StageInfo| {
                info.id.role.to_string() == stage.role && info.id.name == stage.name
            };
            let Some(info) = self.stages.iter().find(known) else {
                let names: Vec<String> = self.stages.iter().map(|it| it.id.to_string()).collect();
                let message = format!(
                    "a record in this file was refused by the {} `{}`, which is not in the pipeline",
                    stage.role, stage.name
                );
                let help = format!("the stages of the pipeline are {}", names.join(", "));
                return Err(Problem::at(path, "unknown-choice", message).help(help));
            };
            // A record of a common transform reaches each sink. A record of one sink reaches only this sink.
            let sink = match info.id.role {
                Role::Sink => Some(info.id.name.as_str()),
                _ => info.sink.as_deref(),
            };
            let is_sink =
                |it: &&StageInfo| it.id.role == Role::Sink && Some(it.id.name.as_str()) == sink;
            let own = self.stages.iter().find(is_sink);
            let runs = match (scope, own) {
                (None, own) => {
                    scope = own;
                    true
                }
                (Some(scope), _) if scope.id.role == Role::Transform => scope.id == info.id,
                (Some(scope), own) => own.is_none_or(|it| it.id == scope.id),
            };
            if !runs {
                let message = format!(
                    "a dead letter of `input` starts at {}, which this test does not run",
                    info.id
                );
                let help = "set `stage` to the name of the sink, or write one test for each sink";
                return Err(Problem::at(path, "unknown-choice", message).help(help));
            }
        }
        Ok(scope.map(|stage| stage.id.clone()))
    }

    fn named(&self, name: &str) -> Result<&StageInfo, Problem> {
        let mut all = self.stages.iter().filter(|stage| stage.id.role != Role::Source);
        all.find(|stage| stage.id.name == name).ok_or_else(|| {
            let names = self.names(|role| role != Role::Source);
            let path = self.path.key("stage");
            no_stage(path, "transform or sink", name, &names, "the transforms and sinks")
        })
    }

    /// The problems that the transform `jq` reports about `expect_jq`.
    fn expression_problems(&self, expression: &str) -> Vec<Problem> {
        let path = self.path.key("expect_jq");
        let context = BuildContext::new(&NoFiles, self.registry.endpoints());
        let options = json!({ "filter": expression });
        let Some(built) = self.registry.build_transform("jq", &options, &context) else {
            let message = "`expect_jq` needs the transform `jq`, which this binary does not have";
            return vec![Problem::at(path, "unknown-plugin", message)];
        };
        let problems = built.err().into_iter().flatten();
        problems.map(|problem| Problem { path: path.clone(), ..problem }).collect()
    }
}

fn keep<T>(result: Result<T, Problem>, problems: &mut Vec<Problem>) -> Option<T> {
    result.map_err(|problem| problems.push(problem)).ok()
}

/// The problem with the name of a stage that the pipeline does not have. `all` describes the stages that it has.
fn no_stage(path: KeyPath, kind: &str, name: &str, names: &[&str], all: &str) -> Problem {
    let message = format!("the pipeline has no {kind} `{name}`");
    let help = if names.is_empty() {
        format!("the pipeline has no {kind}s")
    } else {
        did_you_mean(name, names, || format!("{all} are {}", listed(names)))
    };
    Problem::at(path, "unknown-choice", message).help(help)
}

fn is_empty_object(value: &Value) -> bool {
    value.as_object().is_some_and(Map::is_empty)
}

/// The layers of a pipeline with the environment variables of a test. Other variables are not available.
pub(crate) fn layers(base: &Layers, variables: &BTreeMap<String, String>) -> Layers {
    let variables = variables.iter().map(|(name, value)| (name.clone(), value.clone()));
    base.clone().environment(variables).placeholders(true)
}
