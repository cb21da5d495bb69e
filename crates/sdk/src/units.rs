//! Durations and sizes in a pipeline file.

use std::borrow::Cow;
use std::fmt;
use std::marker::PhantomData;
use std::str::FromStr;

use jiff::SignedDuration;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde::de::{self, Visitor};
use serde::{Deserialize, Deserializer};

/// A duration such as `"500ms"`, `"30s"`, `"5m"` or `"1h 30m"`; never negative.
///
/// ```
/// let wait: taskferry_sdk::Duration = "1m 30s".parse().unwrap();
/// assert_eq!(wait.get().as_secs(), 90);
/// assert!("-1s".parse::<taskferry_sdk::Duration>().is_err());
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Duration(std::time::Duration);

impl Duration {
    /// A duration in seconds.
    pub const fn from_secs(seconds: u64) -> Self {
        Self(std::time::Duration::from_secs(seconds))
    }

    /// A duration in milliseconds.
    pub const fn from_millis(milliseconds: u64) -> Self {
        Self(std::time::Duration::from_millis(milliseconds))
    }

    /// The standard library's duration.
    pub const fn get(self) -> std::time::Duration {
        self.0
    }
}

impl FromStr for Duration {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let is_digit = |character: char| character.is_ascii_digit() || character == '.';
        if text.starts_with(|first: char| first.is_ascii_digit()) && text.chars().all(is_digit) {
            return Err(format!(
                "`{text}` has no unit; write \"{text}s\" for seconds, \"{text}ms\" or \"{text}m\""
            ));
        }
        let signed: SignedDuration = text.parse().map_err(|_| {
            format!("`{text}` is not a duration; write for example \"500ms\", \"30s\" or \"5m\"")
        })?;
        let unsigned = std::time::Duration::try_from(signed);
        unsigned.map(Self).map_err(|_| format!("the duration `{text}` must not be negative"))
    }
}

impl fmt::Display for Duration {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match SignedDuration::try_from(self.0) {
            Ok(signed) => write!(formatter, "{signed:#}"),
            Err(_) => write!(formatter, "{}s", self.0.as_secs()),
        }
    }
}

const UNITS: [(&str, u64); 7] = [
    ("GiB", 1 << 30),
    ("GB", 1_000_000_000),
    ("MiB", 1 << 20),
    ("MB", 1_000_000),
    ("KiB", 1 << 10),
    ("kB", 1_000),
    ("B", 1),
];

/// A size in bytes such as `"512 KiB"`, `"1 MiB"`, `"2 GB"` or `"100 B"`; never zero.
///
/// ```
/// let size: taskferry_sdk::ByteCount = "1 MiB".parse().unwrap();
/// assert_eq!(size.get(), 1_048_576);
/// ```
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct ByteCount(u64);

impl ByteCount {
    /// A size in bytes.
    pub const fn new(bytes: u64) -> Self {
        Self(bytes)
    }

    /// The number of bytes.
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl FromStr for ByteCount {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let text = text.trim();
        if !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit()) {
            return Err(format!(
                "`{text}` has no unit; write \"{text} B\" for bytes, \"{text} KiB\" or \"{text} MiB\""
            ));
        }
        let parse = || {
            let (number, unit) = text.split_at(text.find(|digit: char| !digit.is_ascii_digit())?);
            let is_unit = |(name, _): &&(&str, u64)| name.eq_ignore_ascii_case(unit.trim());
            let (_, factor) = UNITS.iter().find(is_unit)?;
            let bytes = number.parse::<u64>().ok()?.checked_mul(*factor)?;
            (bytes > 0).then_some(Self(bytes))
        };
        parse().ok_or_else(|| {
            format!("`{text}` is not a size; write for example \"512 KiB\", \"1 MiB\" or \"2 GB\"")
        })
    }
}

impl fmt::Display for ByteCount {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let is_unit =
            |(_, factor): &&(&str, u64)| self.0.is_multiple_of(*factor) && self.0 >= *factor;
        let (unit, factor) = UNITS.iter().find(is_unit).unwrap_or(&("B", 1));
        write!(formatter, "{} {unit}", self.0 / factor)
    }
}

/// Reads a string. The error for a positive whole number says that the unit is missing.
struct UnitVisitor<T>(PhantomData<T>);

impl<T: FromStr<Err = String>> Visitor<'_> for UnitVisitor<T> {
    type Value = T;

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("a string")
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<T, E> {
        text.parse().map_err(E::custom)
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<T, E> {
        self.visit_str(&number.to_string())
    }
}

macro_rules! with_unit {
    ($type:ident, $format:literal, $examples:tt) => {
        impl fmt::Debug for $type {
            fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
                fmt::Display::fmt(self, formatter)
            }
        }

        impl serde::Serialize for $type {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.collect_str(self)
            }
        }

        impl<'de> Deserialize<'de> for $type {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                deserializer.deserialize_any(UnitVisitor(PhantomData))
            }
        }

        impl JsonSchema for $type {
            fn inline_schema() -> bool {
                true
            }

            fn schema_name() -> Cow<'static, str> {
                stringify!($type).into()
            }

            fn json_schema(_: &mut SchemaGenerator) -> Schema {
                json_schema!({"type": "string", "format": $format, "examples": $examples})
            }
        }
    };
}

with_unit!(Duration, "duration", ["500ms", "30s", "5m"]);
with_unit!(ByteCount, "bytes", ["512 KiB", "1 MiB"]);
