//! Converts TOML values to figment values.

use figment::value::{Dict, Value};
use toml::de::{DeTable, DeValue};

pub(crate) fn table(table: &DeTable<'_>) -> Dict {
    table.iter().map(|(key, field)| (key.get_ref().to_string(), value(field.get_ref()))).collect()
}

fn value(parsed: &DeValue<'_>) -> Value {
    match parsed {
        DeValue::String(text) => Value::from(text.to_string()),
        DeValue::Boolean(flag) => Value::from(*flag),
        DeValue::Datetime(time) => Value::from(time.to_string()),
        DeValue::Array(items) => {
            items.iter().map(|item| value(item.get_ref())).collect::<Vec<_>>().into()
        }
        DeValue::Table(fields) => Value::from(table(fields)),
        // A number that is too large stays a string, which the option's type refuses.
        DeValue::Integer(number) => match i64::from_str_radix(number.as_str(), number.radix()) {
            Ok(whole) => Value::from(whole),
            Err(_) => Value::from(number.as_str().to_owned()),
        },
        DeValue::Float(number) => match number.as_str().parse::<f64>() {
            Ok(fraction) if fraction.is_finite() => Value::from(fraction),
            _ => Value::from(number.as_str().to_owned()),
        },
    }
}

/// A value from the environment or the command line: TOML if it parses as TOML, otherwise a string.
pub(crate) fn parse(text: &str) -> Value {
    let parsed = DeValue::parse(text.trim());
    parsed.map_or_else(|_| Value::from(text.to_owned()), |parsed| value(parsed.get_ref()))
}
