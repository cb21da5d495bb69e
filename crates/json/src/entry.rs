//! The entries of an index.

/// One value of the text. The entries of an array or object are followed by those of its children, in the order of the text.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry {
    /// The start of the value in the text.
    pub(crate) start: u32,
    /// The end of the value.
    pub(crate) end: u32,
    /// The entry after the last descendant: the next sibling, if there is one.
    pub(crate) next: u32,
    /// The kind (lowest bits), the flags, and, for the value of a member, the hash of its key.
    pub(crate) tag: u32,
}

pub(crate) const KIND: u32 = 0b111;
pub(crate) const NULL: u32 = 0;
pub(crate) const BOOL: u32 = 1;
pub(crate) const NUMBER: u32 = 2;
pub(crate) const STRING: u32 = 3;
pub(crate) const ARRAY: u32 = 4;
pub(crate) const OBJECT: u32 = 5;

/// A string with an escape.
pub(crate) const ESCAPED: u32 = 1 << 3;
/// The value of a member of an object.
pub(crate) const MEMBER: u32 = 1 << 4;
/// The key of the member has an escape.
pub(crate) const KEY_ESCAPED: u32 = 1 << 5;
/// A duplicate key.
pub(crate) const REPEATED: u32 = 1 << 6;
/// A duplicate key, not the first.
pub(crate) const SHADOWED: u32 = 1 << 7;
/// The value has a line break between tokens.
pub(crate) const HAS_LINE_BREAK: u32 = 1 << 8;
/// The value has an unpaired surrogate.
pub(crate) const UNPAIRED_SURROGATE: u32 = 1 << 9;
/// The hash of a key.
pub(crate) const HASH: u32 = !(2 * UNPAIRED_SURROGATE - 1);
