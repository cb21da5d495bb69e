//! From the catalogue's patterns to texts and ids.

use crate::catalog::Place;
use crate::dice::Dice;

/// A pattern with one of each `[a|b|c]` and the place for `{site}`.
pub(crate) struct Wording {
    pub(crate) text: String,
    /// The same text as a slug of at most 100 characters.
    pub(crate) slug: String,
}

/// Fills a pattern of the catalogue.
pub(crate) fn expand(pattern: &str, place: &Place, dice: &mut Dice) -> Wording {
    let mut text = String::with_capacity(pattern.len());
    let mut rest = pattern;
    while let Some((before, group)) = rest.split_once('[') {
        let (alternatives, after) = group.split_once(']').unwrap_or((group, ""));
        let chosen = dice.below(alternatives.split('|').count());
        text.push_str(before);
        text.push_str(alternatives.split('|').nth(chosen).unwrap_or_default());
        rest = after;
    }
    text.push_str(rest);
    let slug = slug(&text.replace("{site}", place.slug));
    Wording { text: text.replace("{site}", place.name), slug }
}

/// Puts the clauses of a piece of work into a sentence that explains a level.
pub(crate) fn explain(sentence: &str, machine: &str, person: &str) -> String {
    sentence
        .replace("{machine}", machine)
        .replace("{Machine}", &capitalised(machine))
        .replace("{person}", person)
        .replace("{Person}", &capitalised(person))
}

fn capitalised(text: &str) -> String {
    let mut characters = text.chars();
    characters
        .next()
        .map_or_else(String::new, |first| first.to_uppercase().chain(characters).collect())
}

const LONGEST_SLUG: usize = 100;

fn slug(text: &str) -> String {
    let mut slug = String::with_capacity(text.len());
    for word in text
        .split(|character: char| !character.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
    {
        if slug.len() + 1 + word.len() > LONGEST_SLUG {
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::catalog::PLACES;

    #[test]
    fn a_pattern_gets_one_alternative_and_the_place() {
        let tokyo = PLACES.iter().find(|place| place.slug == "tokyo").unwrap();
        for index in 0..20 {
            let wording =
                expand("Close [day|month] in {site}, [now|later]", tokyo, &mut Dice::new(1, index));
            assert!(
                wording.text.starts_with("Close day in 東京, ")
                    || wording.text.starts_with("Close month in 東京, ")
            );
            assert!(
                wording.slug.ends_with("-in-tokyo-now")
                    || wording.slug.ends_with("-in-tokyo-later")
            );
        }
    }

    #[test]
    fn a_long_slug_is_cut_between_words() {
        let slug = slug(&"wonderful ".repeat(30));
        assert!(slug.len() <= LONGEST_SLUG && slug.ends_with("wonderful"));
    }
}
