//! Shares of one export, that different runs take.

use std::fmt;
use std::str::FromStr;

use serde::Serialize;

/// One of several shares of an export: `2/8` is the second of eight.
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

/// Why a text or a pair of numbers names no share.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("`{0}` is no share of an export; write for example `2/8` for the second of eight")]
pub struct ShardError(String);

impl Shard {
    /// The share number `index`, from 1, of `count`.
    ///
    /// # Errors
    /// When there is no such share.
    pub fn new(index: u32, count: u32) -> Result<Self, ShardError> {
        let exists = (1..=count).contains(&index);
        exists
            .then_some(Self { index, count })
            .ok_or_else(|| ShardError(format!("{index}/{count}")))
    }

    /// Which share it is, from 1.
    pub fn index(self) -> u32 {
        self.index
    }

    /// How many shares there are.
    pub fn count(self) -> u32 {
        self.count
    }

    /// As it stands in names of files: `2-of-8`.
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
    type Err = ShardError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let numbers = text.split_once('/').and_then(|(index, count)| {
            Some((index.trim().parse().ok()?, count.trim().parse().ok()?))
        });
        let (index, count) = numbers.ok_or_else(|| ShardError(text.to_owned()))?;
        Self::new(index, count)
    }
}

/// What a run that took one share has read. Shares are whole together where each begins exactly at the place at which the
/// one before it has ended.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Share {
    /// The job that it began after. `None` for the first share, which begins with the listing, and for one that the
    /// listing had ended before.
    pub from: Option<String>,
    /// The job that it ended with, after which the next share begins. `None` where the listing ended.
    pub to: Option<String>,
    /// The parts of the listing that it read, where the listing is divided by what is in it, and not by places.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub values: Vec<String>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_share_is_described() {
        for text in ["", "2", "0/8", "9/8", "1/0", "a/b", "-1/8", "1/8/2", "2-of-8"] {
            let error = text.parse::<Shard>().unwrap_err().to_string();
            assert!(error.starts_with(&format!("`{text}` is no share")), "{error}");
        }
        assert_eq!("1/1".parse::<Shard>().unwrap().to_string(), "1/1");
    }
}
