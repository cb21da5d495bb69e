//! The pages of earlier previews, in a private folder of the user.
//!
//! Each source has a file, whose name is a digest of the source's options without secrets. The first line contains the time of the
//! first request. Each further line is a page.

use std::fs::{self, DirBuilder, Permissions};
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use serde_json::{Value, json};
use taskferry_files::FolderEntry;
use taskferry_sdk::jiff::Timestamp;
use taskferry_sdk::json::Node;
use taskferry_sdk::{Cursor, Page, Record, RequestedWith, SourceRecord};

use super::pages::StoredPages;

/// How long pages are used.
const LIFETIME: Duration = Duration::from_hours(1);
const SCHEMA_VERSION: u64 = 1;
const ENDING: &str = "pages";

/// The file with the pages of one source.
#[derive(Debug)]
pub(crate) struct CacheFile {
    path: PathBuf,
}

impl CacheFile {
    /// The file for a source with this digest; `None` if the user has no folder for caches.
    pub(crate) fn new(digest: &str, sandbox: bool) -> Option<Self> {
        let folder = |name: &str| {
            let path = std::env::var_os(name).map(PathBuf::from)?;
            path.is_absolute().then_some(path)
        };
        let caches = folder("XDG_CACHE_HOME").or_else(|| Some(folder("HOME")?.join(".cache")))?;
        let digest: String = digest.chars().take(32).collect();
        let name = format!("{digest}{}.{ENDING}", if sandbox { "-sandbox" } else { "" });
        Some(Self { path: caches.join("taskferry").join("preview").join(name) })
    }

    /// The pages, unless they have expired, can't be read, or another user may have changed them. Removes all expired files.
    pub(crate) fn load(&self) -> Option<StoredPages> {
        self.remove_expired();
        let is_private = |path: &Path| {
            fs::symlink_metadata(path).is_ok_and(|found| found.permissions().mode() & 0o022 == 0)
        };
        if !is_private(&self.path) || !self.path.parent().is_some_and(is_private) {
            return None;
        }
        let content = FolderEntry::of(&self.path).ok()?.read().ok()?;
        let stored = parse(&content)?;
        is_fresh(stored.read_at).then_some(stored)
    }

    /// Replaces the pages.
    ///
    /// # Errors
    /// Errors of the file system.
    pub(crate) fn save(&self, stored: &StoredPages) -> std::io::Result<()> {
        if let Some(folder) = self.path.parent() {
            DirBuilder::new().recursive(true).mode(0o700).create(folder)?;
            fs::set_permissions(folder, Permissions::from_mode(0o700))?;
        }
        let entry = FolderEntry::of(&self.path)?;
        entry.replace(text(stored).as_bytes(), 0o600).inspect_err(|_| {
            // A full disk leaves a part of the file. The error is reported already.
            _ = entry.part("part").remove();
        })
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    fn remove_expired(&self) {
        let files = self.path.parent().and_then(|folder| fs::read_dir(folder).ok());
        for entry in files.into_iter().flatten().flatten() {
            let changed = entry.metadata().and_then(|found| found.modified());
            let age = changed.ok().and_then(|at| SystemTime::now().duration_since(at).ok());
            let is_ours = entry.path().extension().is_some_and(|ending| ending == ENDING);
            if is_ours && age.is_some_and(|age| age > LIFETIME) {
                // The next preview tries again.
                _ = fs::remove_file(entry.path());
            }
        }
    }
}

fn is_fresh(read_at: Timestamp) -> bool {
    let age = Timestamp::now().duration_since(read_at);
    Duration::try_from(age).is_ok_and(|age| age < LIFETIME)
}

fn text(stored: &StoredPages) -> String {
    let StoredPages { pages, read_at, sandbox, .. } = stored;
    let head = json!({"schema_version": SCHEMA_VERSION, "read_at": read_at.to_string(), "sandbox": sandbox});
    let lines = std::iter::once(head.to_string()).chain(pages.iter().map(line));
    lines.map(|line| line + "\n").collect()
}

/// A page as one line. Records keep their bytes.
fn line(page: &Page) -> String {
    let requested_with = match &page.requested_with {
        RequestedWith::Cursor(cursor) => json!({"cursor": cursor.as_str()}),
        RequestedWith::NoCursor => json!("no_cursor"),
        _ => Value::Null,
    };
    let fingerprints: Vec<String> =
        page.fingerprints.iter().map(|one| format!("{one:032x}")).collect();
    let records = page.records.iter();
    let records: Vec<String> = records
        .map(|one| format!("[{},{}]", json!(one.id.as_deref()), one.record.to_json()))
        .collect();
    format!(
        "{{\"next\":{},\"requested_with\":{requested_with},\"bytes\":{},\"fingerprints\":{},\"records\":[{}]}}",
        json!(page.next.as_ref().map(Cursor::as_str)),
        page.bytes,
        json!(fingerprints),
        records.join(",")
    )
}

fn parse(content: &[u8]) -> Option<StoredPages> {
    let mut lines = content.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
    let head: Value = serde_json::from_slice(lines.next()?).ok()?;
    if head.get("schema_version")?.as_u64()? != SCHEMA_VERSION {
        return None;
    }
    let read_at = head.get("read_at")?.as_str()?.parse().ok()?;
    let sandbox = head.get("sandbox")?.as_bool()?;
    let pages = lines.map(page).collect::<Option<Vec<_>>>()?;
    Some(StoredPages { pages, read_at, sandbox, is_changed: false })
}

fn page(line: &[u8]) -> Option<Page> {
    let line = Record::parse(line.to_vec()).ok()?;
    let root = line.root().ok()?;
    let records = root.get("records")?.items().map(|pair| {
        let (id, record) = (pair.item(0)?.as_str(), Record::from_node(pair.item(1)?));
        Some(match id {
            Some(id) => SourceRecord::new(record, id.into_owned()),
            None => SourceRecord::from(record),
        })
    });
    let mut page = Page::new(records.collect::<Option<Vec<_>>>()?);
    page.next = root.get("next")?.as_str().map(|next| Cursor::new(next.into_owned()));
    page.requested_with = match root.get("requested_with")? {
        with if with.is_null() => RequestedWith::PreviousPage,
        with if with.as_str().is_some() => RequestedWith::NoCursor,
        with => RequestedWith::Cursor(Cursor::new(with.get("cursor")?.as_str()?.into_owned())),
    };
    page.bytes = root.get("bytes")?.as_number()?.parse().ok()?;
    let fingerprint = |one: Node<'_>| u128::from_str_radix(&one.as_str()?, 16).ok();
    let fingerprints: Option<Vec<_>> = root.get("fingerprints")?.items().map(fingerprint).collect();
    page.fingerprints = fingerprints?;
    Some(page)
}
