//! Finds the crates with plugins, and taskferry.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::arguments::BuildArguments;
use super::cargo::Cargo;
use super::package::{Dependency, toml_path};
use super::plugin_source::PluginSource;
use super::resolved::list;
use crate::command::checkout;
use crate::command_error::CommandError;
use crate::console;

/// Where the packages of a binary come from.
#[derive(Debug)]
pub(super) struct Sources {
    pub(super) plugins: Vec<Dependency>,
    /// The checkout of taskferry; `None` for the published version.
    pub(super) checkout: Option<PathBuf>,
    /// Whether a plugin depends on the published SDK.
    pub(super) uses_published_sdk: bool,
}

/// A crate with plugins.
struct Found {
    dependency: Dependency,
    /// The folder of the SDK, if the crate names one.
    sdk: Option<PathBuf>,
}

impl Sources {
    /// Finds the plugin crates and the checkout that the arguments name. Reports errors.
    pub(super) fn find(cargo: &Cargo, arguments: &BuildArguments) -> Result<Self, CommandError> {
        let found: Vec<Found> =
            arguments.with.iter().map(|source| find(cargo, source)).collect::<Result<_, _>>()?;
        let of_plugin = found.iter().find_map(|found| checkout_of(found.sdk.as_deref()?));
        let path = arguments.path.clone().or(of_plugin);
        let checkout = path.map(|path| {
            checkout::check(&path)?;
            fs::canonicalize(&path)
                .map_err(|error| format!("can't open `{}`: {error}", path.display()))
        });
        let checkout = checkout.transpose()?;
        let uses_published_sdk = found.iter().any(|found| found.sdk.is_none());
        let plugins: Vec<Dependency> = found.into_iter().map(|found| found.dependency).collect();
        for (index, plugin) in plugins.iter().enumerate() {
            if plugins.iter().take(index).any(|other| other.package == plugin.package) {
                let message = format!("`--with` names the crate `{}` twice", plugin.package);
                return Err(CommandError::usage(message).help("name each crate once"));
            }
        }
        Ok(Self { plugins, checkout, uses_published_sdk })
    }
}

/// The checkout with this folder of the SDK.
fn checkout_of(sdk: &Path) -> Option<PathBuf> {
    let checkout = sdk.parent()?.parent()?;
    checkout::check(checkout).is_ok().then(|| checkout.to_owned())
}

fn find(cargo: &Cargo, source: &PluginSource) -> Result<Found, CommandError> {
    match source {
        PluginSource::Registry { package, version } => {
            if Path::new(package).join("Cargo.toml").exists() {
                console::line(&format!(
                    "`{package}` is looked up in the registry; `./{package}` is the folder with this name"
                ));
            }
            let (package, keys) = (package.clone(), format!("version = \"{version}\""));
            Ok(Found { dependency: Dependency { package, keys }, sdk: None })
        }
        PluginSource::Folder(folder) => in_folder(cargo, folder),
    }
}

fn in_folder(cargo: &Cargo, folder: &Path) -> Result<Found, CommandError> {
    let shown = folder.display();
    let manifest = fs::canonicalize(folder.join("Cargo.toml"));
    let manifest = manifest.map_err(|error| {
        let help = "name the folder of a crate, or a crate of the registry without a `/`";
        CommandError::usage(format!("can't read `{shown}/Cargo.toml`: {error}")).help(help)
    })?;
    let metadata = cargo.metadata(&manifest, false)?.ok_or_else(|| {
        format!("Cargo can't read `{shown}/Cargo.toml`: see the message of Cargo above")
    })?;
    let is_it =
        |package: &&Value| package["manifest_path"].as_str().map(Path::new) == Some(&manifest);
    let package = list(&metadata["packages"]).find(is_it).ok_or_else(|| {
        CommandError::usage(format!("`{shown}` is a workspace without a package of its own"))
            .help("name the folder of one of its packages")
    })?;
    let has_library =
        list(&package["targets"]).any(|target| list(&target["kind"]).any(|kind| kind == "lib"));
    if !has_library {
        let help = "a crate with plugins has a `src/lib.rs`, which exports the function `register`";
        let message = format!("the package in `{shown}` has no library");
        return Err(CommandError::usage(message).help(help));
    }
    let name = package["name"].as_str().unwrap_or_default().to_owned();
    let keys = format!("path = {}", toml_path(manifest.parent().unwrap_or(folder)));
    let mut dependencies = list(&package["dependencies"]);
    let sdk = dependencies.find(|it| it["name"] == "taskferry-sdk" && it["kind"].is_null());
    let sdk = sdk.and_then(|sdk| sdk["path"].as_str()).map(PathBuf::from);
    Ok(Found { dependency: Dependency { package: name, keys }, sdk })
}
