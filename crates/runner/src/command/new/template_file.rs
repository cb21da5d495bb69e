//! The file in a new crate that describes its template. It contains the files as they were written: a later taskferry
//! compares them with its own template, so the patch contains no changes of the author.

use super::checkout::Checkout;
use super::names::Names;
use super::template::{Template, files_in};

/// The name of the file.
pub(super) const FILE: &str = ".taskferry-template";

const COMMENT: &str = "# The template of this folder. `taskferry new --diff` prints the changes of the template in a later version of taskferry.\n\
                       # Keep this file under version control.\n";

/// The template and the version with which `new` wrote a folder.
#[derive(Debug)]
pub(super) struct TemplateFile {
    /// The version of taskferry that wrote it.
    pub(super) taskferry: String,
    /// The name of the template.
    pub(super) template: String,
    pub(super) names: Names,
    pub(super) checkout: Option<Checkout>,
    /// The files as they were written.
    pub(super) files: Vec<(String, String)>,
}

/// The text of the file for new files.
pub(super) fn text(
    template: &Template,
    names: &Names,
    checkout: Option<&Checkout>,
    files: &[(String, String)],
) -> String {
    let header = format!(
        "{COMMENT}taskferry: {}\ntemplate: {} {}\nname: {}\n",
        env!("CARGO_PKG_VERSION"),
        template.name,
        template.version(),
        names.package
    );
    let checkout = checkout.map(|checkout| format!("checkout: {}\n", checkout.path));
    let files = files.iter().map(|(path, content)| format!("\n==> {path} <==\n{content}"));
    std::iter::once(header).chain(checkout).chain(files).collect()
}

/// Reads the file. `None` if it is not valid.
pub(super) fn parse(text: &str) -> Option<TemplateFile> {
    let header = text.split("\n==> ").next().unwrap_or_default();
    let value = |key: &str| {
        header
            .lines()
            .find_map(|line| line.strip_prefix(key)?.strip_prefix(": "))
            .map(str::to_owned)
    };
    let template = value("template")?;
    Some(TemplateFile {
        taskferry: value("taskferry")?,
        template: template.split(' ').next().unwrap_or_default().to_owned(),
        names: Names::parse(&value("name")?).ok()?,
        checkout: value("checkout").map(|path| Checkout { path }),
        files: files_in(text).map(|(path, text)| (path.to_owned(), text)).collect(),
    })
}
