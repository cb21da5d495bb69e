//! `docs/rows.md` matches the sandbox and the transforms.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;

use serde_json::{Value, json};
use taskferry_testkit::{Context, json_lines, project_file};

/// Sections of the page, with the format and the options of `flatten_hierarchy` that produce their records.
const SECTIONS: [(&str, &str, Option<&str>); 5] = [
    ("List record", "list", None),
    ("Hierarchy record", "hierarchy", None),
    ("Row", "hierarchy", Some("empty_jobs = \"keep\"")),
    ("Row of one skill", "hierarchy", Some("explode = \"linked_skills\"")),
    ("Job with a flat list", "hierarchy", Some("into = \"tasks\"")),
];

fn section(title: &str) -> String {
    let page = fs::read_to_string(project_file("docs/rows.md")).unwrap();
    let (_, rest) = page.split_once(&format!("\n## {title}\n")).unwrap();
    rest.split("\n## ").next().unwrap().to_owned()
}

/// The samples of a section.
fn samples(section: &str) -> Vec<Value> {
    let blocks = section.split("```json\n").skip(1);
    blocks.map(|block| serde_json::from_str(block.split_once("```").unwrap().0).unwrap()).collect()
}

/// The types of a field by path, and whether it is always present in its object.
fn documented(section: &str) -> BTreeMap<String, (BTreeSet<String>, bool)> {
    let rows = section.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let types = cells[2].split(" or ").map(str::to_owned).collect();
        (cells[1].trim_matches('`').to_owned(), (types, cells[3].starts_with("never")))
    })
    .collect()
}

/// The fields of a section, and of the section that it extends.
fn documented_with_base(title: &str) -> BTreeMap<String, (BTreeSet<String>, bool)> {
    let mut fields = documented(&section(title));
    match title {
        "Row of one skill" => {
            let row = documented(&section("Row")).into_iter();
            fields.extend(row.filter(|(path, _)| !path.starts_with("linked_skills")));
        }
        "Job with a flat list" => fields.extend(documented(&section("List record"))),
        _ => {}
    }
    fields
}

/// The output of a pipeline over the sandbox.
fn emitted(source: &str, format: &str, options: Option<&str>) -> Vec<Value> {
    let context = Context::new();
    if !source.is_empty() {
        context.write("data.ndjson", source);
    }
    let data = if source.is_empty() { "?jobs=400" } else { "?data=data.ndjson" };
    let flatten =
        options.map(|options| format!("[[transform]]\ntype = \"flatten_hierarchy\"\n{options}\n"));
    let pipeline = format!(
        "[source]\ntype = \"techwolf\"\nurl = \"sandbox:{data}\"\nresponse_format = \"{format}\"\n\
         include = [\"ai_impact\", \"linked_skills\", \"weekly_hours\", \"source_data\"]\n{}\n\
         [[sink]]\ntype = \"stdout\"\n",
        flatten.unwrap_or_default()
    );
    context.write("rows.toml", &pipeline);
    json_lines(&context.taskferry(&["run", "rows.toml"]).with_code(0).stdout)
}

#[derive(Default)]
struct Seen {
    types: BTreeMap<String, BTreeSet<String>>,
    fields: BTreeMap<String, usize>,
    objects: BTreeMap<String, usize>,
}

impl Seen {
    fn visit(&mut self, value: &Value, path: &str) {
        match value {
            Value::Object(members) => {
                *self.objects.entry(path.to_owned()).or_default() += 1;
                for (key, member) in members {
                    let dot = if path.is_empty() { "" } else { "." };
                    let path = format!("{path}{dot}{key}");
                    let kind = match member {
                        Value::Null => "null",
                        Value::Bool(_) => "boolean",
                        Value::Number(_) => "number",
                        Value::String(_) => "string",
                        Value::Array(_) => "list",
                        Value::Object(_) => "object",
                    };
                    self.types.entry(path.clone()).or_default().insert(kind.to_owned());
                    *self.fields.entry(path.clone()).or_default() += 1;
                    self.visit(member, &path);
                }
            }
            Value::Array(items) => {
                for item in items {
                    self.visit(item, &format!("{path}[]"));
                }
            }
            _ => {}
        }
    }

    fn is_always_there(&self, path: &str) -> bool {
        let object = path.rsplit_once('.').map_or("", |(object, _)| object);
        self.fields.get(path) == self.objects.get(object)
    }
}

#[test]
fn every_field_is_documented_with_its_type_and_absence() {
    let of_a_task: BTreeMap<_, _> = documented(&section("List record"))
        .into_iter()
        .filter_map(|(path, what)| Some((path.strip_prefix("tasks[].")?.to_owned(), what)))
        .collect();
    for (title, format, options) in SECTIONS {
        let mut documented = documented_with_base(title);
        if title == "Hierarchy record" {
            // "Tasks with the fields of a list record."
            let lists: Vec<String> = documented
                .keys()
                .filter(|path| path.rsplit('.').next() == Some("tasks"))
                .cloned()
                .collect();
            for list in lists {
                let task =
                    |(path, what): (&String, &_)| (format!("{list}[].{path}"), Clone::clone(what));
                documented.extend(of_a_task.iter().map(task));
            }
        }
        let mut seen = Seen::default();
        for record in &emitted("", format, options) {
            seen.visit(record, "");
        }
        for (path, types) in &seen.types {
            let (known, never_absent) = documented
                .get(path)
                .unwrap_or_else(|| panic!("{title}: `{path}` is not documented"));
            assert!(types.is_subset(known), "{title}: `{path}` is {types:?}");
            assert!(
                !never_absent || seen.is_always_there(path),
                "{title}: `{path}` is absent now and then"
            );
        }
        for path in documented.keys() {
            // Generated tasks without a place have no impact and no skills.
            let elsewhere = title == "Hierarchy record" && path.starts_with("tasks[].");
            assert!(elsewhere || seen.types.contains_key(path), "{title}: there is no `{path}`");
        }
    }
}

#[test]
fn every_documented_sample_matches_the_output() {
    let mut job = samples(&section("List record")).remove(0);
    let row = samples(&section("Row")).remove(0);
    job["tasks"][0]["hierarchy"] = json!({
        "domain": row["domain"], "subdomain": row["subdomain"], "cluster": row["cluster"],
        "canonical_task": row["canonical_task"],
    });
    for (title, format, options) in SECTIONS {
        assert_eq!(emitted(&job.to_string(), format, options), samples(&section(title)), "{title}");
    }
}
