//! `taskferry new --diff`: compares the template of a crate with the present one.

use std::collections::BTreeSet;
use std::fs;
use std::io::ErrorKind;
use std::path::Path;

use similar::TextDiff;
use taskferry_files::Place;

use super::stamp::{self, Stamp};
use super::template::Template;
use crate::command::arguments::quoted;
use crate::console;
use crate::exit::Exit;

/// Prints a patch from the template with which the folder was written to the present one.
pub(super) fn diff(folder: &Path, accept: bool) -> Exit {
    let path = folder.join(stamp::FILE);
    let stamp = match fs::read_to_string(&path) {
        Ok(text) => stamp::parse(&text),
        Err(error) => {
            console::error(&format!("can't read `{}`: {error}", path.display()));
            if error.kind() == ErrorKind::NotFound {
                console::help(
                    "name a folder that `taskferry new transform`, `source` or `sink` has written",
                );
            }
            return Exit::USAGE;
        }
    };
    let Some(stamp) = stamp else {
        console::error(&format!("`{}` does not describe a template", path.display()));
        console::help("restore the file, for example from version control");
        return Exit::USAGE;
    };
    let Some(template) = Template::find(&stamp.template) else {
        console::error(&format!("this taskferry has no template `{}`", stamp.template));
        return Exit::USAGE;
    };
    let files = template.files(&stamp.names, stamp.checkout.as_ref());
    if accept {
        let text = stamp::text(&template, &stamp.names, stamp.checkout.as_ref(), &files);
        let replaced = Place::of(&path).and_then(|place| place.replace(text.as_bytes(), 0o644));
        if let Err(error) = replaced {
            console::error(&format!("can't write `{}`: {error}", path.display()));
            return Exit::SINK;
        }
        console::line(&format!("wrote {}", path.display()));
        return Exit::COMPLETE;
    }
    let changes = patch(&stamp, &files);
    let since = format!("since taskferry {} wrote the folder", stamp.taskferry);
    if changes.is_empty() {
        console::line(&format!("the template has not changed {since}"));
        return Exit::COMPLETE;
    }
    let exit = Exit::printed(&console::page(&changes));
    let (command, target) = if folder == Path::new(".") {
        ("taskferry new --diff".to_owned(), String::new())
    } else {
        let folder = folder.to_string_lossy();
        let folder = quoted(&folder);
        (format!("taskferry new --diff {folder}"), format!(" -d {folder}"))
    };
    console::line(&format!("The template has changed {since}. To apply the patch:"));
    console::write(&format!("  {command} | patch -p1{target}\n  {command} --accept\n"));
    exit
}

fn patch(stamp: &Stamp, files: &[(String, String)]) -> String {
    fn find<'f>(files: &'f [(String, String)], path: &str) -> Option<&'f str> {
        files.iter().find(|(name, _)| name == path).map(|(_, text)| text.as_str())
    }
    let paths: BTreeSet<&String> = stamp.files.iter().chain(files).map(|(path, _)| path).collect();
    let mut patch = String::new();
    for path in paths {
        let (old, new) = (find(&stamp.files, path), find(files, path));
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
