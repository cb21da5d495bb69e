//! Paths of values in a pipeline file.

use std::fmt;

/// A segment of a [`KeyPath`].
///
/// ```
/// use taskferry_sdk::{KeyPath, Segment};
///
/// let path = KeyPath::of("levels").index(1);
/// assert_eq!(path.segments(), [Segment::Key("levels".to_owned()), Segment::Index(1)]);
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Segment {
    /// A key of a table.
    Key(String),
    /// A position in a list, from 0.
    Index(usize),
}

/// The path of a value in a pipeline file, for example `transform[1].levels[0]`. Paths in plugins start at the table of the stage.
///
/// ```
/// use taskferry_sdk::KeyPath;
///
/// assert_eq!(KeyPath::of("levels").index(0).to_string(), "levels[0]");
/// assert_eq!(KeyPath::of("rename").key("task").to_string(), "rename.task");
/// assert_eq!(KeyPath::root().to_string(), "");
/// ```
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyPath(Vec<Segment>);

impl KeyPath {
    /// The top of the file.
    pub fn root() -> Self {
        Self::default()
    }

    /// The path of a key at the top.
    pub fn of(key: impl Into<String>) -> Self {
        Self::root().key(key)
    }

    /// Appends a key.
    #[must_use]
    pub fn key(&self, key: impl Into<String>) -> Self {
        self.join(&Self(vec![Segment::Key(key.into())]))
    }

    /// Appends a position in a list.
    #[must_use]
    pub fn index(&self, index: usize) -> Self {
        self.join(&Self(vec![Segment::Index(index)]))
    }

    /// Appends another path.
    #[must_use]
    pub fn join(&self, rest: &KeyPath) -> Self {
        Self(self.0.iter().chain(&rest.0).cloned().collect())
    }

    /// The path without its last segment; `None` at the top.
    pub fn parent(&self) -> Option<Self> {
        let (_, rest) = self.0.split_last()?;
        Some(Self(rest.to_vec()))
    }

    /// The segments, from the top.
    pub fn segments(&self) -> &[Segment] {
        &self.0
    }

    /// The last key in the path.
    pub fn last_key(&self) -> Option<&str> {
        self.0.iter().rev().find_map(|segment| match segment {
            Segment::Key(key) => Some(key.as_str()),
            Segment::Index(_) => None,
        })
    }
}

impl FromIterator<Segment> for KeyPath {
    fn from_iter<I: IntoIterator<Item = Segment>>(segments: I) -> Self {
        Self(segments.into_iter().collect())
    }
}

impl fmt::Display for KeyPath {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (position, segment) in self.0.iter().enumerate() {
            match segment {
                Segment::Key(key) if position == 0 => formatter.write_str(key)?,
                Segment::Key(key) => write!(formatter, ".{key}")?,
                Segment::Index(index) => write!(formatter, "[{index}]")?,
            }
        }
        Ok(())
    }
}
