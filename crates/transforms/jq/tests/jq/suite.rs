//! jq's own test files and the differences in `docs/jq.md`, run through the transform.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use serde_json::{Value, json};
use taskferry_sdk::testing::TransformTest;
use taskferry_transform_jq::Jq;

/// The cases that differ, by file and line of jq's own test files.
const DIFFERENT: &str = include_str!("differences.txt");

/// One case: a program that does not compile, or one with an input and its results.
struct Case {
    name: String,
    program: String,
    expected: Option<(String, Vec<String>)>,
}

fn cases(file: &Path) -> Vec<Case> {
    let text = std::fs::read_to_string(file).unwrap();
    let file = file.file_name().unwrap().to_str().unwrap();
    let mut lines = text.lines().enumerate();
    let is_skipped =
        |line: &str| line.trim_start().is_empty() || line.trim_start().starts_with('#');
    let mut cases = Vec::new();
    while let Some((number, line)) = lines.next() {
        if is_skipped(line) {
            continue;
        }
        let name = |number: usize| format!("{file}:{}", number + 1);
        if line.starts_with("%%FAIL") {
            let (number, program) = lines.next().unwrap();
            cases.push(Case { name: name(number), program: program.to_owned(), expected: None });
            lines.by_ref().find(|(_, line)| is_skipped(line));
            continue;
        }
        let input = lines.next().unwrap().1.to_owned();
        let outputs = lines.by_ref().map(|(_, line)| line).take_while(|line| !is_skipped(line));
        let expected = Some((input, outputs.map(str::to_owned).collect()));
        cases.push(Case { name: name(number), program: line.to_owned(), expected });
    }
    cases
}

/// The results of a program, or its error.
fn run(program: &str, input: &str) -> Result<Vec<Value>, String> {
    let test = TransformTest::new::<Jq>(&json!({"filter": program}));
    let mut test =
        test.map_err(|problems| format!("invalid expression: {}", problems[0].message))?;
    let lines = test.apply(input).map_err(|error| error.to_string())?;
    Ok(lines.iter().map(|line| serde_json::from_str(line).unwrap()).collect())
}

/// Compares values without regard to the spelling of numbers and the order of keys.
fn is_same(left: &Value, right: &Value) -> bool {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            left.as_str() == right.as_str() || left.as_f64() == right.as_f64()
        }
        (Value::Array(left), Value::Array(right)) => {
            left.len() == right.len()
                && left.iter().zip(right).all(|(left, right)| is_same(left, right))
        }
        (Value::Object(left), Value::Object(right)) => {
            left.len() == right.len()
                && left
                    .iter()
                    .all(|(key, left)| right.get(key).is_some_and(|right| is_same(left, right)))
        }
        (left, right) => left == right,
    }
}

fn difference(case: &Case) -> Option<String> {
    let Some((input, outputs)) = &case.expected else {
        let compiled = run(&case.program, "null");
        return match compiled {
            Err(message) if message.starts_with("invalid expression: ") => None,
            other => Some(format!("compiles: {other:?}")),
        };
    };
    let expected: Result<Vec<Value>, _> =
        outputs.iter().map(|line| serde_json::from_str(line)).collect();
    match (run(&case.program, input), expected) {
        (Ok(found), Ok(expected)) if found.len() == expected.len() => {
            let same =
                found.iter().zip(&expected).all(|(found, expected)| is_same(found, expected));
            (!same).then(|| format!("gives {}", json!(found)))
        }
        (found, _) => Some(match found {
            Ok(found) => format!("gives {}", json!(found)),
            Err(message) => message,
        }),
    }
}

#[test]
fn the_expected_cases_of_the_jq_suite_agree() {
    let Some(folder) = std::env::var_os("JQ_TESTS").map(PathBuf::from) else {
        eprintln!("SKIPPED: JQ_TESTS does not name the folder of jq's own tests, so none was run");
        return;
    };
    let mut files: Vec<PathBuf> =
        std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.retain(|file| file.extension().is_some_and(|extension| extension == "test"));
    files.sort();
    let cases: Vec<Case> = files.iter().flat_map(|file| cases(file)).collect();
    let known: BTreeSet<&str> = DIFFERENT.lines().filter(|line| !line.starts_with('#')).collect();
    let mut found = BTreeSet::new();
    for case in &cases {
        if let Some(difference) = difference(case) {
            found.insert(case.name.as_str());
            if !known.contains(case.name.as_str()) {
                eprintln!(
                    "{}: {}\n    {:?}\n    {difference}",
                    case.name, case.program, case.expected
                );
            }
        }
    }
    eprintln!("{} of {} cases agree", cases.len() - found.len(), cases.len());
    let newly: Vec<_> = found.difference(&known).collect();
    assert!(newly.is_empty(), "these cases of jq agreed before: {newly:?}");
    let no_longer: Vec<_> = known.difference(&found).collect();
    assert!(no_longer.is_empty(), "these cases agree now, take them off the list: {no_longer:?}");
}

/// Each row of a table whose first cell is an expression: expression, input, result of jq, result here.
#[test]
fn the_documented_differences_are_correct() {
    let page = include_str!("../../../../../docs/jq.md");
    let rows = page.lines().filter_map(|line| line.strip_prefix("| `"));
    let (mut count, mut wrong) = (0, Vec::new());
    for row in rows {
        let row = row.strip_suffix("` |").unwrap().replace(r"\|", "|");
        let cells: Vec<&str> = row.split("` | `").collect();
        let [program, input, _, here] = cells[..] else { panic!("four cells, all code: {row}") };
        let found = match run(program, input) {
            Ok(values) => values.iter().map(Value::to_string).collect::<Vec<_>>().join(" "),
            Err(message) if message.starts_with("invalid expression: ") => "error".to_owned(),
            Err(_) => "refused".to_owned(),
        };
        let found = if found.is_empty() { "nothing".to_owned() } else { found };
        if found != here {
            wrong.push(format!("{program} on {input} gives {found}, and not {here}"));
        }
        count += 1;
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
    assert!(count >= 15, "the page has {count} rows");
}
