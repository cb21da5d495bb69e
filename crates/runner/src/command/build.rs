//! `taskferry build`: builds a taskferry with additional plugins.

pub(crate) mod arguments;
mod cargo;
mod package;
mod plugin_source;
mod report;
mod resolved;
mod sources;

use std::fs;
use std::path::{Path, PathBuf};

use taskferry_files::FolderEntry;

use crate::command_error::{CommandError, Ended};
use crate::exit::Exit;
use arguments::BuildArguments;
use cargo::Cargo;
use package::Package;
use resolved::{Packages, Resolved};
use sources::Sources;

/// Builds the binary.
pub(crate) fn build(arguments: &BuildArguments) -> Ended {
    if arguments.output.is_dir() {
        let message = format!("`--output {}` is a folder", arguments.output.display());
        return Err(CommandError::usage(message).help("add the name of the binary"));
    }
    let cargo = Cargo::new().map_err(|error| CommandError::cannot_write(Path::new("."), &error))?;
    let sources = Sources::find(&cargo, arguments)?;
    let package = Package {
        plugins: &sources.plugins,
        checkout: sources.checkout.as_deref(),
        replaces_sdk: sources.uses_published_sdk,
    };
    let manifest = write(&cargo, &package)?;

    let metadata = cargo.metadata(&manifest, true)?.ok_or_else(|| {
        let version = env!("CARGO_PKG_VERSION");
        let help = match package.checkout {
            Some(_) => "correct the version after `@`, or the `Cargo.toml` of the plugin".to_owned(),
            None => format!(
                "if the registry has no taskferry {version}, build a checkout with `--path CHECKOUT`"
            ),
        };
        CommandError::usage("Cargo can't resolve the dependencies: see the message of Cargo above").help(help)
    })?;
    let packages = Packages::of(&metadata);
    let plugins = packages.plugins(sources.plugins.len())?;
    let titles: Vec<String> = plugins.iter().map(Resolved::title).collect();
    write_file(&manifest.with_file_name("src").join("main.rs"), &package::main(&titles))?;

    let built = cargo.build(&manifest, arguments.debug)?;
    let Some(binary) = built.binary else {
        return Err(report::compile_errors(&built.errors, &packages, &plugins));
    };
    let added = report::added_types(&binary)?;
    publish(&binary, &arguments.output)?;
    report::complete(&arguments.output, &titles, &added);
    Ok(Exit::COMPLETE)
}

/// Writes the package for Cargo, and returns the path of its manifest.
fn write(cargo: &Cargo, package: &Package<'_>) -> Result<PathBuf, CommandError> {
    let folder = cargo.target.join(package.name());
    let source = folder.join("src");
    fs::create_dir_all(&source).map_err(|error| CommandError::cannot_write(&source, &error))?;
    let manifest = folder.join("Cargo.toml");
    write_file(&manifest, &package.manifest())?;
    // Cargo resolves no package without code. The versions of the plugins are written later.
    let main = source.join("main.rs");
    if !main.exists() {
        write_file(&main, &package::main(&[]))?;
    }
    // The versions with which the checkout is tested. Cargo adds the dependencies of the plugins.
    let versions = folder.join("Cargo.lock");
    let known = package.checkout.map(|checkout| fs::read_to_string(checkout.join("Cargo.lock")));
    if let Some(Ok(known)) = known
        && !versions.exists()
    {
        write_file(&versions, &known)?;
    }
    Ok(manifest)
}

/// Writes a file, unless it has this content: Cargo compiles a newer file again.
fn write_file(path: &Path, text: &str) -> Result<(), CommandError> {
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| CommandError::cannot_write(path, &error))
}

/// Copies the binary to its place, where it appears when it is complete.
fn publish(binary: &Path, output: &Path) -> Result<(), CommandError> {
    let copy = || FolderEntry::in_created_folder(output)?.replace(&fs::read(binary)?, 0o755);
    copy().map_err(|error| CommandError::cannot_write(output, &error))
}
