//! Writes a value as one cell of a table.

use taskferry_sdk::json::{Kind, Node};

use crate::options::{CellStyle, Decimal};

const ITEM_SEPARATOR: &str = "; ";
/// The members that can label an object in a list, in order of preference.
const LABELS: [&str; 5] = ["skill", "name", "label", "title", "task"];

/// What differs between a value and the text in its cell.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// The number of replaced NUL characters.
    pub(crate) nul: u64,
    /// Whether the cell got a leading `'`.
    pub(crate) escaped: bool,
}

/// Writes the value to an empty cell.
///
/// Null is an empty cell. A number keeps its text, apart from the decimal separator. The items of a list are separated by
/// `; `. An object is JSON. If formulas are escaped, a text that looks like one gets a leading `'`.
pub(crate) fn write_cell(value: Node<'_>, style: CellStyle, cell: &mut String) -> Changes {
    match value.kind() {
        Kind::Array => push_list(value, style.decimal, cell),
        Kind::String => push(value, style.decimal, cell),
        _ => {
            push(value, style.decimal, cell);
            return Changes::default();
        }
    }
    let nul = replace_nul(cell);
    Changes { nul, escaped: style.escape && escape_formula(cell) }
}

/// Replaces NUL, at which many readers of CSV end the cell or the table.
pub(crate) fn replace_nul(text: &mut String) -> u64 {
    if !text.contains('\0') {
        return 0;
    }
    let count = text.matches('\0').count();
    *text = text.replace('\0', "\u{fffd}");
    count as u64
}

fn push_list(list: Node<'_>, decimal: Decimal, cell: &mut String) {
    for (index, item) in list.items().enumerate() {
        if index > 0 {
            cell.push_str(ITEM_SEPARATOR);
        }
        push(label(item).unwrap_or(item), decimal, cell);
    }
}

/// The label of an object in a list: its only member, or the first of [`LABELS`].
fn label(item: Node<'_>) -> Option<Node<'_>> {
    let mut members = item.members();
    if let (Some((_, only)), None) = (members.next(), members.next()) {
        return Some(only);
    }
    let mut labels = LABELS.into_iter().filter_map(|name| item.get(name));
    labels.find(|value| !matches!(value.kind(), Kind::Null | Kind::Array | Kind::Object))
}

fn push(value: Node<'_>, decimal: Decimal, cell: &mut String) {
    match value.kind() {
        Kind::Null => {}
        Kind::String => cell.push_str(&value.as_str().unwrap_or_default()),
        Kind::Bool => cell.push_str(if value.as_bool() == Some(true) { "true" } else { "false" }),
        Kind::Number => {
            let number = value.as_number().unwrap_or_default();
            match (decimal, number.split_once('.')) {
                (Decimal::Comma, Some((whole, decimals))) => cell.extend([whole, ",", decimals]),
                _ => cell.push_str(number),
            }
        }
        // A tree is written without white space and unnecessary escapes.
        Kind::Array | Kind::Object => {
            cell.push_str(&value.to_value().map(|tree| tree.to_string()).unwrap_or_default());
        }
    }
}

/// Adds a leading `'` to a text that a spreadsheet would evaluate as a formula. Returns whether it did.
///
/// Spreadsheets skip leading blanks, and some accept full-width signs. A leading tab or line break can start a new cell.
pub(crate) fn escape_formula(text: &mut String) -> bool {
    let is_blank = |character: char| character.is_whitespace() || character == '\u{feff}';
    let first = text.trim_start_matches(is_blank).chars().next();
    let formula = matches!(first, Some('=' | '+' | '-' | '@' | '＝' | '＋' | '－' | '＠'));
    let is_escaped = formula || text.starts_with(['\t', '\r', '\n']);
    if is_escaped {
        text.insert(0, '\'');
    }
    is_escaped
}
