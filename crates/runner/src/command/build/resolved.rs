//! The packages that Cargo has resolved, from `cargo metadata`.

use serde_json::Value;

use super::package::name_of;
use crate::command_error::CommandError;

/// A package.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Resolved<'a> {
    pub(super) id: &'a str,
    pub(super) name: &'a str,
    pub(super) version: &'a str,
    manifest_path: &'a str,
    has_registry: bool,
}

impl Resolved<'_> {
    /// The name and the version.
    pub(super) fn title(&self) -> String {
        format!("{} {}", self.name, self.version)
    }

    /// Where the package comes from.
    fn place(&self) -> &str {
        if self.has_registry { "the registry" } else { self.manifest_path }
    }
}

/// The packages of a binary.
#[derive(Debug)]
pub(super) struct Packages<'a>(&'a Value);

impl<'a> Packages<'a> {
    /// The packages in the output of `cargo metadata`.
    pub(super) fn of(metadata: &'a Value) -> Self {
        Self(metadata)
    }

    /// The package with this id.
    pub(super) fn find(&self, id: &str) -> Option<Resolved<'a>> {
        let package = list(&self.0["packages"]).find(|package| package["id"] == id)?;
        Some(Resolved {
            id: package["id"].as_str()?,
            name: package["name"].as_str()?,
            version: package["version"].as_str()?,
            manifest_path: package["manifest_path"].as_str()?,
            has_registry: !package["source"].is_null(),
        })
    }

    /// The plugins, in the order in which the binary registers them. All plugins must use the SDK of the runner. With another
    /// SDK, the compiler would report mismatched types with the same name.
    pub(super) fn plugins(&self, count: usize) -> Result<Vec<Resolved<'a>>, CommandError> {
        let root = self.0["resolve"]["root"].as_str().unwrap_or_default();
        let defect = |name: &str| {
            let message = format!("Cargo has not resolved `{name}`");
            CommandError::usage(message).help("please report this")
        };
        let runner = self.named(root, "taskferry").ok_or_else(|| defect("taskferry"))?;
        let sdk = self.sdk_of(runner.id).ok_or_else(|| defect("taskferry-sdk"))?;
        let plugin = |index| {
            let plugin =
                self.named(root, &name_of(index)).ok_or_else(|| defect(&name_of(index)))?;
            self.check(plugin, runner, sdk)?;
            Ok(plugin)
        };
        (0..count).map(plugin).collect()
    }

    fn check(
        &self,
        plugin: Resolved<'a>,
        runner: Resolved<'a>,
        sdk: Resolved<'a>,
    ) -> Result<(), CommandError> {
        let title = plugin.title();
        let Some(own) = self.sdk_of(plugin.id) else {
            let help = "a crate with plugins depends on taskferry-sdk, and exports the function `register`";
            let message = format!("`{title}` does not depend on taskferry-sdk");
            return Err(CommandError::usage(message).help(help));
        };
        if own.id == sdk.id {
            return Ok(());
        }
        let message = format!(
            "`{title}` depends on {} ({}), but {} depends on {} ({})",
            own.title(),
            own.place(),
            runner.title(),
            sdk.title(),
            sdk.place()
        );
        let help = if own.version == sdk.version {
            "use the same source for the plugin and for taskferry, for example with `--path CHECKOUT`".to_owned()
        } else {
            format!(
                "use a version of `{}` that depends on taskferry-sdk {}, or use taskferry {}",
                plugin.name, sdk.version, own.version
            )
        };
        Err(CommandError::usage(message).help(help))
    }

    /// The SDK on which a package depends, without dev-dependencies.
    fn sdk_of(&self, id: &str) -> Option<Resolved<'a>> {
        let of_code = |dependency: &&Value| {
            list(&dependency["dep_kinds"]).any(|dependency| dependency["kind"].is_null())
        };
        let used = self.dependencies(id).filter(of_code);
        used.filter_map(|it| self.find(it["pkg"].as_str()?)).find(|it| it.name == "taskferry-sdk")
    }

    /// The dependency of the package `id` that the code of the package calls `name`.
    fn named(&self, id: &str, name: &str) -> Option<Resolved<'a>> {
        let dependency = self.dependencies(id).find(|dependency| dependency["name"] == name)?;
        self.find(dependency["pkg"].as_str()?)
    }

    fn dependencies(&self, id: &str) -> impl Iterator<Item = &'a Value> + use<'a> {
        let node = list(&self.0["resolve"]["nodes"]).find(|node| node["id"] == id);
        node.into_iter().flat_map(|node| list(&node["deps"]))
    }
}

/// The items of a list.
pub(super) fn list(value: &Value) -> impl Iterator<Item = &Value> {
    value.as_array().into_iter().flatten()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    /// A binary with one plugin, which depends on these packages. Registry packages are `name@version`, others `path:name@version`.
    fn metadata(plugin: &[&str]) -> Value {
        let dependency =
            |name: &str, id: &str| json!({"name": name, "pkg": id, "dep_kinds": [{"kind": null}]});
        let ids =
            ["root@0.1.0", "path:taskferry@0.1.0", "path:short@0.3.0", "path:taskferry-sdk@0.1.0"];
        let package = |id: &&str| {
            let (name, version) = id.trim_start_matches("path:").split_once('@').unwrap();
            let source = (!id.starts_with("path:")).then_some("registry+https://…");
            json!({"id": id, "name": name, "version": version, "source": source, "manifest_path": format!("/{name}/Cargo.toml")})
        };
        let own = plugin.iter().map(|id| dependency("taskferry_sdk", id)).collect::<Vec<_>>();
        json!({
            "packages": ids.iter().chain(plugin.iter().filter(|id| !ids.contains(id))).map(package).collect::<Vec<_>>(),
            "resolve": {"root": "root@0.1.0", "nodes": [
                {"id": "root@0.1.0", "deps": [dependency("taskferry", ids[1]), dependency("plugin_1", ids[2])]},
                {"id": ids[1], "deps": [dependency("taskferry_sdk", ids[3])]},
                {"id": ids[2], "deps": own},
                {"id": ids[3], "deps": []},
            ]},
        })
    }

    fn checked(plugin: &[&str]) -> Result<Vec<String>, CommandError> {
        let metadata = metadata(plugin);
        let plugins = Packages::of(&metadata).plugins(1)?;
        Ok(plugins.iter().map(Resolved::title).collect())
    }

    #[test]
    fn a_plugin_with_the_sdk_of_the_runner_is_accepted() {
        assert_eq!(checked(&["path:taskferry-sdk@0.1.0"]).unwrap(), ["short 0.3.0"]);
    }

    #[test]
    fn a_plugin_with_another_sdk_is_named_with_both_versions() {
        let sdks = [&["taskferry-sdk@0.2.0"][..], &["taskferry-sdk@0.1.0"], &["serde@1.0.0"]];
        let messages = sdks.map(|sdk| {
            let CommandError { message, help, .. } = checked(sdk).unwrap_err();
            format!("{}\nhelp: {}", message.unwrap(), help.unwrap())
        });
        insta::assert_snapshot!(messages.join("\n"), @"
    `short 0.3.0` depends on taskferry-sdk 0.2.0 (the registry), but taskferry 0.1.0 depends on taskferry-sdk 0.1.0 (/taskferry-sdk/Cargo.toml)
    help: use a version of `short` that depends on taskferry-sdk 0.1.0, or use taskferry 0.2.0
    `short 0.3.0` depends on taskferry-sdk 0.1.0 (the registry), but taskferry 0.1.0 depends on taskferry-sdk 0.1.0 (/taskferry-sdk/Cargo.toml)
    help: use the same source for the plugin and for taskferry, for example with `--path CHECKOUT`
    `short 0.3.0` does not depend on taskferry-sdk
    help: a crate with plugins depends on taskferry-sdk, and exports the function `register`
    ");
    }
}
