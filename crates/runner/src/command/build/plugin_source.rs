//! Where a crate with plugins comes from.

use std::path::PathBuf;
use std::str::FromStr;

/// The value of `--with`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum PluginSource {
    /// The folder of a package.
    Folder(PathBuf),
    /// A package in the registry.
    Registry {
        package: String,
        /// The requirement, as in a manifest.
        version: String,
    },
}

impl FromStr for PluginSource {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        if text.contains(['/', '\\']) || matches!(text, "." | "..") {
            return Ok(Self::Folder(text.into()));
        }
        let (package, version) = text.split_once('@').unwrap_or((text, "*"));
        let is_name = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
        let is_version = |it: char| it.is_ascii_alphanumeric() || "^~=*<>.,-+ ".contains(it);
        if package.is_empty() || !package.chars().all(is_name) {
            return Err("expected the name of a crate, or a path with a `/`".to_owned());
        }
        if version.is_empty() || !version.chars().all(is_version) {
            return Err("expected a version after `@`, for example `@1.2`".to_owned());
        }
        Ok(Self::Registry { package: package.to_owned(), version: version.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_a_slash_and_a_crate_may_have_a_version() {
        let registry = |package: &str, version: &str| {
            Ok(PluginSource::Registry { package: package.to_owned(), version: version.to_owned() })
        };
        assert_eq!("short".parse(), registry("short", "*"));
        assert_eq!("short-tasks@1.2".parse(), registry("short-tasks", "1.2"));
        assert_eq!("short@=1.2.3-rc.1".parse(), registry("short", "=1.2.3-rc.1"));
        for path in [".", "..", "./short", "/short", "a@b/short"] {
            assert_eq!(path.parse(), Ok(PluginSource::Folder(path.into())));
        }
        for wrong in ["", "short@", "@1", "a b", "short@\"1\"", "é", "short\n"] {
            assert!(wrong.parse::<PluginSource>().is_err(), "{wrong}");
        }
    }
}
