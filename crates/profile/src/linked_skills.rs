//! The lists of linked skills.

use taskferry_json::{Kind, Node};

/// The key of the lists.
pub const LINKED_SKILLS: &str = "linked_skills";

/// Visits the value of every `linked_skills` in a record, at any depth. The value can be of any type.
///
/// # Errors
/// The first error of `visit`.
pub fn visit_linked_skills<'a, E>(
    record: Node<'a>,
    visit: &mut impl FnMut(Node<'a>) -> Result<(), E>,
) -> Result<(), E> {
    match record.kind() {
        Kind::Object => record.members().try_for_each(|(key, member)| {
            if key == LINKED_SKILLS { visit(member) } else { visit_linked_skills(member, visit) }
        }),
        Kind::Array => record.items().try_for_each(|item| visit_linked_skills(item, visit)),
        _ => Ok(()),
    }
}
