//! Transforms made of closures.

use taskferry_sdk::json::Text;
use taskferry_sdk::testing::TransformTest;
use taskferry_sdk::{AnyTransform, ErrorKind, Record, StageError};

const RECORD: &str = r#"{"task_id": "t1", "hours": 1.50}"#;

fn refusal() -> StageError {
    StageError::new(ErrorKind::Record, "the record has no name")
}

fn applied(transform: AnyTransform, record: &str) -> Vec<String> {
    TransformTest::of(transform).apply(record).unwrap()
}

#[test]
fn records_that_a_closure_does_not_change_keep_their_bytes() {
    for unchanged in [
        AnyTransform::filter(|_| Ok(true)),
        AnyTransform::edit(|_, _| Ok(())),
        AnyTransform::map(Ok::<Record, _>),
        AnyTransform::flat_map(|record| Ok([record])),
    ] {
        assert_eq!(applied(unchanged, RECORD), [RECORD]);
    }
}

#[test]
fn an_error_of_a_closure_refuses_the_record() {
    for refusing in [
        AnyTransform::filter(|_| Err(refusal())),
        AnyTransform::edit(|_, _| Err(refusal())),
        AnyTransform::map(|_| Err::<Record, _>(refusal())),
        AnyTransform::flat_map(|_| Err::<Vec<Record>, _>(refusal())),
    ] {
        let mut test = TransformTest::of(refusing);
        assert_eq!(test.apply(RECORD).unwrap_err().to_string(), "the record has no name");
    }
}

#[test]
fn a_closure_emits_any_number_of_records_in_order() {
    let doubled = AnyTransform::flat_map(|record| {
        let id = record.root()?.get("task_id").map(|id| id.raw().to_vec()).unwrap_or_default();
        let id = String::from_utf8_lossy(&id).into_owned();
        Ok((1..=2).map(move |number| Text::value(format!("{id} {number}"))))
    });
    assert_eq!(applied(doubled, RECORD), [r#""\"t1\" 1""#, r#""\"t1\" 2""#]);
    assert!(applied(AnyTransform::flat_map(|_| Ok(Vec::<Record>::new())), RECORD).is_empty());
    assert!(applied(AnyTransform::filter(|_| Ok(false)), RECORD).is_empty());
}

#[test]
fn the_debug_form_of_a_closure_is_its_path() {
    let shown = format!("{:?}", AnyTransform::filter(|_| Ok(true)));
    assert!(shown.contains("the_debug_form_of_a_closure_is_its_path"), "{shown}");
}
