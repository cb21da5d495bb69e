//! Shards of an export.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::Serialize;

/// A shard of an export, for one run: `2/8` is the second of eight.
///
/// ```
/// use taskferry_sdk::Shard;
///
/// let shard: Shard = "2/8".parse().unwrap();
/// assert_eq!((shard.index(), shard.count()), (2, 8));
/// assert_eq!(shard.name(), "2-of-8");
/// assert!("9/8".parse::<Shard>().is_err());
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Shard {
    index: u32,
    count: u32,
}

impl Shard {
    /// Shard `index`, from 1, of `count`.
    ///
    /// # Errors
    /// If `index` is zero or greater than `count`.
    pub fn new(index: u32, count: u32) -> Result<Self, String> {
        let exists = (1..=count).contains(&index);
        exists.then_some(Self { index, count }).ok_or_else(|| invalid(&format!("{index}/{count}")))
    }

    /// The number of the shard, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// The number of shards.
    pub fn count(self) -> u32 {
        self.count
    }

    /// The form for file names: `2-of-8`.
    pub fn name(self) -> String {
        format!("{}-of-{}", self.index, self.count)
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            Some((index.trim().parse().ok()?, count.trim().parse().ok()?))
        });
        let (index, count) = numbers.ok_or_else(|| invalid(text))?;
        Self::new(index, count)
    }
}

fn invalid(text: &str) -> String {
    format!("`{text}` is not a shard; write for example `2/8` for the second of eight shards")
}

/// The part of the listing that a shard has read. The shards of an export are complete if each shard begins where the
/// preceding one ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
#[non_exhaustive]
pub struct ShardRange {
    /// The job after which the shard begins. `None` for the first shard, and for an empty shard after the end of the
    /// listing.
    pub from: Option<String>,
    /// The last job, after which the next shard begins. `None` at the end of the listing.
    pub to: Option<String>,
    /// The values that the shard has read, if the listing is divided by a filter instead of positions.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}
