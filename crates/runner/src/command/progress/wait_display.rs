//! What a run waits for.

use std::collections::VecDeque;
use std::time::{Duration, Instant};

use taskferry_sdk::printable;

use crate::logging::Wait;

/// The time between two updates.
pub(super) const DRAW_EVERY: Duration = Duration::from_millis(100);
/// A wait without a known end is shown after this time.
pub(super) const IDLE: Duration = Duration::from_secs(3);
/// The number of updates in two seconds. A reason is shown only if the run waits for it in half of these updates, so that short
/// waits do not flicker.
const SAMPLES: usize = 20;
/// The shortest wait with a countdown. A countdown of a shorter wait would flicker.
const COUNTED_DOWN: Duration = Duration::from_secs(2);

/// What the run has waited for in the last two seconds.
#[derive(Debug, Default)]
pub(super) struct WaitDisplay {
    /// The newest last.
    samples: VecDeque<Option<String>>,
}

impl WaitDisplay {
    /// Adds the waits at `now`, once per draw. Returns the text to show.
    pub(super) fn update(&mut self, waits: &[Wait], now: Instant) -> Option<String> {
        let wait = longest(waits, now);
        let reason = wait.map(Wait::reason);
        self.samples.push_back(reason.clone());
        if self.samples.len() > SAMPLES {
            self.samples.pop_front();
        }
        // A slow request is shown until it ends.
        if let Some(slow) = wait.filter(|wait| wait.end.is_none()) {
            return Some(slow.text(now));
        }
        let is_usual = |reason: &String| {
            let same = self.samples.iter().flatten().filter(|sample| *sample == reason);
            same.count() >= SAMPLES / 2
        };
        match wait.filter(|_| reason.as_ref().is_some_and(is_usual)) {
            Some(wait) => Some(wait.text(now)),
            None => self.samples.iter().flatten().find(|reason| is_usual(reason)).cloned(),
        }
    }
}

/// The wait that lasts longest. A short wait without a known end is normal, and is ignored.
pub(super) fn longest(waits: &[Wait], now: Instant) -> Option<&Wait> {
    let counted = waits.iter().filter(|wait| wait.end.is_some() || wait.elapsed(now) >= IDLE);
    counted.max_by_key(|wait| (wait.end, wait.elapsed(now)))
}

impl Wait {
    fn elapsed(&self, now: Instant) -> Duration {
        now.saturating_duration_since(self.start)
    }

    fn reason(&self) -> String {
        let reason = printable(&self.reason);
        match &self.stage {
            Some(stage) if stage.is_sink => {
                format!("{}: waiting for {reason}", printable(&stage.name))
            }
            _ => format!("waiting for {reason}"),
        }
    }

    /// The reason, and how long the wait lasts.
    pub(super) fn text(&self, now: Instant) -> String {
        let reason = self.reason();
        match self.end {
            None => format!("{reason} for {} s", self.elapsed(now).as_secs()),
            Some(end) if end.saturating_duration_since(self.start) < COUNTED_DOWN => reason,
            Some(end) => {
                let left = end.saturating_duration_since(now).as_secs_f64().ceil();
                format!("{reason} ({left:.0} s left)")
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::logging::Stage;

    fn wait(reason: &str, start: Instant, seconds: Option<f64>) -> Wait {
        let end = seconds.map(|seconds| start + Duration::from_secs_f64(seconds));
        Wait { stage: None, reason: reason.to_owned(), start, end }
    }

    #[test]
    fn a_wait_is_shown_after_a_second_with_the_time_left() {
        let (mut wait_display, start) = (WaitDisplay::default(), Instant::now());
        let waits = [wait("retry 1 of 5 after a timeout", start, Some(20.0))];
        let mut shown = (1..=15)
            .map(|tenth| wait_display.update(&waits, start + Duration::from_millis(tenth * 100)));
        assert_eq!(shown.by_ref().take(9).flatten().next(), None, "not at once");
        let text = "waiting for retry 1 of 5 after a timeout (19 s left)";
        assert_eq!(shown.next().unwrap().as_deref(), Some(text));
    }

    #[test]
    fn many_short_waits_for_one_reason_are_shown_without_a_change() {
        let (mut wait_display, start) = (WaitDisplay::default(), Instant::now());
        let mut shown = Vec::new();
        for tenth in 0..60 {
            let now = start + Duration::from_millis(tenth * 100);
            // Three of four draws happen during a wait.
            let waits = [wait("`rate_limit`", now, Some(0.3))];
            shown.push(wait_display.update(if tenth % 4 == 0 { &[] } else { &waits }, now));
        }
        assert!(shown[..8].iter().all(Option::is_none));
        assert!(shown[20..].iter().all(|it| it.as_deref() == Some("waiting for `rate_limit`")));
    }

    #[test]
    fn a_request_is_a_wait_once_it_is_slow() {
        let start = Instant::now();
        let stage = Some(Stage { name: "crm".to_owned(), is_sink: true });
        let waits = [Wait { stage, ..wait("the receiver", start, None) }];
        assert!(longest(&waits, start + Duration::from_secs(2)).is_none());
        let now = start + Duration::from_secs(12);
        let text = longest(&waits, now).map(|wait| wait.text(now));
        assert_eq!(text.as_deref(), Some("crm: waiting for the receiver for 12 s"));
    }
}
