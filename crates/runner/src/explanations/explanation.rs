//! One entry of the table.

/// The meaning of one name, with examples.
///
/// An example is a fragment of a pipeline file, a command that begins with `$ `, or both. A comment that is only the name of a
/// file begins that file. A test checks each example.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// The stable name: words with hyphens.
    pub(crate) name: &'static str,
    /// The meaning in one line.
    pub(crate) meaning: &'static str,
    /// Why it is a mistake, and what to do.
    pub(crate) details: &'static str,
    pub(crate) wrong: &'static str,
    pub(crate) right: &'static str,
}
