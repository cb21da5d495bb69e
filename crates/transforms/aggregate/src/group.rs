//! A group, and the numbers that are computed for it.

use rust_decimal::Decimal;
use serde::{Deserialize, Serialize};
use taskferry_sdk::json::{Document, Kind, Node, Text};
use taskferry_sdk::{ErrorKind, StageError};

/// The decimal places of a mean.
const MEAN_PLACES: u32 = 10;

/// The aggregate function of a measure.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Function {
    Sum,
    Mean,
    Min,
    Max,
}

/// A field of the emitted record, and the field that it is computed from.
#[derive(Debug, Clone)]
pub(crate) struct Measure {
    pub(crate) name: String,
    pub(crate) function: Function,
    pub(crate) field: String,
}

impl Measure {
    /// The number in a record. `None` if it is missing or null.
    ///
    /// # Errors
    /// The value is not a number, or has too many digits.
    pub(crate) fn number(&self, record: Node<'_>) -> Result<Option<Decimal>, StageError> {
        let Some(value) = record.get(&self.field).filter(|value| !value.is_null()) else {
            return Ok(None);
        };
        let refused = |message: String| {
            let hint = "convert the field to a number in an earlier `jq` transform";
            StageError::new(ErrorKind::Record, message).hint(hint)
        };
        let Some(text) = value.as_number() else {
            let kind = match value.kind() {
                Kind::String => "a text",
                Kind::Array => "a list",
                Kind::Object => "an object",
                _ => "true or false",
            };
            return Err(refused(format!("the field `{}` is {kind}, not a number", self.field)));
        };
        let number = Decimal::from_str_exact(text).or_else(|_| Decimal::from_scientific(text));
        let too_long =
            |_| refused(format!("the number in `{}` has more than 28 digits", self.field));
        number.map(Some).map_err(too_long)
    }

    /// Adds a number to the result so far.
    ///
    /// # Errors
    /// The result has too many digits.
    pub(crate) fn add(
        &self,
        result: Accumulator,
        number: Decimal,
    ) -> Result<Accumulator, StageError> {
        let Accumulator { value, count } = result;
        let value = match self.function {
            _ if count == 0 => Some(number),
            Function::Sum | Function::Mean => value.checked_add(number),
            Function::Min => Some(value.min(number)),
            Function::Max => Some(value.max(number)),
        };
        let overflow = || {
            let message = format!("the sum of `{}` has more than 28 digits", self.field);
            StageError::new(ErrorKind::Record, message)
        };
        Ok(Accumulator { value: value.ok_or_else(overflow)?, count: count + 1 })
    }

    /// The result as JSON. `None` is null.
    pub(crate) fn result(&self, result: Accumulator) -> Option<Text> {
        let Accumulator { value, count } = result;
        let value = match self.function {
            Function::Sum => value,
            _ if count == 0 => return None,
            Function::Mean => (value / Decimal::from(count)).round_dp(MEAN_PLACES),
            Function::Min | Function::Max => value,
        };
        let number = Document::parse(value.normalize().to_string());
        number.ok().map(|number| number.text())
    }
}

/// The result so far: a sum, a minimum or a maximum, and the number of values.
#[derive(Debug, Clone, Copy, Default, Serialize, Deserialize)]
pub(crate) struct Accumulator {
    value: Decimal,
    count: u64,
}

/// The records with the same values of `group_by`.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Group {
    /// The values of `group_by` as JSON.
    pub(crate) key: Vec<String>,
    pub(crate) count: u64,
    /// One for each measure.
    pub(crate) results: Vec<Accumulator>,
}
