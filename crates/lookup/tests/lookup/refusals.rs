//! Keys that the service refuses, and defects of plugins.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use taskferry_sdk::serde_json::json;
use taskferry_sdk::{ErrorKind, StageError};

use crate::driver::{Fake, page, titles};

#[tokio::test]
async fn one_refused_key_of_a_batch_refuses_its_records_alone() {
    let service = Fake::new(100, |keys| async move {
        if keys.iter().any(|key| key == "5") {
            return Err(StageError::new(ErrorKind::Refused, "no such job").hint("correct the id"));
        }
        Ok(titles(keys))
    });
    let transform = service.open(&json!({})).await;
    let applied = page(&*transform, (0..8).chain([5])).await;
    let refused: Vec<usize> = applied
        .titles
        .iter()
        .enumerate()
        .filter_map(|(index, title)| title.is_err().then_some(index))
        .collect();
    assert_eq!(refused, [5, 8]);
    let error = applied.titles[8].as_ref().unwrap_err();
    assert_eq!((error.to_string().as_str(), error.is_fatal()), ("no such job", false));
    assert_eq!(error.hint_text(), Some("correct the id"));
    let sizes: Vec<usize> = service.requests().iter().map(Vec::len).collect();
    assert_eq!(sizes, [8, 4, 4, 2, 1, 1, 2]);
    // A refusal is kept like an answer.
    assert!(page(&*transform, ["5"]).await.only_error().to_string().contains("no such job"));
    assert_eq!(service.requests().len(), 7);
}

#[tokio::test]
async fn an_error_of_the_service_is_the_same_for_all_records_and_is_not_kept() {
    let works = Arc::new(AtomicBool::new(false));
    let is_up = Arc::clone(&works);
    let service = Fake::new(100, move |keys| {
        let works = works.load(Ordering::SeqCst);
        async move {
            let error = || StageError::new(ErrorKind::Unavailable, "down").hint("wait").fatal();
            if works { Ok(titles(keys)) } else { Err(error()) }
        }
    });
    let transform = service.open(&json!({})).await;
    for title in page(&*transform, 0..5).await.titles {
        let error = title.unwrap_err();
        assert_eq!((error.kind(), error.is_fatal()), (ErrorKind::Unavailable, true));
        assert_eq!((error.to_string().as_str(), error.hint_text()), ("down", Some("wait")));
    }
    assert_eq!(service.requests().len(), 1);
    is_up.store(true, Ordering::SeqCst);
    assert_eq!(page(&*transform, [1]).await.ok(), ["title of 1"]);
}

#[tokio::test]
async fn a_panic_refuses_the_records_of_the_batch() {
    let service = Fake::new(100, |keys| async move {
        assert!(!keys.contains(&"bad".to_owned()), "index out of bounds");
        Ok(titles(keys))
    });
    let transform = service.open(&json!({})).await;
    let error = page(&*transform, ["bad"]).await.only_error();
    assert_eq!(error.kind(), ErrorKind::Defect);
    assert_eq!(error.to_string(), "the plugin panicked in `fetch`: index out of bounds");
    assert_eq!(page(&*transform, ["good"]).await.ok(), ["title of good"]);
}

#[tokio::test]
async fn an_answer_of_another_type_refuses_the_record() {
    let service = Fake::new(1, |keys| async move {
        Ok(keys.into_iter().map(|key| (key, json!({"name": 5}))).collect())
    });
    let transform = service.open(&json!({})).await;
    let error = page(&*transform, ["a\u{1b}[2J"]).await.only_error();
    assert_eq!(error.kind(), ErrorKind::Record);
    let text = error.full_message();
    assert!(text.starts_with("the service's answer for the key `a"), "{text}");
    assert!(text.contains("does not have the expected form: invalid type: map"), "{text}");
    assert!(!text.contains('\u{1b}'));
}
