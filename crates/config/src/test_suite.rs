//! The tests of a pipeline: tables `[[test]]` in its file, or in the test file beside it.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use taskferry_pipeline::{Registry, TestOptions};
use taskferry_sdk::{KeyPath, Part, Problem, nearest};

use crate::diagnostic::Diagnostics;
use crate::keys::TESTS;
use crate::layers::Layers;
use crate::locate::Sources;
use crate::merge::merge;
use crate::positions::StageInfo;
use crate::secrets::Secrets;
use crate::test_case::{TestCase, TestReader, layers, options};
use crate::tree::{Layer, Node, wrong_type};
use crate::variables::sets_option;

/// The file for the tests of a pipeline file: `NAME.test.toml` for `NAME.toml`.
pub fn test_file(pipeline: &Path) -> PathBuf {
    pipeline.with_extension("test.toml")
}

/// The pipeline files of `files`, without duplicates. A pattern such as `pipelines/*.toml` also matches test files: each test file
/// is replaced by its pipeline file.
pub fn pipeline_files(files: &[PathBuf]) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = Vec::new();
    for file in files {
        let name = file.file_name().and_then(|name| name.to_str());
        let pipeline = name
            .and_then(|name| name.strip_suffix(".test.toml"))
            .map_or_else(|| file.clone(), |name| file.with_file_name(format!("{name}.toml")));
        if !found.contains(&pipeline) {
            found.push(pipeline);
        }
    }
    found
}

/// Loads the stages of a pipeline with these layers.
pub(crate) type LoadStages<'a> = &'a dyn Fn(&Layers) -> Result<Vec<StageInfo>, Diagnostics>;

/// Reads the tests of a pipeline file, and checks them.
///
/// # Errors
/// All errors of the tests, or the errors of the pipeline with the variables of a test.
pub(crate) fn load(
    pipeline: &Path,
    base: &Layers,
    registry: &Registry,
    load_stages: LoadStages<'_>,
) -> Result<Vec<TestCase>, Diagnostics> {
    let mut suite =
        Suite { pipeline, base, registry, load_stages, stages: Vec::new(), names: Vec::new() };
    let beside = test_file(pipeline);
    let files = [pipeline.to_owned()].into_iter().chain(beside.exists().then_some(beside));
    let (mut cases, mut diagnostics) = (Vec::new(), Vec::new());
    for file in files {
        match suite.read(&file) {
            Ok(found) => cases.extend(found),
            Err(found) => diagnostics.extend(found.into_all()),
        }
    }
    if diagnostics.is_empty() { Ok(cases) } else { Err(Diagnostics::new(diagnostics)) }
}

struct Suite<'a> {
    pipeline: &'a Path,
    /// The layers of the pipeline without environment variables.
    base: &'a Layers,
    registry: &'a Registry,
    load_stages: LoadStages<'a>,
    /// The stages of the pipeline for each set of variables.
    stages: Vec<(BTreeMap<String, String>, Vec<StageInfo>)>,
    /// The names of the tests so far, each with its file, and its path in the file.
    names: Vec<(String, PathBuf, KeyPath)>,
}

impl Suite<'_> {
    /// The stages of the pipeline with these variables.
    fn stages(
        &mut self,
        variables: &BTreeMap<String, String>,
    ) -> Result<Vec<StageInfo>, Diagnostics> {
        if let Some((_, stages)) = self.stages.iter().find(|(known, _)| known == variables) {
            return Ok(stages.clone());
        }
        let stages = (self.load_stages)(&layers(self.base, variables))?;
        self.stages.push((variables.clone(), stages.clone()));
        Ok(stages)
    }

    fn read(&mut self, file: &Path) -> Result<Vec<TestCase>, Diagnostics> {
        let what = if file == self.pipeline { "pipeline file" } else { "test file" };
        let own = Layers::from_described_file(file, what);
        let documents = own.parse(self.registry)?;
        let (tree, _) = merge(&own, &documents);
        let mut problems = if file == self.pipeline { Vec::new() } else { other_tables(&tree) };
        let list = KeyPath::of(TESTS);
        let mut cases = Vec::new();
        for (index, node) in tables(&tree, &list, &mut problems).iter().enumerate() {
            let path = list.index(index);
            let Some(options) = options(node, &path, &mut problems) else { continue };
            self.check_name(&options, file, &path, &mut problems);
            problems.extend(self.misspelt_variables(&options, &path));
            let stages = self.stages(&options.env)?;
            let reader = TestReader {
                registry: self.registry,
                path: &path,
                folder: file.parent().unwrap_or(Path::new("")),
                stages: &stages,
                problems: &mut problems,
            };
            let layers = layers(self.base, &options.env);
            cases.push((path.clone(), reader.read(node, options, layers)));
        }
        let secrets = Secrets::find(&tree, self.registry);
        let sources =
            Sources { tree: &tree, layers: &own, documents: &documents, secrets: &secrets };
        if !problems.is_empty() {
            return Err(Diagnostics::new(sources.locate(problems, Vec::new())));
        }
        let paths: Vec<KeyPath> = cases.iter().map(|(path, _)| path.clone()).collect();
        let cases = cases.into_iter().zip(sources.positions(&paths));
        Ok(cases.map(|((_, case), position)| TestCase { position, ..case }).collect())
    }

    /// Reports each variable of the test that the pipeline does not use, if the pipeline uses a variable with a similar name. Other
    /// unused variables are not reported, because an overlay may use them.
    fn misspelt_variables(&self, options: &TestOptions, path: &KeyPath) -> Vec<Problem> {
        let files = self.base.files.iter();
        let used: Vec<&str> = files.flat_map(|file| variables(&file.text)).collect();
        let missing = || used.iter().copied().filter(|name| !options.env.contains_key(*name));
        let given = options.env.keys();
        let unused = given.filter(|name| !used.contains(&name.as_str()) && !sets_option(name));
        let problem = |name: &String| {
            let meant = nearest(name, missing())?;
            let message = format!("the pipeline does not use the variable `{name}`");
            let at = path.key("env").key(name);
            let problem = Problem::at(at, "unknown-variable", message).part(Part::Key);
            Some(problem.help(format!("did you mean `{meant}`?")))
        };
        unused.filter_map(problem).collect()
    }

    fn check_name(
        &mut self,
        options: &TestOptions,
        file: &Path,
        path: &KeyPath,
        problems: &mut Vec<Problem>,
    ) {
        let (name, path) = (&options.name, path.key("name"));
        if let Some((_, other_file, other)) = self.names.iter().find(|(other, ..)| other == name) {
            let message = format!("another test already has the name `{name}`");
            let problem = Problem::at(path.clone(), "duplicate-name", message);
            problems.push(if other_file == file {
                let problem = problem.label("this test").help("choose another name");
                problem.related(other.clone(), Part::Value, "the other test")
            } else {
                let place = other_file.display();
                problem.help(format!("choose another name; the other test is in `{place}`"))
            });
        }
        self.names.push((name.clone(), file.to_owned(), path));
    }
}

/// The names of the variables in a text.
fn variables(text: &str) -> impl Iterator<Item = &str> {
    let references = text.split("${").skip(1);
    references.filter_map(|rest| rest.split(['}', ':']).next())
}

fn tables<'n>(tree: &'n Node, list: &KeyPath, problems: &mut Vec<Problem>) -> &'n [Node] {
    let Some(node) = tree.get(list) else { return &[] };
    node.as_list().unwrap_or_else(|| {
        let problem = wrong_type(list.clone(), "a list of tables", node).part(Part::Key);
        problems.push(problem.help("write `[[test]]` with two brackets"));
        &[]
    })
}

/// Reports the keys of a test file that are not tests.
fn other_tables(tree: &Node) -> Vec<Problem> {
    let fields = tree.as_table().into_iter().flatten();
    let others = fields.filter(|(key, node)| *key != TESTS && node.layer != Layer::Default);
    let problem = |(key, _): (&String, &Node)| {
        let message = format!("unknown key `{key}` in a test file");
        let help =
            "a test file contains only `[[test]]` tables; move this key to the pipeline file";
        Problem::at(KeyPath::of(key), "unknown-key", message).part(Part::Key).help(help)
    };
    others.map(problem).collect()
}
