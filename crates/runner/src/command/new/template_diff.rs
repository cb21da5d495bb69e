//! `taskferry new --diff`: compares the template from which a crate was written with the current template.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use similar::TextDiff;
use taskferry_files::FolderEntry;

use super::template::Template;
use super::template_file::{self, TemplateFile};
use crate::command::arguments::quoted;
use crate::command_error::{CommandError, Ended, printed};
use crate::console;
use crate::exit::Exit;

/// Prints a patch with the changes of the template since the folder was written.
pub(super) fn diff(folder: &Path, accept: bool) -> Ended {
    let path = folder.join(template_file::FILE);
    let shown = path.display();
    let text = fs::read_to_string(&path).map_err(|error| {
        let failed = CommandError::usage(format!("can't read `{shown}`: {error}"));
        match error.kind() {
            ErrorKind::NotFound => failed.help(
                "name a folder that `taskferry new transform`, `source` or `sink` has written",
            ),
            _ => failed,
        }
    })?;
    let written = template_file::parse(&text).ok_or_else(|| {
        CommandError::usage(format!("`{shown}` does not describe a template"))
            .help("restore the file, for example from version control")
    })?;
    let template = Template::find(&written.template)
        .ok_or_else(|| format!("this taskferry has no template `{}`", written.template))?;
    let files = template.files(&written.names, written.checkout.as_ref());
    if accept {
        let text =
            template_file::text(&template, &written.names, written.checkout.as_ref(), &files);
        let replaced =
            FolderEntry::of(&path).and_then(|entry| entry.replace(text.as_bytes(), 0o644));
        replaced.map_err(|error| CommandError::cannot_write(&path, &error))?;
        console::line(&format!("wrote {shown}"));
        return Ok(Exit::COMPLETE);
    }
    let changes = patch(&written, &files);
    let since = format!("since taskferry {} wrote the folder", written.taskferry);
    if changes.is_empty() {
        console::line(&format!("the template has not changed {since}"));
        return Ok(Exit::COMPLETE);
    }
    printed(console::page(&changes))?;
    let (command, target) = if folder == Path::new(".") {
        ("taskferry new --diff".to_owned(), String::new())
    } else {
        let folder = folder.to_string_lossy();
        let folder = quoted(&folder);
        (format!("taskferry new --diff {folder}"), format!(" -d {folder}"))
    };
    console::line(&format!("The template has changed {since}. To apply the patch:"));
    console::write(&format!("  {command} | patch -p1{target}\n  {command} --accept\n"));
    Ok(Exit::COMPLETE)
}

fn patch(written: &TemplateFile, files: &[(String, String)]) -> String {
    fn find<'f>(files: &'f [(String, String)], path: &str) -> Option<&'f str> {
        files.iter().find(|(name, _)| name == path).map(|(_, text)| text.as_str())
    }
    let paths: BTreeSet<&String> =
        written.files.iter().chain(files).map(|(path, _)| path).collect();
    let mut patch = String::new();
    for path in paths {
        let (old, new) = (find(&written.files, path), find(files, path));
        if old == new {
            continue;
        }
        let name = |side: &str, text: Option<&str>| {
            text.map_or_else(|| "/dev/null".to_owned(), |_| format!("{side}/{path}"))
        };
        let difference = TextDiff::from_lines(old.unwrap_or_default(), new.unwrap_or_default());
        let (old, new) = (name("a", old), name("b", new));
        patch.push_str(&difference.unified_diff().header(&old, &new).to_string());
    }
    patch
}
