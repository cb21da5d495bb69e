//! A listing that is read in parts.

use serde_json::{Value, json};
use taskferry_sdk::{Cursor, ErrorKind, Position, RequestedWith};
use taskferry_testkit::Response;

use crate::changing::{Changing, Unknown, jobs, position_after, read, shown};
use crate::tenant::{Tenant, page, run};

fn parts(concurrency: u32, limit: u32) -> Value {
    let partition = json!({"by": "job_family", "values": ["f2", "f0", "f1"]});
    json!({"partition": partition, "concurrency": concurrency, "limit": limit})
}

#[tokio::test]
async fn pages_are_read_from_the_parts_in_turn() {
    let tenant = Changing::with(12, Unknown::NotFound).await;
    let pages = tenant.serially(&parts(2, 2)).await;
    let families: Vec<Vec<String>> =
        pages.iter().map(|page| jobs(std::slice::from_ref(page))).collect();
    assert_eq!(
        families,
        [
            ["job-2", "job-5"],
            ["job-0", "job-3"],
            ["job-8", "job-11"],
            ["job-6", "job-9"],
            ["job-1", "job-4"],
            ["job-7", "job-10"]
        ]
    );
    let next: Vec<&str> =
        pages.iter().filter_map(|page| Some(page.next.as_ref()?.as_str())).collect();
    assert_eq!(next.len(), 5);
    assert_eq!(next[0], r#"{"width":2,"opened":2,"open":[["f0",null],["f2","job-5"]]}"#);
    assert_eq!(next[3], r#"{"width":2,"opened":3,"open":[["f1",null]]}"#);
    let asked = pages.iter().map(|page| page.requested_with.clone());
    assert_eq!(
        asked.collect::<Vec<_>>()[..3],
        [
            RequestedWith::NoCursor,
            RequestedWith::NoCursor,
            RequestedWith::Cursor(Cursor::new("job-5")),
        ]
    );
}

#[tokio::test]
async fn a_run_resumes_after_any_page_in_its_original_order() {
    let tenant = Changing::with(50, Unknown::NotFound).await;
    for concurrency in 1..=3 {
        let pages = tenant.serially(&parts(concurrency, 3)).await;
        for done in 1..=pages.len() {
            let source = tenant.source(&parts(4 - concurrency, 3));
            let rest = read(source, run(), Some(&position_after(&pages[..done]))).await.unwrap();
            assert_eq!(shown(&rest), shown(&pages[done..]), "{concurrency} {done}");
        }
        let mut all = jobs(&pages);
        all.sort();
        let mut expected = tenant.ids();
        expected.sort();
        assert_eq!(all, expected);
    }
}

#[tokio::test]
async fn parts_are_read_concurrently_up_to_the_limit() {
    let tenant = Changing::with(30, Unknown::NotFound).await;
    let mut source = tenant.source(&parts(1, 100));
    source.open(&run(), None).await.unwrap();
    source.next_page().await.unwrap().unwrap();
    assert_eq!(tenant.requests(), 1);
}

#[tokio::test]
async fn no_cursors_of_parts_are_stored() {
    let tenant = Changing::with(30, Unknown::NotFound).await;
    tenant.read_in_folder(&parts(2, 5)).await;
    assert_eq!(std::fs::read_dir(tenant.folder()).unwrap().count(), 0);
}

#[tokio::test]
async fn an_invalid_position_is_not_resumable() {
    let tenant = Changing::with(30, Unknown::NotFound).await;
    for text in ["job-5", "{}", r#"{"width":1,"opened":9,"open":[]}"#] {
        let from = Position::new(1, Some(Cursor::new(text)), Vec::new());
        let error = read(tenant.source(&parts(1, 5)), run(), Some(&from)).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Malformed);
        assert!(!error.is_resumable());
    }
}

#[tokio::test]
async fn a_job_in_two_families_is_distinguished_from_a_stuck_listing() {
    for (more, hint) in [
        (parts(1, 5), "the job may belong to two job families of `partition.values`"),
        (json!({}), "the export is incomplete"),
    ] {
        // The second page is the first page of the next family, or the second page of the listing.
        let first = page(&["a"], more["partition"].is_null().then_some("a"));
        let tenant = Tenant::answering([first, page(&["a"], None)]).await;
        let error = tenant.error(&more).await;
        assert_eq!(error.kind(), ErrorKind::NoProgress);
        assert!(!error.is_resumable());
        assert!(error.hint_text().unwrap().starts_with(hint), "{error:?}");
    }
}

#[tokio::test]
async fn an_error_about_a_record_of_a_part_names_the_page_of_the_part() {
    let broken =
        Response::new(200, r#"{"has_next": false, "records": [{"external_id": "c"}, {}]}"#);
    let answers = [page(&["a"], Some("a")), page(&["b"], Some("b"))];
    let tenant = Tenant::answering(answers.into_iter().chain([broken])).await;
    let mut more = parts(1, 5);
    more["retry"] = json!({"max_attempts": 1});
    let error = tenant.error(&more).await;
    let text = error.full_message();
    assert!(text.starts_with("the page after `b` of the job family `f2`: "), "{text}");
    assert!(text.contains("record 2 of the page is not a task profile"), "{text}");
    // The engine would name the cursor of the next page of the run, which differs.
    assert_eq!(error.record(), None);
}
