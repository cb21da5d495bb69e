//! Sources that break a rule.

use serde_json::json;
use taskferry_sdk::conformance::{Check, Conformance, SourceConformance};
use taskferry_sdk::{
    Cursor, Page, Position, Record, RunContext, Source, SourcePlugin, SourceRecord, StageError,
    async_trait,
};

use crate::{assert_fails, plugins};

/// The number of records on a page.
const PAGE: usize = 2;

/// Returns numbered records.
#[derive(Debug)]
struct Numbers {
    flaw: Flaw,
    next: Option<usize>,
}

impl Numbers {
    fn records(&self) -> usize {
        if self.flaw == Flaw::TwoPages { 2 * PAGE } else { 9 }
    }
}

#[async_trait]
impl Source for Numbers {
    async fn open(&mut self, _: &RunContext, from: Option<&Position>) -> Result<(), StageError> {
        let cursor = from.and_then(|from| from.cursor.as_ref()?.as_str().parse().ok());
        self.next = Some(match (self.flaw, cursor) {
            (Flaw::IgnoresPosition, _) | (_, None) => 0,
            (Flaw::SkipsOne, Some(start)) => start + 1,
            (_, Some(start)) => start,
        });
        Ok(())
    }

    async fn next_page(&mut self) -> Result<Option<Page>, StageError> {
        let Some(start) = self.next else { return Ok(None) };
        let end = self.records().min(start + PAGE);
        let record = |number: usize| {
            let id = if self.flaw == Flaw::RepeatsIds { number / 3 } else { number };
            let record = Record::from(json!({"external_id": id.to_string()}));
            match self.flaw {
                Flaw::WithoutIds => SourceRecord::from(record),
                _ => SourceRecord::new(record, id.to_string()),
            }
        };
        let page = Page::new((start..end).map(record).collect());
        if self.flaw == Flaw::Endless {
            return Ok(Some(page.followed_by(Cursor::new("0"))));
        }
        self.next = (end < self.records()).then_some(end);
        let cursor = match self.flaw {
            Flaw::RepeatsCursor => end / 3 * 3,
            _ => end,
        };
        Ok(Some(match self.next {
            Some(_) => page.followed_by(Cursor::new(cursor.to_string())),
            None => page,
        }))
    }
}

plugins! {
    Flaw for SourcePlugin: Source,
    |flaw| Numbers { flaw, next: None },
    [
        None,
        Endless,
        TwoPages,
        RepeatsCursor,
        WithoutIds,
        RepeatsIds,
        IgnoresPosition,
        SkipsOne,
    ]
}

fn kit<P: SourcePlugin>() -> SourceConformance<P> {
    Conformance::source::<P>(json!({}))
}

#[test]
fn a_correct_source_conforms() {
    let report = kit::<None>().run();
    assert!(report.to_string().contains("4 resumed runs"), "{report}");
}

#[test]
fn a_listing_without_an_end_or_with_too_few_pages_is_found() {
    let endless = kit::<Endless>().report().to_string();
    assert!(endless.contains("the listing has more than 1000 pages"), "{endless}");
    let why = "the listing has 2 pages; the kit needs at least 3 to test resuming";
    assert_fails(&kit::<TwoPages>().report(), Check::PagingEnds, why);
}

#[test]
fn a_repeated_cursor_is_found() {
    let reason = "a repeated cursor leads to the wrong page";
    let report = kit::<RepeatsCursor>().exempt(Check::ResumesAtEachCursor, reason).report();
    assert_fails(&report, Check::CursorsDiffer, "occurs twice");
}

#[test]
fn a_missing_or_repeated_id_is_found() {
    let check = Check::RecordsIdentified;
    assert_fails(&kit::<WithoutIds>().report(), check, "a record has no id");
    assert_fails(&kit::<RepeatsIds>().report(), check, "the id `0` occurs twice");
}

#[test]
fn a_run_that_resumes_elsewhere_is_found() {
    let check = Check::ResumesAtEachCursor;
    let why = "a run that resumes reads other records: record 1 is `0`, not `2`";
    assert_fails(&kit::<IgnoresPosition>().report(), check, why);
    let why = "a run that resumes reads other records: record 1 is `3`, not `2`";
    assert_fails(&kit::<SkipsOne>().report(), check, why);
}
