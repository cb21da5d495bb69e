//! The lists of skills linked to tasks, wherever they stand.

use taskferry_json::{Kind, Node};

/// The key of the lists.
pub const LINKED_SKILLS: &str = "linked_skills";

/// Visits what stands under every `linked_skills` of a record, at any depth. It should be a list, and may be anything.
///
/// # Errors
/// The first that `visit` returns; the walk ends with it.
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
