//! The progress of a run: a bar on a terminal, log lines elsewhere.

mod wait_display;

use std::sync::Arc;
use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use taskferry_engine::LiveStats;
use taskferry_sdk::printable;
use unicode_width::UnicodeWidthStr;

use super::format::{bytes, count, duration, number};
use crate::{console, logging};
use wait_display::{DRAW_EVERY, IDLE, WaitDisplay};

const LOG_EVERY: Duration = Duration::from_secs(30);

/// Shows progress until the future is dropped.
pub(crate) async fn show(progress: Arc<LiveStats>, bar: bool) {
    if bar {
        draw(&progress).await;
    } else {
        log(&progress).await;
    }
}

async fn draw(progress: &LiveStats) {
    let style = ProgressStyle::with_template("{spinner} {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    console::set_bar(Some(bar.clone()));
    let (mut pace, mut wait_display) = (Pace::new(progress), WaitDisplay::default());
    let mut ticks = tokio::time::interval(DRAW_EVERY);
    loop {
        ticks.tick().await;
        pace.update(progress);
        let waiting = wait_display.update(&logging::waits(), Instant::now());
        let sink_retries = logging::sink_retries();
        let figures = Figures { sink_retries, waiting, ..Figures::of(progress, &pace) };
        let elapsed = format!("{}  ", duration(figures.elapsed));
        // The spinner takes two columns, and the last column stays empty.
        let width = console::width().unwrap_or(usize::MAX).saturating_sub(3 + elapsed.width());
        bar.set_message(format!("{elapsed}{}", figures.line(width)));
        bar.tick();
    }
}

async fn log(progress: &LiveStats) {
    let mut ticks = tokio::time::interval(LOG_EVERY);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        let now = Instant::now();
        let waiting = wait_display::longest(&logging::waits(), now).map(|wait| wait.text(now));
        tracing::info!(
            pages = progress.source.pages(),
            records = progress.source.records(),
            expected_records = progress.expected_records(),
            bytes = progress.source.bytes(),
            retries = progress.source.retries(),
            sink_retries = logging::sink_retries().iter().map(|(_, retries)| retries).sum::<u64>(),
            delivered = delivered(progress),
            waiting,
            "running"
        );
    }
}

/// The speed of this attempt at the run.
struct Pace {
    start: Instant,
    /// The pages and records of earlier attempts.
    earlier: Option<(u64, u64)>,
    pages: u64,
    last_page: Instant,
}

impl Pace {
    fn new(progress: &LiveStats) -> Self {
        let now = Instant::now();
        Self { start: now, earlier: None, pages: progress.source.pages(), last_page: now }
    }

    /// Updates the time of the last page. The counts of earlier attempts are known after the run has an id.
    fn update(&mut self, progress: &LiveStats) {
        let source = &progress.source;
        if self.earlier.is_none() && progress.run_id().is_some() {
            self.earlier = Some((source.pages(), source.records()));
        }
        if source.pages() > self.pages {
            (self.pages, self.last_page) = (source.pages(), Instant::now());
        }
    }
}

/// The figures of a progress line.
#[derive(Default)]
struct Figures {
    records: u64,
    bytes: u64,
    delivered: u64,
    retries: u64,
    /// The retries of each sink that has any.
    sink_retries: Vec<(String, u64)>,
    /// The records of the last complete run.
    expected: Option<u64>,
    /// The pages and records of this attempt, and its duration.
    pages_read: u64,
    records_read: u64,
    elapsed: Duration,
    /// The time since the last page.
    idle: Duration,
    /// What the run waits for.
    waiting: Option<String>,
}

impl Figures {
    fn of(progress: &LiveStats, pace: &Pace) -> Self {
        let source = &progress.source;
        let (pages, records) = pace.earlier.unwrap_or_default();
        Self {
            records: source.records(),
            bytes: source.bytes(),
            delivered: delivered(progress),
            retries: source.retries(),
            expected: progress.expected_records().filter(|expected| *expected > 0),
            pages_read: source.pages().saturating_sub(pages),
            records_read: source.records().saturating_sub(records),
            elapsed: pace.start.elapsed(),
            idle: pace.last_page.elapsed(),
            ..Self::default()
        }
    }

    /// One line of at most `width` columns. The important figures come first. Figures that do not fit are left out.
    fn line(&self, width: usize) -> String {
        let seconds = self.elapsed.as_secs_f64().max(0.1);
        let mut parts = Vec::new();
        if let Some(expected) = self.expected {
            parts.push(format!("{} %", (self.records * 100 / expected).min(99)));
            let left = expected.saturating_sub(self.records);
            if self.records_read > 0 && left > 0 {
                let left = Duration::from_secs_f64(seconds * ratio(left, self.records_read));
                parts.push(format!("{} left", duration(left)));
            }
        }
        parts.push(format!("{} ({})", count(self.records, "record"), bytes(self.bytes)));
        parts.push(format!("{:.1} pages/s", ratio(self.pages_read, 1) / seconds));
        parts.push(format!("{} delivered", number(self.delivered)));
        if self.retries > 0 {
            parts.push(retries(self.retries));
        }
        for (sink, count) in &self.sink_retries {
            parts.push(format!("{}: {}", printable(sink), retries(*count)));
        }
        if let Some(waiting) = &self.waiting {
            parts.insert(0, waiting.clone());
        } else if self.idle >= IDLE {
            parts.insert(0, format!("no page for {} s", self.idle.as_secs()));
        }
        let mut line = parts.first().cloned().unwrap_or_default();
        for part in parts.iter().skip(1) {
            if line.width() + part.width() + 2 > width {
                break;
            }
            line.push_str(", ");
            line.push_str(part);
        }
        line
    }
}

#[expect(clippy::cast_precision_loss, reason = "the result is shown with one digit")]
fn ratio(part: u64, whole: u64) -> f64 {
    part as f64 / whole as f64
}

fn retries(count: u64) -> String {
    format!("{} {}", number(count), if count == 1 { "retry" } else { "retries" })
}

fn delivered(progress: &LiveStats) -> u64 {
    progress.sinks.iter().map(taskferry_engine::LiveSinkStats::records).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_shows_the_percentage_and_the_time_left() {
        let first = Figures {
            records: 1200,
            bytes: 3_400_000,
            delivered: 31_000,
            pages_read: 12,
            records_read: 1200,
            elapsed: Duration::from_secs(4),
            ..Figures::default()
        };
        assert_eq!(first.line(200), "1,200 records (3.4 MB), 3.0 pages/s, 31,000 delivered");
        let later = Figures { expected: Some(4800), retries: 1, ..first };
        assert_eq!(
            later.line(200),
            "25 %, 12 s left, 1,200 records (3.4 MB), 3.0 pages/s, 31,000 delivered, 1 retry"
        );
        let sink_retries = vec![("crm".to_owned(), 12)];
        let refused = Figures { sink_retries, ..later };
        assert!(refused.line(200).ends_with(", 1 retry, crm: 12 retries"));
        let idle = Figures { idle: Duration::from_secs(31), ..refused };
        assert!(idle.line(200).starts_with("no page for 31 s, 25 %"));
        let waiting = Figures { waiting: Some("waiting for `rate_limit`".to_owned()), ..idle };
        assert!(waiting.line(200).starts_with("waiting for `rate_limit`, 25 %"));
        let narrow = "waiting for `rate_limit`, 25 %, 12 s left, 1,200 records (3.4 MB)";
        assert_eq!(waiting.line(70), narrow, "no figure is cut");
    }

    #[test]
    fn a_resumed_run_and_a_larger_listing_have_sensible_figures() {
        let resumed = Figures {
            records: 3000,
            expected: Some(4000),
            records_read: 500,
            elapsed: Duration::from_secs(10),
            ..Figures::default()
        };
        assert!(resumed.line(200).starts_with("75 %, 20 s left, "), "{}", resumed.line(200));
        let grown = Figures { records: 5000, ..resumed };
        assert!(grown.line(200).starts_with("99 %, 5,000 records"), "{}", grown.line(200));
        assert!(Figures::default().line(200).starts_with("0 records"));
    }
}
