//! A checkout of taskferry, on which a new crate depends.

use std::path::{Component, Path, PathBuf};

use crate::command::checkout;

/// The path of a checkout, as a crate names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Checkout {
    pub(super) path: String,
}

impl Checkout {
    /// The checkout as the manifest in `folder` names it. A relative path stays relative, so that both folders can be moved together.
    pub(super) fn of(path: &Path, folder: &Path) -> Result<Self, String> {
        checkout::check(path)?;
        let absolute = || std::path::absolute(path).map_err(|error| error.to_string());
        let path = match relative(path, folder) {
            Some(path) => path,
            None => absolute()?,
        };
        let text = path.to_str().filter(|text| !text.contains(char::is_control));
        let text = text.ok_or("`Cargo.toml` can't contain the path of the checkout, because the path is not UTF-8 or contains control characters; move the checkout")?;
        Ok(Self { path: text.to_owned() })
    }

    /// The path, relative to a subfolder of the crate.
    pub(super) fn seen_from_below(&self) -> String {
        let is_relative = Path::new(&self.path).is_relative();
        if is_relative { format!("../{}", self.path) } else { self.path.clone() }
    }
}

/// The path as seen from `folder`. Both are relative to the working directory. `None` if one of the paths is absolute, or if
/// `folder` leads upwards.
fn relative(path: &Path, folder: &Path) -> Option<PathBuf> {
    if path.is_absolute() {
        return None;
    }
    let mut upwards = PathBuf::new();
    for component in folder.components() {
        match component {
            Component::Normal(_) => upwards.push(".."),
            Component::CurDir => {}
            _ => return None,
        }
    }
    upwards.extend(path.components().filter(|it| *it != Component::CurDir));
    Some(upwards)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_relative_path_starts_at_the_new_folder() {
        let seen = |path: &str, folder: &str| {
            relative(Path::new(path), Path::new(folder)).map(|path| path.display().to_string())
        };
        assert_eq!(seen("../taskferry", "mine").as_deref(), Some("../../taskferry"));
        assert_eq!(seen("./taskferry", "./a/mine").as_deref(), Some("../../taskferry"));
        assert_eq!(seen(".", "mine").as_deref(), Some(".."));
        assert_eq!(seen("/taskferry", "mine"), None);
        assert_eq!(seen("taskferry", "../mine"), None);
        assert_eq!(seen("taskferry", "/mine"), None);
    }
}
