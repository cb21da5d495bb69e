//! The names of a plugin.

use taskferry_pipeline::Registry;

use crate::command_error::CommandError;

/// The maximum number of characters of a name.
const MAX_NAME_CHARACTERS: usize = 40;

/// Names that Rust or Cargo reserve, and the names of the dependencies of a plugin crate.
const RESERVED: &str = "abstract alloc as async await become box break build const continue core crate deps \
    do dyn else enum examples extern false final fn for gen if impl in incremental let \
    loop macro match mod move mut override priv proc_macro pub ref return runner \
    schemars self serde static std struct super taskferry taskferry_sdk tempfile test \
    tokio trait true try type typeof unsafe unsized use virtual where while";

/// Types that every Rust file can name.
const PRELUDE: &str = "Box Clone Copy Debug Default Drop Err Fn From Into Iterator None Ok Option Result \
    Self Send Sized Some String Sync Vec";

/// The type in the code of a template.
const PLACEHOLDER: &str = "MyPlugin";

/// The names of a plugin, in the notations of Rust.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Names {
    /// The crate and its folder, as written: `drop-short-tasks`.
    pub(super) package: String,
    /// The crate in Rust and the type in a pipeline file: `drop_short_tasks`.
    pub(super) snake: String,
    /// The type in Rust: `DropShortTasks`.
    pub(super) pascal: String,
}

impl Names {
    /// Checks the characters of a name. [`check_free`](Self::check_free) checks whether the name is in use.
    pub(super) fn parse(name: &str) -> Result<Self, CommandError> {
        let words: Vec<&str> = name.split(['-', '_']).collect();
        let is_word = |word: &&str| {
            !word.is_empty()
                && word.chars().all(|it| it.is_ascii_lowercase() || it.is_ascii_digit())
        };
        let is_valid = words.iter().all(is_word)
            && name.starts_with(|first: char| first.is_ascii_lowercase())
            && name.len() <= MAX_NAME_CHARACTERS;
        if !is_valid {
            let message = format!("`{name}` is not a valid name for a crate and its folder");
            let help = match suggestion(name) {
                Some(near) => format!("write `{near}`"),
                None => format!(
                    "use at most {MAX_NAME_CHARACTERS} lower-case letters and digits, in words with `-` between them, and begin with a letter"
                ),
            };
            return Err(CommandError::usage(message).help(help));
        }
        let capitalized = |word: &str| {
            let (first, rest) = word.split_at(word.len().min(1));
            format!("{}{rest}", first.to_ascii_uppercase())
        };
        Ok(Self {
            package: name.to_owned(),
            snake: words.join("_"),
            pascal: words.into_iter().map(capitalized).collect(),
        })
    }

    /// Checks that the names are not used by Rust, by a plugin of this binary, or by the code of the template.
    pub(super) fn check_free<'t>(
        &self,
        registry: &Registry,
        mut code: impl Iterator<Item = &'t str>,
    ) -> Result<(), CommandError> {
        let Self { package, snake, pascal } = self;
        let plugins = registry.plugins();
        let message = if RESERVED.split(' ').any(|reserved| reserved == snake) {
            format!("`{package}` is a reserved name")
        } else if let Some(known) = plugins.iter().find(|known| known.type_name == snake) {
            format!("this binary already has a {} with the type `{snake}`", known.role)
        } else if PRELUDE.split(' ').any(|known| known == pascal)
            || code.any(|text| names_in(text).any(|it| it == pascal && it != PLACEHOLDER))
        {
            format!("the template already uses the name `{pascal}`")
        } else {
            return Ok(());
        };
        let help = format!("choose another name, for example `my-{package}`");
        Err(CommandError::usage(message).help(help))
    }
}

/// The name that was probably meant: words in lower case.
fn suggestion(name: &str) -> Option<String> {
    let mut near = String::new();
    for character in name.chars() {
        if character.is_ascii_uppercase() && !near.is_empty() && !near.ends_with('-') {
            near.push('-');
        }
        match character {
            ' ' | '_' | '-' if near.ends_with('-') => {}
            ' ' | '_' | '-' => near.push('-'),
            other => near.push(other.to_ascii_lowercase()),
        }
    }
    let near = near.trim_matches('-');
    (near != name && Names::parse(near).is_ok()).then(|| near.to_owned())
}

/// The types that a Rust file imports or defines.
fn names_in(code: &str) -> impl Iterator<Item = &str> {
    let imports = code.split("use ").skip(1).filter_map(|rest| rest.split(';').next());
    let defined = code.split("struct ").skip(1);
    let defined = defined.filter_map(|rest| rest.split([' ', '{', ';', '(']).next());
    let is_part = |it: char| it.is_ascii_alphanumeric() || it == '_';
    imports.flat_map(move |it| it.split(move |character| !is_part(character))).chain(defined)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_written_in_the_notations_of_rust() {
        let names = Names::parse("drop-short_tasks2").unwrap();
        assert_eq!(names.package, "drop-short_tasks2");
        assert_eq!(names.snake, "drop_short_tasks2");
        assert_eq!(names.pascal, "DropShortTasks2");
    }

    #[test]
    fn a_name_in_another_notation_is_corrected() {
        for name in
            ["DropShortTasks", "Drop Short  Tasks", "drop-short--tasks", "-drop_Short-tasks-"]
        {
            assert_eq!(suggestion(name).as_deref(), Some("drop-short-tasks"), "{name}");
        }
        for name in ["", "2-tasks", "a/b", "é", "../x", "drop-short-tasks"] {
            assert_eq!(suggestion(name), None, "{name}");
        }
    }

    #[test]
    fn imported_and_defined_types_are_found() {
        let code = "use std::path::{Path,\n PathBuf};\n\n/// Reads it.\npub struct Lines {\n    part: Part,\n}\n";
        let names: Vec<&str> = names_in(code).collect();
        assert!(["Path", "PathBuf", "Lines"].iter().all(|name| names.contains(name)), "{names:?}");
        assert!(!names.contains(&"Reads"), "{names:?}");
    }
}
