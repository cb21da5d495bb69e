//! The JSON Schemas that validate requests and describe the endpoints. `openapi` makes them.

use serde_json::{Map, Value};

/// The schemas by their names.
pub(crate) struct Schemas(Map<String, Value>);

impl Schemas {
    pub(crate) fn new(schemas: Map<String, Value>) -> Self {
        Self(schemas)
    }

    /// The schema with this name; null if there is none.
    pub(crate) fn get(&self, name: &str) -> &Value {
        self.0.get(name).unwrap_or(&Value::Null)
    }

    /// The schemas of bodies. Parameters describe queries.
    pub(crate) fn bodies(&self) -> Map<String, Value> {
        let is_body = |(name, _): &(&String, &Value)| !name.ends_with("Query");
        let bodies = self.0.iter().filter(is_body);
        bodies.map(|(name, schema)| (name.clone(), schema.clone())).collect()
    }
}
