//! The progress of a run: a bar on a terminal, log lines elsewhere.

use std::sync::Arc;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use taskferry_engine::LiveStats;

use super::format::{bytes, count};
use crate::console;

const DRAW_EVERY: Duration = Duration::from_millis(100);
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
    // The total is unknown until the last page, so this is a spinner.
    let style = ProgressStyle::with_template("{spinner} {elapsed}  {wide_msg}")
        .unwrap_or_else(|_| ProgressStyle::default_spinner());
    let bar = ProgressBar::new_spinner().with_style(style);
    console::set_bar(Some(bar.clone()));
    let mut ticks = tokio::time::interval(DRAW_EVERY);
    loop {
        ticks.tick().await;
        bar.set_message(line(progress));
        bar.tick();
    }
}

async fn log(progress: &LiveStats) {
    let mut ticks = tokio::time::interval(LOG_EVERY);
    ticks.tick().await;
    loop {
        ticks.tick().await;
        tracing::info!(
            pages = progress.source.pages(),
            records = progress.source.records(),
            bytes = progress.source.bytes(),
            delivered = delivered(progress),
            "running"
        );
    }
}

fn line(progress: &LiveStats) -> String {
    let source = &progress.source;
    let (pages, records) = (count(source.pages(), "page"), count(source.records(), "record"));
    let size = bytes(source.bytes());
    format!("{pages}, {records} read ({size}), {} delivered", count(delivered(progress), "record"))
}

fn delivered(progress: &LiveStats) -> u64 {
    progress.sinks.iter().map(taskferry_engine::LiveSinkStats::records).sum()
}
