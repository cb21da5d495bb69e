//! The fields of events and spans as JSON.

use std::error::Error;
use std::fmt;

use serde_json::{Map, Value};
use tracing::field::{Field, Visit};

/// The fields of an event or a span.
#[derive(Default)]
pub(super) struct Fields(pub(super) Map<String, Value>);

impl Fields {
    fn add(&mut self, field: &Field, value: impl Into<Value>) {
        self.0.insert(field.name().to_owned(), value.into());
    }
}

macro_rules! typed {
    ($($record:ident: $value:ty),+) => {
        $(fn $record(&mut self, field: &Field, value: $value) {
            self.add(field, value);
        })+
    };
}

impl Visit for Fields {
    typed! { record_str: &str, record_u64: u64, record_i64: i64, record_f64: f64, record_bool: bool }

    fn record_error(&mut self, field: &Field, value: &(dyn Error + 'static)) {
        self.add(field, value.to_string());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.add(field, format!("{value:?}"));
    }
}
