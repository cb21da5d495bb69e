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

use taskferry_files::Place;

use crate::console;
use crate::exit::Exit;
use arguments::BuildArguments;
use cargo::Cargo;
use package::Package;
use resolved::{Packages, Resolved};
use sources::Sources;

/// Builds the binary.
pub(crate) fn build(arguments: &BuildArguments) -> Exit {
    build_or_report(arguments).err().unwrap_or(Exit::COMPLETE)
}

fn build_or_report(arguments: &BuildArguments) -> Result<(), Exit> {
    if arguments.output.is_dir() {
        return Err(usage(
            &format!("`--output {}` is a folder", arguments.output.display()),
            "add the name of the binary",
        ));
    }
    let cargo = Cargo::new().map_err(|error| cannot_write(Path::new("."), &error))?;
    let sources = Sources::find(&cargo, arguments)?;
    let package = Package {
        plugins: &sources.plugins,
        checkout: sources.checkout.as_deref(),
        replaces_sdk: sources.uses_published_sdk,
    };
    let manifest = write(&cargo, &package)?;

    let metadata = cargo.metadata(&manifest, true).map_err(|error| cannot_run(&error))?;
    let Some(metadata) = metadata else {
        let message = "Cargo can't resolve the dependencies: see its message above";
        let version = env!("CARGO_PKG_VERSION");
        return Err(match package.checkout {
            Some(_) => {
                usage(message, "correct the version after `@`, or the `Cargo.toml` of the plugin")
            }
            None => usage(
                message,
                &format!(
                    "if the registry has no taskferry {version}, build a checkout with `--path CHECKOUT`"
                ),
            ),
        });
    };
    let packages = Packages::of(&metadata);
    let plugins = packages
        .plugins(sources.plugins.len())
        .map_err(|(message, help)| usage(&message, &help))?;
    let titles: Vec<String> = plugins.iter().map(Resolved::title).collect();
    write_file(&manifest.with_file_name("src").join("main.rs"), &package::main(&titles))?;

    let built = cargo.build(&manifest, arguments.debug).map_err(|error| cannot_run(&error))?;
    let Some(binary) = built.binary else {
        return Err(report::compile_errors(&built.errors, &packages, &plugins));
    };
    let added = report::added_types(&binary)?;
    publish(&binary, &arguments.output)?;
    report::complete(&arguments.output, &titles, &added);
    Ok(())
}

/// Writes the package for Cargo, and returns the path of its manifest.
fn write(cargo: &Cargo, package: &Package<'_>) -> Result<PathBuf, Exit> {
    let folder = cargo.target.join(package.name());
    let source = folder.join("src");
    fs::create_dir_all(&source).map_err(|error| cannot_write(&source, &error))?;
    let manifest = folder.join("Cargo.toml");
    write_file(&manifest, &package.manifest())?;
    // Cargo resolves no package without code. The versions of the plugins are written later.
    let main = source.join("main.rs");
    if !main.exists() {
        write_file(&main, &package::main(&[]))?;
    }
    // The versions with which the checkout is tested. Cargo adds those of the plugins.
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
fn write_file(path: &Path, text: &str) -> Result<(), Exit> {
    if fs::read_to_string(path).is_ok_and(|known| known == text) {
        return Ok(());
    }
    fs::write(path, text).map_err(|error| cannot_write(path, &error))
}

/// Copies the binary to its place, where it appears when it is complete.
fn publish(binary: &Path, output: &Path) -> Result<(), Exit> {
    let copy = || Place::in_created_folder(output)?.replace(&fs::read(binary)?, 0o755);
    copy().map_err(|error| cannot_write(output, &error))
}

fn usage(message: &str, help: &str) -> Exit {
    console::error(message);
    console::help(help);
    Exit::USAGE
}

fn cannot_run(error: &std::io::Error) -> Exit {
    cargo::report(error);
    Exit::USAGE
}

fn cannot_write(path: &Path, error: &std::io::Error) -> Exit {
    console::error(&format!("can't write `{}`: {error}", path.display()));
    Exit::SINK
}
