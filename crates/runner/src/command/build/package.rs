//! The package that `taskferry build` writes for Cargo.

use std::path::Path;

use serde_json::Value;
use taskferry_config::toml_value;
use taskferry_sdk::PartsHash;

/// The optimization of taskferry's own binary.
const PROFILE: &str = include_str!("profile.toml");

/// A crate with plugins, as the package depends on it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Dependency {
    /// The name of the package.
    pub(super) package: String,
    /// The keys for the origin of the package: `path = "…"` or `version = "…"`.
    pub(super) keys: String,
}

/// The package of a binary with plugins.
#[derive(Debug)]
pub(super) struct Package<'a> {
    pub(super) plugins: &'a [Dependency],
    /// A checkout of taskferry; `None` for the published version.
    pub(super) checkout: Option<&'a Path>,
    /// Whether a plugin depends on the published SDK, which the checkout replaces.
    pub(super) replaces_sdk: bool,
}

impl Package<'_> {
    /// A name that depends on the plugins, because the artifacts of all packages are in one folder.
    pub(super) fn name(&self) -> String {
        let hash = PartsHash::of(self.dependencies().iter().map(String::as_bytes)).digest();
        format!("taskferry-build-{}", hash.chars().take(8).collect::<String>())
    }

    /// The text of `Cargo.toml`.
    pub(super) fn manifest(&self) -> String {
        let dependencies = self.dependencies().concat();
        let patch = match self.checkout {
            Some(checkout) if self.replaces_sdk => {
                let sdk = toml_path(&checkout.join("crates/sdk"));
                format!("\n[patch.crates-io]\ntaskferry-sdk = {{ path = {sdk} }}\n")
            }
            _ => String::new(),
        };
        format!(
            "# Written by `taskferry build`.\n[package]\nname = \"{}\"\nversion = \"0.1.0\"\nedition = \"2024\"\npublish = false\n\n\
             [dependencies]\n{dependencies}{patch}\n[workspace]\n\n{PROFILE}",
            self.name()
        )
    }

    /// The lines of all dependencies. Each plugin gets a numbered name, because the name of a package may equal the name of
    /// another dependency.
    fn dependencies(&self) -> Vec<String> {
        let version = env!("CARGO_PKG_VERSION");
        let mut keys = format!("version = \"={version}\"");
        if let Some(checkout) = self.checkout {
            keys += ", path = ";
            keys += &toml_path(&checkout.join("crates/runner"));
        }
        if cfg!(not(feature = "sandbox")) {
            keys += ", default-features = false";
        }
        if cfg!(feature = "wasm") {
            keys += ", features = [\"wasm\"]";
        }
        let plugins = self.plugins.iter().enumerate().map(|(index, plugin)| {
            let Dependency { package, keys } = plugin;
            format!("{} = {{ package = \"{package}\", {keys} }}\n", name_of(index))
        });
        std::iter::once(format!("taskferry = {{ {keys} }}\n")).chain(plugins).collect()
    }
}

/// The name of the plugin at this position in the code.
pub(super) fn name_of(index: usize) -> String {
    format!("plugin_{}", index + 1)
}

/// The text of `src/main.rs`. `versions` are the packages with their versions: a run with other versions is not resumed.
pub(super) fn main(versions: &[String]) -> String {
    let register = versions.iter().enumerate().map(|(index, version)| {
        format!("        // {version}\n        .plugins({}::register)\n", name_of(index))
    });
    let register: String = register.collect();
    let version = Value::from(versions.join(", "));
    format!(
        "//! Written by `taskferry build`.\n\n#[global_allocator]\nstatic ALLOCATOR: taskferry::Allocator = taskferry::Allocator;\n\n\
         fn main() -> std::process::ExitCode {{\n    taskferry::Runner::new()\n{register}        .version({version})\n        .main()\n}}\n"
    )
}

/// A path as a TOML string.
pub(super) fn toml_path(path: &Path) -> String {
    toml_value(&path.to_string_lossy().into())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plugins() -> [Dependency; 2] {
        let dependency = |package: &str, keys: &str| Dependency {
            package: package.to_owned(),
            keys: keys.to_owned(),
        };
        [dependency("short", "path = \"/a \\\"b\\\"\""), dependency("sqlite", "version = \"1.2\"")]
    }

    #[test]
    fn the_package_depends_on_taskferry_and_all_plugins() {
        let plugins = plugins();
        let checkout = Some(Path::new("/taskferry"));
        let mut package = Package { plugins: &plugins, checkout, replaces_sdk: true };
        insta::assert_snapshot!(package.manifest().split("\n[workspace]").next().unwrap(), @r#"
    # Written by `taskferry build`.
    [package]
    name = "taskferry-build-4f7b189c"
    version = "0.1.0"
    edition = "2024"
    publish = false

    [dependencies]
    taskferry = { version = "=0.1.0", path = "/taskferry/crates/runner" }
    plugin_1 = { package = "short", path = "/a \"b\"" }
    plugin_2 = { package = "sqlite", version = "1.2" }

    [patch.crates-io]
    taskferry-sdk = { path = "/taskferry/crates/sdk" }
    "#);
        let name = package.name();
        (package.checkout, package.replaces_sdk) = (None, false);
        assert!(package.manifest().contains("taskferry = { version = \"=0.1.0\" }\n"));
        assert!(!package.manifest().contains("patch"));
        assert_ne!(package.name(), name);
    }

    #[test]
    fn the_binary_registers_all_plugins() {
        insta::assert_snapshot!(main(&["short 0.1.0".to_owned(), "sqlite 1.2.3".to_owned()]), @r#"
    //! Written by `taskferry build`.

    #[global_allocator]
    static ALLOCATOR: taskferry::Allocator = taskferry::Allocator;

    fn main() -> std::process::ExitCode {
        taskferry::Runner::new()
            // short 0.1.0
            .plugins(plugin_1::register)
            // sqlite 1.2.3
            .plugins(plugin_2::register)
            .version("short 0.1.0, sqlite 1.2.3")
            .main()
    }
    "#);
    }

    #[test]
    fn the_profile_equals_the_profile_of_the_binary() {
        let manifest = include_str!("../../../../../Cargo.toml");
        let start = manifest.find("[profile.release]").unwrap();
        let end = manifest.find("# For binaries that are shipped").unwrap();
        let comments = |line: &&str| !line.starts_with('#') && !line.is_empty();
        let own: Vec<&str> = manifest[start..end].lines().filter(comments).collect();
        assert_eq!(PROFILE.lines().filter(comments).collect::<Vec<_>>(), own);
    }
}
