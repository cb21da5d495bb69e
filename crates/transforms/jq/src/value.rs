//! From trees of JSON to jq values, with the text of numbers and the order of keys.

use jaq_core::ValT as _;
use jaq_json::{Num, Rc, Val};
use serde_json::{Number, Value};

/// A jq value for a JSON value.
pub(crate) fn from_json(value: Value) -> Val {
    match value {
        Value::Null => Val::Null,
        Value::Bool(flag) => Val::Bool(flag),
        Value::Number(number) => from_number(&number),
        Value::String(text) => Val::utf8_str(text),
        Value::Array(items) => items.into_iter().map(from_json).collect(),
        Value::Object(members) => {
            let members = members.into_iter();
            Val::obj(members.map(|(key, value)| (Val::utf8_str(key), from_json(value))).collect())
        }
    }
}

/// A jq value for a number of JSON.
pub(crate) fn from_number(number: &Number) -> Val {
    let text = number.as_str();
    let known = Val::from_num(text).ok().filter(|_| text != "-0");
    known.unwrap_or_else(|| Val::Num(Num::Dec(Rc::new(text.to_owned()))))
}

/// A value as jq's messages show it, with its type and cut to thirty letters: `string ("Plan the qu...")`.
pub(crate) fn described(value: &Val) -> String {
    const LENGTH: usize = 29;
    let (kind, end) = match value {
        Val::Null => ("null", ""),
        Val::Bool(_) => ("boolean", ""),
        Val::Num(_) => ("number", ""),
        Val::TStr(_) | Val::BStr(_) => ("string", "\""),
        Val::Arr(_) => ("array", "]"),
        Val::Obj(_) => ("object", "}"),
    };
    let mut text = value.to_string();
    if text.len() > LENGTH {
        text.truncate(text.floor_char_boundary(LENGTH - 3 - end.len()));
        text.push_str("...");
        text.push_str(end);
    }
    format!("{kind} ({text})")
}
