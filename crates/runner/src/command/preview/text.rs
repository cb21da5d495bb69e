//! Previews as text for people.

use serde_json::Value;
use taskferry_config::StageInfo;
use taskferry_pipeline::Role;
use taskferry_sdk::printable_lines;

use super::mask::Mask;
use super::stages::{StageSteps, Summary, consequence, position_of, stages, times_text};
use crate::command::colors::{BOLD, FAINT, GREEN, PLAIN, RED, YELLOW};
use crate::command::diff::{DiffLine, MAX_COLUMNS, diff, fitted};
use crate::command::format::{count, number};
use crate::command::json_lines::{Layout, SCREEN, SHORT, lines};
use crate::trace::RecordTrace;
use crate::wrap::wrapped_line;

/// The columns before the lines of a record.
const INDENT: usize = 4;
/// The maximum number of records of one stage whose changes are shown.
const MAX_RECORDS: usize = 2;
/// The maximum number of effects of one stage that are shown.
const MAX_EFFECTS: usize = 4;
/// The maximum number of lines of one change.
const MAX_LINES: usize = 12;

/// Writes records with everything that happens to them.
pub(crate) struct TextWriter<'a> {
    pub(crate) stages: &'a [StageInfo],
    pub(crate) masks_values: bool,
    /// If set, only this stage is shown, without shortening.
    pub(crate) only: Option<&'a str>,
    /// The columns of the terminal, to which lines are wrapped or shortened.
    pub(crate) width: Option<usize>,
    pub(crate) text: String,
}

impl TextWriter<'_> {
    /// Adds a record.
    pub(crate) fn record(&mut self, trace: &RecordTrace, index: usize, total: usize) {
        let mask = Mask::of(trace, self.masks_values);
        let heading = format!("record {} of {total}", index + 1);
        self.line(&format!(
            "{BOLD}{heading}{PLAIN}: {}",
            printable_lines(&trace.origin.to_string())
        ));
        let source = self.stages.first().filter(|source| self.shows(source));
        if let Some(source) = source {
            self.heading(source, "");
            for line in lines(&mask.record(&trace.record), self.layout()) {
                self.diff_line(&DiffLine::Same(line.shown()));
            }
        }
        if !self.steps(trace, &mask) && self.only.is_some() && source.is_none() {
            self.line(&format!("  {YELLOW}the record does not reach this stage{PLAIN}"));
        }
        self.line("");
    }

    /// Adds what each stage does with a record. Returns whether the record reaches a shown stage.
    pub(crate) fn steps(&mut self, trace: &RecordTrace, mask: &Mask) -> bool {
        let mut is_shown = false;
        for stage in stages(self.stages, trace) {
            if self.shows(stage.info) {
                self.stage(&stage, mask);
                is_shown = true;
            }
        }
        is_shown
    }

    fn layout(&self) -> Layout {
        if self.only.is_some() { SCREEN } else { SHORT }
    }

    fn shows(&self, stage: &StageInfo) -> bool {
        self.only.is_none_or(|only| only == stage.id.name)
    }

    fn heading(&mut self, stage: &StageInfo, summary: &str) {
        let sink = stage.sink.as_ref().map(|sink| format!(" of sink `{}`", printable_lines(sink)));
        let position = stage.position.as_ref().map(ToString::to_string).unwrap_or_default();
        let name = format!("{} {}", stage.id.role, stage.id.name);
        let colon = if summary.is_empty() { "" } else { ": " };
        self.wrapped(&format!(
            "  {BOLD}{}{PLAIN}{} {FAINT}{}{PLAIN}{colon}{summary}",
            printable_lines(&name),
            sink.unwrap_or_default(),
            printable_lines(&position)
        ));
    }

    fn stage(&mut self, stage: &StageSteps<'_, '_>, mask: &Mask) {
        let summary = stage.summary();
        let color = match summary {
            Summary { refused: 1.., .. } => RED,
            Summary { dropped: 1.., .. } => YELLOW,
            Summary { changed: 1.., .. } => GREEN,
            _ => FAINT,
        };
        self.heading(stage.info, &format!("{color}{}{PLAIN}", summary.text()));
        let whole = self.only.is_some();
        self.effects(stage, mask, whole);
        for reason in stage.refusals() {
            let effect = consequence(stage.info);
            let reason = printable_lines(&mask.text(reason)).into_owned();
            self.wrapped(&format!("    {RED}refused{PLAIN}: {reason}; {effect}"));
        }
        if whole && stage.info.id.role == Role::Sink {
            for input in stage.steps.iter().filter_map(|step| step.input.as_ref()) {
                self.added(&mask.record(input));
            }
        }
        self.changes(stage, mask, whole);
    }

    fn effects(&mut self, stage: &StageSteps<'_, '_>, mask: &Mask, whole: bool) {
        let effects = stage.effects();
        let shown = if whole { effects.len() } else { MAX_EFFECTS };
        for (effect, times) in effects.iter().take(shown) {
            let place = position_of(stage.info, effect.option);
            let times = times_text(*times);
            let text = mask.text(&effect.text);
            self.wrapped(&format!(
                "    `{}` {FAINT}({}){PLAIN} {}{times}",
                effect.option,
                printable_lines(&place),
                printable_lines(&text)
            ));
        }
        if effects.len() > shown {
            let (more, name) = (effects.len() - shown, &stage.info.id.name);
            let hint = format!("… {more} more; `--stage {name}` shows all");
            self.line(&format!("    {FAINT}{}{PLAIN}", printable_lines(&hint)));
        }
    }

    fn changes(&mut self, stage: &StageSteps<'_, '_>, mask: &Mask, whole: bool) {
        let changed: Vec<_> = stage.changed().collect();
        let shown = if whole { changed.len() } else { MAX_RECORDS };
        for (index, (input, records)) in changed.iter().enumerate().take(shown) {
            if changed.len() > 1 {
                let heading = format!("record {} of {}", index + 1, changed.len());
                self.line(&format!("    {FAINT}{heading}{PLAIN}"));
            }
            match records {
                [record] => {
                    let before = input.map(|input| mask.record(input));
                    let most = if whole { usize::MAX } else { MAX_LINES };
                    for line in diff(before.as_slice(), &[mask.record(record)], most) {
                        self.diff_line(&line);
                    }
                }
                records => {
                    let most = if whole { records.len() } else { MAX_RECORDS };
                    for record in records.iter().take(most) {
                        self.added(&mask.record(record));
                    }
                    self.more(records.len().saturating_sub(most), "more record");
                }
            }
        }
        self.more(changed.len().saturating_sub(shown), "more changed record");
    }

    fn more(&mut self, more: usize, noun: &str) {
        if more > 0 {
            self.line(&format!("    {FAINT}… {}{PLAIN}", count(more as u64, noun)));
        }
    }

    fn added(&mut self, record: &Value) {
        for line in lines(record, self.layout()) {
            let text = line.shown();
            let is_whole = self.only.is_some();
            self.diff_line(&DiffLine::Added(if is_whole {
                text
            } else {
                fitted(&text, MAX_COLUMNS)
            }));
        }
    }

    fn diff_line(&mut self, line: &DiffLine) {
        let width = self.width.filter(|_| self.only.is_none());
        let width = width.map(|width| width.saturating_sub(INDENT));
        self.line(&format!("    {}", line.drawn(width)));
    }

    /// Adds a line after the records.
    pub(crate) fn footer(&mut self, line: &str) {
        self.line(&format!("{FAINT}{}{PLAIN}", printable_lines(line)));
    }

    /// Adds a line, which is escaped already, in lines that fit the terminal.
    fn wrapped(&mut self, line: &str) {
        let line = wrapped_line(line, self.width);
        self.line(&line);
    }

    /// Adds a line, which is escaped already.
    fn line(&mut self, line: &str) {
        self.text.push_str(line.trim_end());
        self.text.push('\n');
    }
}

/// How many records were shown and read.
pub(crate) fn footer(shown: usize, read: u64, pages: u64) -> String {
    let shown = count(shown as u64, "record");
    format!("{shown} shown, {} read ({})", number(read), count(pages, "page"))
}
