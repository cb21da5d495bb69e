//! JSON as a person writes it: what fits on a line is on one line.

use serde_json::Value;
use taskferry_sdk::printable_json;

/// The maximum number of characters of a line.
const WIDTH: usize = 100;

/// A value with a line break at its end. Invisible characters are escaped.
pub(crate) fn layout(value: &Value) -> String {
    let mut text = String::new();
    write(value, 0, 0, &mut text);
    text.push('\n');
    printable_json(&text).into_owned()
}

/// Writes a value that starts after `used` characters of its line.
fn write(value: &Value, indent: usize, used: usize, out: &mut String) {
    let line = on_one_line(value);
    let (open, close, items): (_, _, Vec<(String, &Value)>) = match value {
        Value::Object(fields) => {
            let key = |key: &String| format!("{}: ", Value::from(key.as_str()));
            ('{', '}', fields.iter().map(|(name, field)| (key(name), field)).collect())
        }
        Value::Array(items) => ('[', ']', items.iter().map(|item| (String::new(), item)).collect()),
        _ => (' ', ' ', Vec::new()),
    };
    if items.is_empty() || used + line.chars().count() <= WIDTH {
        out.push_str(&line);
        return;
    }
    out.push(open);
    let (indent, count) = (indent + 2, items.len());
    for (index, (key, item)) in items.into_iter().enumerate() {
        out.push('\n');
        out.extend(std::iter::repeat_n(' ', indent));
        out.push_str(&key);
        // One character for the comma.
        write(item, indent, indent + key.chars().count() + 1, out);
        if index + 1 < count {
            out.push(',');
        }
    }
    out.push('\n');
    out.extend(std::iter::repeat_n(' ', indent - 2));
    out.push(close);
}

fn on_one_line(value: &Value) -> String {
    match value {
        Value::Object(fields) => {
            let field = |(key, field): (&String, &Value)| {
                format!("{}: {}", Value::from(key.as_str()), on_one_line(field))
            };
            format!("{{{}}}", fields.iter().map(field).collect::<Vec<_>>().join(", "))
        }
        Value::Array(items) => {
            format!("[{}]", items.iter().map(on_one_line).collect::<Vec<_>>().join(", "))
        }
        scalar => scalar.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn what_fits_is_on_one_line() {
        let tasks: Vec<_> = (1..=2)
            .map(|n| json!({"task_id": format!("task-{n}"), "task": "Task ".repeat(5), "skills": ["Writing", "Python"]}))
            .collect();
        insta::assert_snapshot!(layout(&json!({"id": "j1", "tasks": tasks, "none": null})), @r#"
        {
          "id": "j1",
          "tasks": [
            {"task_id": "task-1", "task": "Task Task Task Task Task ", "skills": ["Writing", "Python"]},
            {"task_id": "task-2", "task": "Task Task Task Task Task ", "skills": ["Writing", "Python"]}
          ],
          "none": null
        }
        "#);
    }

    proptest! {
        #[test]
        fn it_is_the_same_value(texts in prop::collection::vec(".{0,60}", 0..6)) {
            let value = json!({"a": texts, "b": {"c": texts}});
            prop_assert_eq!(serde_json::from_str::<Value>(&layout(&value)).unwrap(), value);
        }
    }
}
