//! `taskferry new`: writes files to start from.

pub(crate) mod arguments;
mod checkout;
mod folder;
mod names;
mod plugin;
mod preset;
mod template;
mod template_diff;
mod template_file;

use std::io::{self, BufRead, IsTerminal};
use std::path::Path;

use clap::ValueEnum;
use taskferry_config::file_schema;
use taskferry_pipeline::Registry;

use crate::command_error::{CommandError, Ended};
use crate::console;
use crate::exit::Exit;
use arguments::{Kind, New, NewArguments, NewPipelineArguments};
use preset::Preset;

/// Writes files into a new folder, or compares a folder with the current template.
pub(crate) fn new(registry: &Registry, arguments: &NewArguments) -> Ended {
    match (&arguments.what, &arguments.diff) {
        (Some(New::Pipeline(new)), _) => pipeline(registry, new),
        (Some(New::Transform(transform)), _) => {
            let template = match transform.kind {
                Kind::Stateless => "transform-stateless",
                Kind::Ordered => "transform-ordered",
                Kind::Async => "transform-async",
            };
            plugin::write(registry, template, &transform.new)
        }
        (Some(New::Source(new)), _) => plugin::write(registry, "source", new),
        (Some(New::Sink(new)), _) => plugin::write(registry, "sink", new),
        (None, Some(folder)) => template_diff::diff(folder, arguments.accept),
        // Without arguments, the help is printed instead.
        (None, None) => Ok(Exit::USAGE),
    }
}

/// Writes a pipeline into a new folder.
fn pipeline(registry: &Registry, arguments: &NewPipelineArguments) -> Ended {
    let name = &arguments.name;
    if !is_valid_name(name) {
        let message = format!("`{name}` is not a valid name for a pipeline and its folder");
        let help = "use letters, digits, `-` and `_`, and begin with a letter or a digit";
        return Err(CommandError::usage(message).help(help));
    }
    let folder = folder::new_path(arguments.dir.as_deref(), name)?;
    let Some(preset) = arguments.preset.or_else(ask_for_preset) else {
        console::error("`--preset` is missing");
        console::help("add `--preset` with one of these names");
        list_presets();
        return Ok(Exit::USAGE);
    };
    let schema = format!("{:#}\n", file_schema(registry));
    let mut files = preset.files(name);
    files.push(("pipeline.schema.json".to_owned(), schema));
    folder::write(&folder, &files)?;
    explain(&folder, name);
    Ok(Exit::COMPLETE)
}

/// Whether the name is a valid file name on every system, and needs no quotes in a shell or in TOML.
fn is_valid_name(name: &str) -> bool {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(is_plain)
        && name.len() <= 100
}

/// Prompts for a preset on a terminal. Returns `None` without a terminal, or if the input ends.
fn ask_for_preset() -> Option<Preset> {
    let stdin = io::stdin();
    if !stdin.is_terminal() || !console::is_terminal() {
        return None;
    }
    console::line("Which preset?");
    list_presets();
    loop {
        console::write("preset: ");
        let mut answer = String::new();
        if stdin.lock().read_line(&mut answer).ok()? == 0 {
            console::write("\n");
            return None;
        }
        match Preset::from_str(answer.trim(), true) {
            Ok(preset) => return Some(preset),
            Err(_) => console::line("Write one of the names above."),
        }
    }
}

fn list_presets() {
    for preset in Preset::value_variants() {
        let Some(value) = preset.to_possible_value() else { continue };
        let help = value.get_help().map(ToString::to_string).unwrap_or_default();
        console::line(&format!("  {:<12} {help}", value.get_name()));
    }
}

/// Lists the commands to continue with.
fn explain(folder: &Path, name: &str) {
    let file = folder.join(format!("{name}.toml"));
    let (file, env) = (file.display(), folder.join(".env.example"));
    console::line("");
    console::line(&format!("  taskferry run {file} --sandbox    runs it with generated data"));
    console::line(&format!("  taskferry test {file}             runs its test"));
    console::line(&format!("`{}` lists the variables for your tenant.", env.display()));
}
