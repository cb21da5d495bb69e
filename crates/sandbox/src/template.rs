//! Fills the templates of the catalog.

use crate::catalog::Place;
use crate::random::Random;

/// The text of a task and the id that is derived from it.
pub(crate) struct TaskText {
    pub(crate) text: String,
    /// A slug of the text, at most 100 characters long.
    pub(crate) id: String,
}

/// Replaces each `[a|b|c]` with one of the alternatives and `{site}` with the place.
pub(crate) fn fill_task(template: &str, place: &Place, random: &mut Random) -> TaskText {
    let mut text = String::with_capacity(template.len());
    let mut rest = template;
    while let Some((before, group)) = rest.split_once('[') {
        let (group, after) = group.split_once(']').unwrap_or((group, ""));
        let alternatives: Vec<&str> = group.split('|').collect();
        text.push_str(before);
        text.push_str(random.pick::<&str>(&alternatives));
        rest = after;
    }
    text.push_str(rest);
    let id = slug(&text.replace("{site}", &place.slug));
    TaskText { text: text.replace("{site}", &place.name), id }
}

/// Puts the clauses of a piece of work into a sentence that explains a level.
pub(crate) fn fill_rationale(template: &str, ai_clause: &str, human_clause: &str) -> String {
    template
        .replace("{ai}", ai_clause)
        .replace("{Ai}", &capitalized(ai_clause))
        .replace("{human}", human_clause)
        .replace("{Human}", &capitalized(human_clause))
}

fn capitalized(text: &str) -> String {
    let mut characters = text.chars();
    let first = characters.next().into_iter().flat_map(char::to_uppercase);
    first.chain(characters).collect()
}

const MAX_SLUG_LENGTH: usize = 100;

fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    let words = text.split(|character: char| !character.is_ascii_alphanumeric());
    for word in words.filter(|word| !word.is_empty()) {
        if slug.len() + 1 + word.len() > MAX_SLUG_LENGTH {
            break;
        }
        if !slug.is_empty() {
            slug.push('-');
        }
        slug.push_str(word);
    }
    slug.make_ascii_lowercase();
    slug
}
