//! Compares the fields of two records.

use taskferry_sdk::json::Node;

/// The names of the fields that differ: first the fields of the new record, in its order, then the fields that only the old record
/// has. Null equals a missing field.
pub(crate) fn changed_fields(old: Node<'_>, new: Node<'_>) -> Vec<String> {
    if old.raw() == new.raw() {
        return Vec::new();
    }
    let present = |record: Node<'_>, key: &str| record.get(key).is_some_and(|it| !it.is_null());
    let is_changed = |key: &str, value: Node<'_>| match old.get(key) {
        Some(before) => !before.equals(value),
        None => !value.is_null(),
    };
    let changed = new.members().map(|(key, value)| (key.as_str(), value));
    let changed = changed.filter(|(key, value)| is_changed(key, *value)).map(|(key, _)| key);
    let gone = old.members().map(|(key, _)| key.as_str());
    let gone = gone.filter(|key| new.get(key).is_none() && present(old, key));
    changed.chain(gone).map(std::borrow::Cow::into_owned).collect()
}
