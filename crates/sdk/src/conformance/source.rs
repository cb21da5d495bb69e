//! The kit for sources.

use std::collections::BTreeSet;

use super::Check;
use super::kit::{Build, Kind, PluginConformance};
use super::report::{Exercised, Failure, Report, Verdict};
use crate::testing::block_on;
use crate::{BuildContext, Page, Position, Problem, RunContext, Source, SourcePlugin, StageError};

/// The maximum number of pages of a listing.
const MAX_PAGES: usize = 1000;
/// The minimum number of pages, so that the source resumes in the middle.
const MIN_PAGES: usize = 3;
/// The maximum number of pages after which the source resumes.
const MAX_RESUMED: usize = 30;

/// The checks of a source, from [`Conformance::source`](super::Conformance::source).
pub type SourceConformance<P> = PluginConformance<P, SourceKind>;

/// The checks of sources.
#[derive(Debug)]
pub struct SourceKind;

impl<P: SourcePlugin> Kind<P> for SourceKind {
    type Stage = Box<dyn Source>;

    fn build(plugin: &P, context: &BuildContext<'_>) -> Result<Self::Stage, Vec<Problem>> {
        plugin.build(context)
    }

    fn check(self, build: &Build<'_, Self::Stage>, report: &mut Report) {
        let read = |from: Option<&Position>| {
            let mut source = build()?;
            block_on(async {
                source.open(&RunContext::default(), from).await.map_err(failed)?;
                let mut pages = Vec::new();
                while let Some(page) = source.next_page().await.map_err(failed)? {
                    pages.push(page);
                    if pages.len() > MAX_PAGES {
                        let message = format!("the listing has more than {MAX_PAGES} pages");
                        return Err(Failure::new(message));
                    }
                }
                Ok(pages)
            })
        };
        report.check(Check::PagingEnds, || paging_ends(&read(None)?));
        let pages = || read(None);
        report.check(Check::CursorsDiffer, || cursors_differ(&pages()?));
        report.check(Check::RecordsIdentified, || records_identified(&pages()?));
        report.check(Check::ResumesAtEachCursor, || resumes_at_each_cursor(&pages()?, &read));
    }
}

#[expect(clippy::needless_pass_by_value, reason = "for `map_err`")]
fn failed(error: StageError) -> Failure {
    Failure::new(format!("the source fails: {}", error.full_message()))
}

fn paging_ends(pages: &[Page]) -> Verdict {
    if pages.len() < MIN_PAGES {
        let message = format!(
            "the listing has {} pages; the kit needs at least {MIN_PAGES} to test resuming",
            pages.len()
        );
        return Err(Failure::new(message));
    }
    let last = pages.len() - 1;
    for (index, page) in pages.iter().enumerate() {
        if page.next.is_some() == (index == last) {
            let what =
                if index == last { "the last page has a" } else { "a page before the last has no" };
            return Err(Failure::new(format!("{what} cursor of a next page: page {}", index + 1)));
        }
    }
    Ok(Exercised { count: pages.len(), unit: "pages" })
}

fn cursors_differ(pages: &[Page]) -> Verdict {
    let mut seen = BTreeSet::new();
    for cursor in pages.iter().filter_map(|page| page.next.as_ref()) {
        if !seen.insert(cursor) {
            return Err(Failure::new(format!("the cursor `{cursor}` occurs twice")));
        }
    }
    Ok(Exercised { count: seen.len(), unit: "cursors" })
}

fn records_identified(pages: &[Page]) -> Verdict {
    let mut seen = BTreeSet::new();
    for record in pages.iter().flat_map(|page| &page.records) {
        let shown = record.record.to_json();
        record.record.root().map_err(|error| Failure::new(error.full_message()).with(&shown))?;
        let id =
            record.id.as_deref().ok_or_else(|| Failure::new("a record has no id").with(&shown))?;
        if !seen.insert(id.to_owned()) {
            return Err(Failure::new(format!("the id `{id}` occurs twice")).with(shown));
        }
    }
    Ok(Exercised { count: seen.len(), unit: "records" })
}

type Read<'a> = dyn Fn(Option<&Position>) -> Result<Vec<Page>, Failure> + 'a;

/// Reads the rest of the listing after each page, from the position that a checkpoint contains.
fn resumes_at_each_cursor(pages: &[Page], read: &Read<'_>) -> Verdict {
    let (whole, again) = (ids(pages), ids(&read(None)?));
    if whole != again {
        return Err(Failure::new(format!(
            "a second run reads other records: {}",
            difference(&whole, &again)
        )));
    }
    let ends =
        pages.iter().enumerate().filter_map(|(index, page)| Some((index + 1, page.next.clone()?)));
    let mut count = 0;
    for (read_pages, cursor) in ends.take(MAX_RESUMED) {
        let (before, after) = pages.split_at(read_pages);
        let fingerprints = before.iter().flat_map(|page| page.fingerprints.clone()).collect();
        let shown = format!("the cursor `{cursor}`, after {read_pages} pages");
        let position = Position::new(read_pages as u64, Some(cursor), fingerprints);
        let resumed = read(Some(&position))?;
        let (expected, found) = (ids(after), ids(&resumed));
        if expected != found {
            let message = format!(
                "a run that resumes reads other records: {}",
                difference(&expected, &found)
            );
            return Err(Failure::new(message).with(shown));
        }
        count += 1;
    }
    Ok(Exercised { count, unit: "resumed runs" })
}

/// The id and the text of each record.
fn ids(pages: &[Page]) -> Vec<(String, String)> {
    let records = pages.iter().flat_map(|page| &page.records);
    let named = records.map(|record| {
        (record.id.as_deref().unwrap_or_default().to_owned(), record.record.to_json())
    });
    named.collect()
}

fn difference(expected: &[(String, String)], found: &[(String, String)]) -> String {
    let position = expected.iter().zip(found).position(|(one, other)| one != other);
    let position = position.unwrap_or(expected.len().min(found.len()));
    let name = |records: &[(String, String)]| match records.get(position) {
        Some((id, _)) => format!("`{id}`"),
        None => "the end".to_owned(),
    };
    format!("record {} is {}, not {}", position + 1, name(found), name(expected))
}
