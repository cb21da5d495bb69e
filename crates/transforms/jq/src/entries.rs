//! `join` and `from_entries`, which jaq has, as jq does them.

use jaq_core::{Error, ValR, ValT as _};
use jaq_json::Val;
use jaq_std::ValT as _;

/// Joins texts; numbers and booleans become text, and a null joins as nothing.
pub(crate) fn join(items: Val, separator: &Val) -> ValR<Val> {
    let separator = separator.try_as_utf8_bytes()?;
    let mut joined = Vec::new();
    for (index, item) in items.values().enumerate() {
        let item = item?;
        if index > 0 {
            joined.extend_from_slice(separator);
        }
        match &item {
            Val::Null => {}
            Val::Bool(_) | Val::Num(_) => joined.extend_from_slice(item.to_string().as_bytes()),
            item => joined.extend_from_slice(item.try_as_utf8_bytes()?),
        }
    }
    Ok(Val::utf8_str(joined))
}

/// Makes an object of `{key, value}` entries. The members may also be called `k` or `name` and `v`, with a capital or
/// not, and a key need not be a text.
pub(crate) fn from_entries(entries: Val) -> ValR<Val> {
    let members = entries.values().map(|entry| {
        let entry = entry?;
        let (key, value) = match &entry {
            Val::Obj(members) => {
                let member = |name: &str| members.get(&Val::from(name.to_owned()));
                let named = |name: &&str| member(name).filter(|key| key.as_bool());
                let key = member("key")
                    .filter(|key| !matches!(key, Val::Null))
                    .or_else(|| ["k", "name", "Name", "K", "Key"].iter().find_map(named));
                (key.cloned(), ["value", "v", "Value"].into_iter().find_map(member).cloned())
            }
            _ => return Err(Error::index(entry, Val::from("key".to_owned()))),
        };
        let key = match key.unwrap_or_default() {
            Val::TStr(text) => Val::TStr(text),
            other => Val::from(other.to_string()),
        };
        Ok((key, value.unwrap_or_default()))
    });
    Ok(Val::obj(members.collect::<Result<_, Error<Val>>>()?))
}
