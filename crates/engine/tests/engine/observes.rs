//! The events that an observer receives.

use std::sync::{Arc, Mutex};

use crate::stages::{Pages, SinkProbe, TestTransform, pipeline};
use taskferry_engine::{Observer, Period, RunEvent, RunOptions, Status, run};

/// Records all events.
#[derive(Debug, Clone, Default)]
struct Notes(Arc<Mutex<Vec<RunEvent>>>);

impl Observer for Notes {
    fn on_event(&mut self, event: RunEvent) {
        self.0.lock().unwrap().push(event);
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_observer_receives_every_event_of_every_page() {
    let (left, right, notes) = (SinkProbe::default(), SinkProbe::default(), Notes::default());
    let halved = TestTransform::stage(|record, out| {
        if record.value()?["n"].as_u64().is_some_and(|number| number % 2 == 0) {
            out.emit(record);
        }
        Ok(())
    });
    let pipeline = pipeline(Pages::new(3, 10), vec![halved], vec![left.sink(), right.sink()]);
    let observer: Box<dyn Observer> = Box::new(notes.clone());
    let options = RunOptions { observer: Some(observer), ..RunOptions::default() };
    let report = run(pipeline, options).await;

    assert_eq!(report.manifest.status, Status::Complete);
    let events = notes.0.lock().unwrap().clone();
    let of = |wanted: u64| {
        let mut words = Vec::new();
        let periods = events.iter().filter_map(|event| {
            let (word, page, period): (_, u64, Period) = match *event {
                RunEvent::Fetched { page, period, records, .. } => {
                    (format!("fetched {records}"), page, period)
                }
                RunEvent::Transformed { page, period, records_in, records_out } => {
                    (format!("{records_in} became {records_out}"), page, period)
                }
                RunEvent::Delivered { page, period, sink, records, .. } => {
                    (format!("{records} to {sink}"), page, period)
                }
                _ => return None,
            };
            (page == wanted).then(|| {
                words.push(word);
                period
            })
        });
        let in_time = periods.filter(|period| period.start <= period.end).count();
        words.sort();
        (words, in_time)
    };
    for page in 1..=3 {
        let expected = ["10 became 5", "5 to 0", "5 to 1", "fetched 10"].map(String::from);
        assert_eq!(of(page), (expected.to_vec(), 4));
    }
    let ends = |event: &&RunEvent| matches!(event, RunEvent::Published { .. });
    let published: Vec<RunEvent> = events.iter().filter(ends).copied().collect();
    assert_eq!(
        published,
        [RunEvent::Published { sink: 0 }, RunEvent::Published { sink: 1 }],
        "in order"
    );
    assert_eq!(events.iter().filter(|it| matches!(it, RunEvent::Sealed { .. })).count(), 2);
}
