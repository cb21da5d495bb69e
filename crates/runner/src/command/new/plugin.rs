//! `taskferry new transform`, `source` and `sink`: writes a crate with a plugin.

use std::fs;
use std::path::Path;

use taskferry_pipeline::Registry;

use super::arguments::NewCrateArguments;
use super::checkout::Checkout;
use super::names::Names;
use super::template::Template;
use super::{folder, template_file};
use crate::command::arguments::quoted;
use crate::command_error::{CommandError, Ended};
use crate::console;
use crate::exit::Exit;

/// Writes a crate into a new folder.
pub(super) fn write(registry: &Registry, template: &str, arguments: &NewCrateArguments) -> Ended {
    let template = Template::find(template).ok_or_else(|| {
        CommandError::new(Exit::DEFECT, format!("there is no template `{template}`"))
    })?;
    let names = Names::parse(&arguments.name)?;
    names.check_free(registry, template.code())?;
    let folder = folder::new_path(arguments.dir.as_deref(), &names.package)?;
    let checkout = arguments.path.as_deref().map(|path| Checkout::of(path, &folder)).transpose()?;
    let mut files = template.files(&names, checkout.as_ref());
    let written = template_file::text(&template, &names, checkout.as_ref(), &files);
    files.push((template_file::FILE.to_owned(), written));
    files.extend(arguments.path.as_deref().and_then(lock_file));
    folder::write(&folder, &files)?;
    explain(&folder, &template, &names, checkout.is_some());
    Ok(Exit::COMPLETE)
}

/// The versions of dependencies with which the checkout is tested. Cargo adds and removes what differs.
fn lock_file(checkout: &Path) -> Option<(String, String)> {
    let text = fs::read_to_string(checkout.join("Cargo.lock")).ok()?;
    Some(("Cargo.lock".to_owned(), text))
}

/// Prints the commands to continue with.
fn explain(folder: &Path, template: &Template, names: &Names, has_checkout: bool) {
    let runner = format!("cargo run -p {}-runner --", names.package);
    let (compiled, run, what) = match template.name.as_str() {
        "sink" => ("the SDK", format!("{runner} run pipeline.toml --sandbox"), "runs the pipeline"),
        // A run needs a service, as the README describes.
        "transform-async" => (
            "the SDK and the HTTP client",
            format!("{runner} test pipeline.toml"),
            "tests the pipeline",
        ),
        _ => ("the SDK", format!("{runner} run pipeline.toml"), "runs the pipeline"),
    };
    let width = run.len();
    // Not wrapped, because they are copied.
    console::write(&format!(
        "\n  cd {}\n  {:<width$}  # compiles {compiled}, runs the tests\n  {run}  # compiles taskferry, {what}\n",
        quoted(&folder.to_string_lossy()),
        "cargo test"
    ));
    if !has_checkout {
        let version = env!("CARGO_PKG_VERSION");
        console::line(&format!(
            "The crate does not compile yet: it depends on taskferry-sdk {version} from the registry, and taskferry is not published there. Use `--path CHECKOUT` to depend on a checkout of taskferry."
        ));
    }
}
