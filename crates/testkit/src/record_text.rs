//! Records for property tests: jobs, hierarchies, rows and invalid records, in all spellings that JSON allows.

use std::fmt::Write as _;

use proptest::prelude::*;
use serde_json::{Map, Value, json};

/// The text of a record: usually a job with a list of tasks, or a row; sometimes a hierarchy or an invalid record. White space,
/// escapes, duplicate keys and numbers vary.
pub fn record_text() -> impl Strategy<Value = String> {
    let record = prop_oneof![5 => job(), 3 => row(), 1 => hierarchy(), 1 => anything()];
    (record, any::<u64>(), 0..3_u64).prop_map(|(record, seed, oddity)| {
        let mut spelling = Spelling { state: seed | 1, oddity };
        let mut text = String::new();
        spelling.write(&record, &mut text);
        text
    })
}

fn text() -> impl Strategy<Value = Value> {
    prop_oneof![
        4 => "[a-c]{1,2}".prop_map(Value::from),
        1 => any::<String>().prop_map(Value::from),
        1 => Just(json!("\"linked_skills\":[{\"skill\":\"a\"}]")),
        1 => Just(json!("😀 é \u{1} \\")),
    ]
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        3 => text(),
        1 => Just(Value::Null),
        1 => any::<bool>().prop_map(Value::from),
        1 => (-9_i64..9).prop_map(Value::from),
        1 => any::<f64>().prop_map(Value::from),
    ]
}

fn anything() -> impl Strategy<Value = Value> {
    let key = "task_id|tasks|linked_skills|skill|external_id|domain|[a-c]";
    scalar().prop_recursive(3, 16, 3, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..3).prop_map(Value::from),
            members(prop::collection::vec((key, inner), 0..4)),
        ]
    })
}

fn members(members: impl Strategy<Value = Vec<(String, Value)>>) -> impl Strategy<Value = Value> {
    members.prop_map(|members| members.into_iter().collect::<Map<_, _>>().into())
}

fn level() -> impl Strategy<Value = Value> {
    prop_oneof![6 => "H[1-5]".prop_map(Value::from), 1 => Just(json!("H9")), 1 => scalar()]
}

fn skill() -> impl Strategy<Value = Value> {
    let member = prop_oneof![
        4 => ("skill", "[A-D]").prop_map(|(key, name)| (key, Value::from(name))),
        3 => ("skill_id", "s[1-4]").prop_map(|(key, id)| (key, Value::from(id))),
        1 => ("skill|skill_id|level|linked_skills", anything()),
    ];
    prop_oneof![9 => members(prop::collection::vec(member, 0..4)), 1 => scalar()]
}

fn task_member() -> impl Strategy<Value = (String, Value)> {
    let impact = members(prop::collection::vec(
        prop_oneof![4 => ("level", level()), 3 => ("rationale", text()), 1 => ("model|version", scalar())],
        0..4,
    ));
    let own = |key: &'static str| Just(key.to_owned());
    prop_oneof![
        4 => (own("ai_impact"), prop_oneof![6 => impact, 1 => anything()]),
        1 => (own("ai_impact_level"), level()),
        3 => (own("linked_skills"), prop_oneof![6 => prop::collection::vec(skill(), 0..4).prop_map(Value::from), 1 => anything()]),
        3 => ("task|validation_state|weekly_hours", scalar()),
        1 => ("source_data|extra", anything()),
        1 => ("hierarchy|domain|cluster|job_name|job_external_id|skill|skill_id", prop_oneof![scalar(), anything()]),
    ]
}

fn task() -> impl Strategy<Value = Value> {
    (prop::option::weighted(0.97, scalar()), prop::collection::vec(task_member(), 0..6)).prop_map(
        |(id, rest)| {
            let id = id.map(|id| ("task_id".to_owned(), id));
            id.into_iter().chain(rest).collect::<Map<_, _>>().into()
        },
    )
}

fn job() -> impl Strategy<Value = Value> {
    let tasks = prop::collection::vec(prop_oneof![30 => task(), 1 => anything()], 0..5);
    let others = prop::collection::vec(
        (
            "job_name|name|job_external_id|version|task_id",
            prop_oneof![6 => scalar(), 1 => anything()],
        ),
        0..3,
    );
    (prop::option::weighted(0.95, scalar()), tasks, others, any::<bool>()).prop_map(
        |(id, tasks, others, tasks_first)| {
            let id = id.map(|id| ("external_id".to_owned(), id));
            let tasks = ("tasks".to_owned(), Value::from(tasks));
            let (before, after) =
                if tasks_first { (Some(tasks), None) } else { (None, Some(tasks)) };
            before.into_iter().chain(id).chain(others).chain(after).collect::<Map<_, _>>().into()
        },
    )
}

fn row() -> impl Strategy<Value = Value> {
    (task(), scalar()).prop_map(|(mut row, job)| {
        if let Some(members) = row.as_object_mut() {
            members.insert("job_external_id".to_owned(), job);
        }
        row
    })
}

fn hierarchy() -> impl Strategy<Value = Value> {
    (prop::collection::vec(task(), 0..3), text()).prop_map(|(tasks, name)| {
        json!({"external_id": "j1", "domains": [{"domain": name, "clusters": [{"cluster": "c", "tasks": tasks}]}]})
    })
}

/// Chooses the spelling of JSON: compact, with spaces, or unusual.
struct Spelling {
    state: u64,
    oddity: u64,
}

impl Spelling {
    fn one_in(&mut self, number: u64) -> bool {
        // A linear congruence is random enough to choose a spelling.
        self.state = self
            .state
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.state >> 33).is_multiple_of(number)
    }

    fn space(&mut self, out: &mut String) {
        if self.oddity > 0 && self.one_in(3) {
            out.push(' ');
        }
    }

    fn write(&mut self, value: &Value, out: &mut String) {
        match value {
            Value::Object(members) => {
                out.push('{');
                let mut first = true;
                for (key, member) in members {
                    // The last value of a duplicate key is used.
                    let earlier = (self.oddity > 1 && self.one_in(25)).then(|| self.other(member));
                    for member in earlier.iter().chain([member]) {
                        if !std::mem::take(&mut first) {
                            out.push(',');
                        }
                        self.space(out);
                        self.write_text(key, out);
                        self.space(out);
                        out.push(':');
                        self.space(out);
                        self.write(member, out);
                    }
                }
                self.space(out);
                out.push('}');
            }
            Value::Array(items) => {
                out.push('[');
                for (index, item) in items.iter().enumerate() {
                    if index > 0 {
                        out.push(',');
                    }
                    self.space(out);
                    self.write(item, out);
                }
                self.space(out);
                out.push(']');
            }
            Value::String(text) => self.write_text(text, out),
            other => out.push_str(&other.to_string()),
        }
    }

    /// Another value for a duplicate key.
    fn other(&mut self, value: &Value) -> Value {
        let list = match value {
            Value::Array(items) => items.iter().skip(1).cloned().collect(),
            _ => json!([{"task_id": "t", "skill": "A", "ai_impact": {"level": "H1"}}]),
        };
        [value.clone(), list, json!("H2"), json!(null), json!({"level": "H3"})]
            .into_iter()
            .find(|_| self.one_in(3))
            .unwrap_or(json!(7))
    }

    fn write_text(&mut self, text: &str, out: &mut String) {
        out.push('"');
        for character in text.chars() {
            let rarely = if character.is_ascii() { 60 } else { 2 };
            if self.oddity > 1 && character.is_alphanumeric() && self.one_in(rarely) {
                let mut units = [0; 2];
                for unit in character.encode_utf16(&mut units) {
                    // Writing to a string can't fail.
                    _ = write!(out, "\\u{unit:04x}");
                }
            } else {
                let quoted = Value::from(character.to_string()).to_string();
                out.push_str(quoted.get(1..quoted.len() - 1).unwrap_or_default());
            }
        }
        out.push('"');
    }
}
