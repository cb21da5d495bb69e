//! `taskferry new`: writes files to start from.

pub(crate) mod preset;

use std::fs::{self, File};
use std::io::{self, BufRead, ErrorKind, IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::ValueEnum;
use taskferry_config::file_schema;
use taskferry_pipeline::Registry;

use super::arguments::NewPipelineArguments;
use crate::console;
use crate::exit::Exit;
use preset::Preset;

/// Writes a pipeline into a new folder.
pub(crate) fn pipeline(registry: &Registry, arguments: &NewPipelineArguments) -> Exit {
    let name = &arguments.name;
    if !is_valid_name(name) {
        console::error(&format!("`{name}` can't name a pipeline and its folder"));
        console::line(
            "  help: use letters, digits, `-` and `_`, and begin with a letter or a digit",
        );
        return Exit::USAGE;
    }
    let folder = arguments.dir.clone().unwrap_or_default().join(name);
    if fs::symlink_metadata(&folder).is_ok() {
        return already_exists(&folder);
    }
    let Some(preset) = arguments.preset.or_else(ask_for_preset) else {
        console::error("`--preset` is missing");
        console::line("  help: add `--preset` with one of these names");
        list_presets();
        return Exit::USAGE;
    };
    let schema = format!("{:#}\n", file_schema(registry));
    let mut files = preset.files(name);
    files.push(("pipeline.schema.json".to_owned(), schema));
    match write(&folder, &files) {
        Ok(()) => {
            explain(&folder, name, &files);
            Exit::COMPLETE
        }
        Err((path, error)) if error.kind() == ErrorKind::AlreadyExists => already_exists(&path),
        Err((path, error)) => {
            console::error(&format!("can't write `{}`: {error}", path.display()));
            Exit::SINK
        }
    }
}

/// Whether the name is that of a file on every system, and needs no quotes in a shell or in TOML.
fn is_valid_name(name: &str) -> bool {
    let is_plain = |it: char| it.is_ascii_alphanumeric() || matches!(it, '-' | '_');
    name.starts_with(|first: char| first.is_ascii_alphanumeric())
        && name.chars().all(is_plain)
        && name.len() <= 100
}

fn already_exists(path: &Path) -> Exit {
    console::error(&format!("`{}` already exists, and is not overwritten", path.display()));
    console::line("  help: choose another name, or another folder with `--dir`");
    Exit::USAGE
}

/// Asks for a preset, if there is a person to answer. `None` if there is not, or if the input ends.
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

/// Creates the folder and the files. Nothing is overwritten.
fn write(folder: &Path, files: &[(String, String)]) -> Result<(), (PathBuf, io::Error)> {
    if let Some(parent) = folder.parent() {
        fs::create_dir_all(parent).map_err(|error| (parent.to_owned(), error))?;
    }
    fs::create_dir(folder).map_err(|error| (folder.to_owned(), error))?;
    for (name, text) in files {
        let path = folder.join(name);
        let write = || File::create_new(&path)?.write_all(text.as_bytes());
        write().map_err(|error| (path.clone(), error))?;
    }
    Ok(())
}

/// Lists the files, and the commands to continue with.
fn explain(folder: &Path, name: &str, files: &[(String, String)]) {
    for (file, _) in files {
        console::line(&format!("wrote {}", folder.join(file).display()));
    }
    let file = folder.join(format!("{name}.toml"));
    let (file, env) = (file.display(), folder.join(".env.example"));
    console::line("");
    console::line(&format!("  taskferry run {file} --sandbox    runs it with generated data"));
    console::line(&format!("  taskferry test {file}             runs its test"));
    console::line(&format!("`{}` lists the variables for your tenant.", env.display()));
}
