//! `taskferry preview`: shows what every stage does with the first records.

mod cache;
pub(super) mod json;
pub(super) mod mask;
mod pages;
mod selection;
pub(super) mod stages;
pub(super) mod text;
mod view;
mod watch;

use std::path::{Path, PathBuf};
use std::time::Instant;

use taskferry_config::{Checked, StageInfo};
use taskferry_engine::{Interrupt, StopSignal};
use taskferry_pipeline::{Feed, Registry, Role};
use taskferry_sdk::Lookups;
use taskferry_sdk::jiff::Timestamp;

use super::arguments::PreviewArguments;
use super::diagnostics::load;
use super::format::count;
use super::record_file;
use super::state_folder::StateFolder;
use super::test::recording::Recording;
use crate::command_error::{CommandError, Ended, printed};
use crate::console;
use crate::exit::Exit;
use crate::interrupts::Interrupts;
use crate::logging::{self, LogFormat};
use crate::trace::trace;
use cache::CacheFile;
use pages::PageStore;
use selection::{Condition, SelectionCounts, SharedCounts, select};
use view::View;
pub(super) use view::{MASKED, write_failure};
use watch::WatchedFiles;

/// Refused records are shown, not logged.
pub(super) const LOG: &str = "warn,taskferry_engine::step=error";

/// Shows a pipeline's effect on the first records.
pub(crate) async fn preview(registry: &Registry, arguments: PreviewArguments) -> Ended {
    logging::start(LogFormat::Text, LOG);
    let mut interrupts = Interrupts::listen()?;
    let mut preview = Preview { registry, arguments, pages: None };
    if preview.arguments.output.watch {
        return Ok(Box::pin(preview.watch(&mut interrupts)).await);
    }
    tokio::select! {
        (ended, _) = preview.show() => ended,
        interrupt = interrupts.next() => Ok(Exit::interrupted(interrupt)),
    }
}

struct Preview<'a> {
    registry: &'a Registry,
    arguments: PreviewArguments,
    /// The pages of the last preview, with the digest of their source.
    pages: Option<(String, PageStore)>,
}

/// What a preview needs.
struct Prepared<'a> {
    checked: Checked,
    store: PageStore,
    condition: Option<Condition>,
    recording: Option<Recording<'a>>,
}

impl<'a> Preview<'a> {
    /// Shows the preview again after each change, until a signal arrives.
    async fn watch(&mut self, interrupts: &mut Interrupts) -> Exit {
        let arguments = &self.arguments;
        let own = arguments.layers.files(&arguments.file).chain(arguments.input.as_deref());
        let mut files = WatchedFiles::new(own);
        loop {
            let start = Instant::now();
            console::clear();
            let interrupt = tokio::select! {
                (ended, inputs) = self.show() => {
                    ended.unwrap_or_else(|error| error.write(LogFormat::Text));
                    files.add(inputs.iter().map(PathBuf::as_path));
                    None
                }
                interrupt = interrupts.next() => Some(interrupt),
            };
            if let Some(interrupt) = interrupt {
                return end_of_watch(interrupt);
            }
            self.arguments.refresh = false;
            console::line(&format!(
                "shown in {} ms; watching {}, Ctrl-C ends",
                start.elapsed().as_millis(),
                count(files.len() as u64, "file")
            ));
            tokio::select! {
                () = files.changed() => files = files.renewed(),
                interrupt = interrupts.next() => return end_of_watch(interrupt),
            }
        }
    }

    /// Shows the preview. Also returns the files that the pipeline reads, if it is valid.
    async fn show(&mut self) -> (Ended, Vec<PathBuf>) {
        match self.prepare() {
            Ok(prepared) => {
                let inputs = prepared.checked.files.inputs().map(Path::to_owned).collect();
                (Box::pin(self.run(prepared)).await, inputs)
            }
            Err(error) => (Err(error), Vec::new()),
        }
    }

    /// Reads the pipeline and the pages of earlier previews.
    fn prepare(&mut self) -> Result<Prepared<'a>, CommandError> {
        let arguments = &self.arguments;
        let (file, recording) = (&arguments.file, &arguments.recording);
        // With records from a file, the variables of the source need not be set.
        let layers = arguments.layers.layers(file).placeholders(arguments.input.is_some());
        let checked = load(&layers, self.registry, LogFormat::Text)?;
        let stage = arguments.stage.as_deref();
        check_stage(stage, &checked.stages)?;
        let name = recording.record.as_deref();
        let recording = name.map(|name| {
            let layers = arguments.layers.layers(file);
            Recording::new(self.registry, file, name, stage, recording, layers)
        });
        let recording = recording.transpose()?;
        let condition = arguments.condition.as_deref();
        let condition = condition.map(|text| Condition::new(text, self.registry)).transpose()?;
        if arguments.input.is_some() {
            let source = checked.stages.iter().find(|stage| stage.id.role == Role::Source);
            for option in ["filters", "partition"] {
                if let Some(position) = source.and_then(|source| source.options.get(option)) {
                    console::line(&format!(
                        "`{option}` at {position} does not apply to the records of `--input`"
                    ));
                }
            }
        }
        let store = match &arguments.input {
            Some(path) => PageStore::of(&record_file::read(path)?),
            None => self.store(&checked),
        };
        Ok(Prepared { checked, store, condition, recording })
    }

    fn store(&mut self, checked: &Checked) -> PageStore {
        let digest = &checked.pages_digest;
        let known = self.pages.take().filter(|(known, _)| known == digest);
        let is_known = known.is_some();
        let store = match known {
            Some((_, store)) => store,
            None if self.arguments.refresh => PageStore::default(),
            None => {
                let file = CacheFile::new(digest, checked.pipeline.sandbox);
                PageStore::new(file.and_then(|file| file.load()).unwrap_or_default())
            }
        };
        if !is_known {
            let stored = store.lock();
            if !stored.pages.is_empty() {
                let (pages, age) = (stored.pages.len() as u64, age(stored.read_at));
                let pages = count(pages, "page");
                console::line(&format!(
                    "using {pages} that an earlier preview read {age} ago; `--refresh` requests them again"
                ));
            }
        }
        self.pages = Some((digest.clone(), store.clone()));
        store
    }

    /// Runs the pipeline on the selected records, prints them, and records a test of them.
    async fn run(&self, prepared: Prepared<'_>) -> Ended {
        let Prepared { checked, store, condition, recording } = prepared;
        let Checked { mut pipeline, stages, pages_digest, .. } = checked;
        let arguments = &self.arguments;
        let counts = SharedCounts::default();
        let (id, is_file) = (arguments.id.as_deref(), arguments.input.is_some());
        let max_pages = if id.is_some() || is_file { u64::MAX } else { arguments.max_pages };
        let records = usize::from(arguments.records);
        let selection = select(records, id, condition, max_pages, &counts);
        let source =
            match std::mem::replace(&mut pipeline.source.feed, Feed::Source(store.source(None))) {
                Feed::Source(source) if !is_file => Some(source),
                _ => None,
            };
        let (name, sandbox) = (pipeline.name.clone(), pipeline.sandbox);
        let source = Some(store.source(source));
        let mut run = StateFolder::sample_run(&pipeline);
        if recording.is_some() {
            // A test has no earlier run.
            run.compared_with = None;
            run.lookups = Lookups::recorded();
        }
        let lookups = run.lookups.clone();
        let found = trace(pipeline, source, selection, Some(run), StopSignal::never()).await;
        if !is_file {
            save(&pages_digest, sandbox, &store);
        }
        let ended = {
            let seen = counts.lock();
            let view = View {
                name,
                stages: &stages,
                idle: if found.read > 0 { seen.idle_options(&stages) } else { Vec::new() },
                is_sandbox: found.report.manifest.sandbox && !is_file,
                is_delivered: seen.is_delivered,
                masks_values: !arguments.output.show_values && !console::output_is_terminal(),
                found: &found,
            };
            self.print(&view, &seen)
        };
        match (recording, ended?) {
            (Some(recording), Exit::COMPLETE) => {
                let input = recording.input(&found.records);
                recording.add(&input, lookups.answers()).await
            }
            (_, exit) => Ok(exit),
        }
    }

    fn print(&self, view: &View<'_>, seen: &SelectionCounts) -> Ended {
        let arguments = &self.arguments;
        view.write_notes();
        if let Some(error) = &seen.condition_error {
            let records = count(seen.condition_errors, "record");
            console::warning(&format!(
                "`--where` failed for {records}, which are not shown: {error}"
            ));
        }
        printed(if arguments.output.json {
            console::document(&view.document(arguments))
        } else {
            console::drawn_page(&view.text(arguments))
        })?;
        Ok(view.end(arguments))
    }
}

/// The exit code of a preview that a signal ends. Ctrl-C is the usual end.
fn end_of_watch(interrupt: Interrupt) -> Exit {
    match interrupt {
        Interrupt::Interrupted => Exit::COMPLETE,
        Interrupt::Terminated => Exit::interrupted(interrupt),
    }
}

/// Keeps the pages for later previews.
fn save(digest: &str, sandbox: bool, store: &PageStore) {
    let mut stored = store.lock();
    let file = CacheFile::new(digest, sandbox).filter(|_| stored.is_changed);
    stored.is_changed = false;
    if let Some(file) = file
        && let Err(error) = file.save(&stored)
    {
        let path = file.path().display();
        console::warning(&format!("the pages can't be kept in `{path}`: {error}"));
    }
}

/// Refuses the name of a stage that the pipeline does not have.
pub(super) fn check_stage(name: Option<&str>, stages: &[StageInfo]) -> Result<(), String> {
    let Some(name) = name.filter(|name| stages.iter().all(|stage| stage.id.name != **name)) else {
        return Ok(());
    };
    let names: Vec<String> = stages.iter().map(|stage| format!("`{}`", stage.id.name)).collect();
    Err(format!("the pipeline has no stage `{name}`; its stages are {}", names.join(", ")))
}

/// The time since an instant, in words.
pub(super) fn age(instant: Timestamp) -> String {
    let seconds = Timestamp::now().duration_since(instant).as_secs().unsigned_abs();
    match seconds {
        0..120 => count(seconds, "second"),
        120..7200 => count(seconds / 60, "minute"),
        7200..172_800 => count(seconds / 3600, "hour"),
        _ => count(seconds / 86_400, "day"),
    }
}
