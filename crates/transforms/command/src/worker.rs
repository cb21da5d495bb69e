//! Sends records to a process, in order, and starts it again after a failure.

use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

use taskferry_sdk::{ErrorKind, Record, StageError};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep_until};

use crate::failure::Failure;
use crate::process::{Event, Process, ProcessGroup};
use crate::protocol::{Answer, read_answer};
use crate::shared::Shared;

/// The maximum number of records that a process has received but not answered. With several, the process does not wait for the next
/// record.
pub(crate) const WINDOW: usize = 16;
/// The maximum number of failures of a transform that are logged.
const MAX_LOGGED: u64 = 20;

/// A record to process.
#[derive(Debug)]
pub(crate) struct Job {
    pub(crate) record: Record,
    pub(crate) reply: oneshot::Sender<Result<Answer, StageError>>,
    /// Whether a process ended after it received the record. The record is then sent alone, so that a further failure is
    /// attributed to it.
    pub(crate) is_suspect: bool,
}

#[derive(Debug)]
pub(crate) struct Worker {
    shared: Arc<Shared>,
    jobs: mpsc::UnboundedReceiver<Job>,
    group: Arc<ProcessGroup>,
    process: Option<Process>,
    waiting: VecDeque<Job>,
    /// The records that the process has not answered, with their ids.
    sent: VecDeque<(u64, Job)>,
    last_id: u64,
    /// Whether the process has answered a record.
    has_answered: bool,
    /// When the process received the first record of `sent`, or answered the record before it.
    since: Instant,
    /// An invalid line that the process wrote when it had no record. The next record is refused for it, so that the result does
    /// not depend on timing.
    early_failure: Option<Failure>,
    /// Whether the next start replaces a process that failed.
    is_restart: bool,
    /// Why the program can't be started.
    start_failure: Option<Failure>,
}

impl Worker {
    pub(crate) fn new(
        shared: Arc<Shared>,
        jobs: mpsc::UnboundedReceiver<Job>,
        group: Arc<ProcessGroup>,
        process: Option<Process>,
    ) -> Self {
        Self {
            shared,
            jobs,
            group,
            process,
            waiting: VecDeque::new(),
            sent: VecDeque::new(),
            last_id: 0,
            has_answered: false,
            since: Instant::now(),
            early_failure: None,
            is_restart: false,
            start_failure: None,
        }
    }

    /// Processes records until the pool is closed.
    pub(crate) async fn run(mut self) {
        loop {
            self.send().await;
            // `None` if the limit is beyond what a clock can represent.
            let deadline = self.since.checked_add(self.shared.timeout);
            let next = async {
                match &mut self.process {
                    Some(process) => process.next(self.shared.max_answer).await,
                    None => std::future::pending().await,
                }
            };
            let silence = async {
                match deadline {
                    Some(deadline) => sleep_until(deadline).await,
                    None => std::future::pending().await,
                }
            };
            tokio::select! {
                biased;
                event = next => self.on_event(event).await,
                job = self.jobs.recv() => match job {
                    Some(job) => self.receive(job),
                    None => break,
                },
                () = silence, if !self.sent.is_empty() => self.on_silence().await,
            }
        }
        if self.group.is_abandoned() {
            return;
        }
        let Some(process) = self.process.take() else { return };
        if let Some(warning) = process.close().await {
            tracing::warn!("{}: {warning}", self.shared.program.label);
        }
    }

    fn receive(&mut self, job: Job) {
        self.waiting.push_back(job);
        while let Ok(job) = self.jobs.try_recv() {
            self.waiting.push_back(job);
        }
    }

    /// Sends records until the process has [`WINDOW`] unanswered records.
    async fn send(&mut self) {
        while let Some(job) = self.waiting.front() {
            let is_alone = job.is_suspect || self.sent.iter().any(|(_, sent)| sent.is_suspect);
            if self.sent.len() >= if is_alone { 1 } else { WINDOW } {
                return;
            }
            let Some(job) = self.waiting.pop_front() else { return };
            if job.reply.is_closed() {
                continue;
            }
            if let Some(start_failure) = &self.start_failure {
                refuse(job, start_failure.error().fatal());
                continue;
            }
            if let Some(early_failure) = self.early_failure.take() {
                refuse(job, early_failure.error());
                continue;
            }
            if self.process.is_none() {
                match Process::start(&self.shared, Arc::clone(&self.group)).await {
                    Ok(process) => {
                        (self.process, self.has_answered) = (Some(process), false);
                        self.count_restart();
                    }
                    Err(failure) => {
                        refuse(job, failure.error().fatal());
                        self.start_failure = Some(failure);
                        continue;
                    }
                }
            }
            if let Some(process) = &mut self.process {
                self.last_id += 1;
                process.send(self.last_id, &job.record);
                if self.sent.is_empty() {
                    self.since = Instant::now();
                }
                self.sent.push_back((self.last_id, job));
            }
        }
    }

    async fn on_event(&mut self, event: Event) {
        let wrong = match event {
            Event::Ended => return self.on_end().await,
            Event::TooLong => {
                let limit = self.shared.max_answer;
                Failure::new(
                    ErrorKind::Limit,
                    format!("the program wrote a line of more than {limit} bytes"),
                )
                .hint("raise `max_answer_bytes`")
            }
            Event::Line(line) => {
                let expected = self.sent.front().map_or(self.last_id + 1, |(id, _)| *id);
                let answer = read_answer(&line, expected, &self.shared.program);
                let wrong = match (answer, self.sent.is_empty()) {
                    (Ok(answer), false) => return self.on_answer(answer),
                    (Ok(_), true) => {
                        format!("answered record {expected} before the record was sent")
                    }
                    (Err(wrong), _) => wrong,
                };
                Failure::new(ErrorKind::Malformed, format!("the program {wrong}"))
                    .hint("see docs/plugins/command.md; write messages to standard error")
            }
        };
        self.restart(&wrong).await;
        // The invalid line replaces the answer to the first record. The other records are sent again.
        match self.sent.pop_front() {
            Some((_, job)) => refuse(job, wrong.error()),
            None => self.early_failure = Some(wrong),
        }
        self.send_again(false);
    }

    fn on_answer(&mut self, answer: Answer) {
        (self.since, self.has_answered) = (Instant::now(), true);
        let hidden = |text: String| self.shared.program.without_secrets(&text);
        let answer = match answer {
            Answer::Results(_) => answer,
            Answer::Drop(reason) => Answer::Drop(hidden(reason)),
            Answer::Error(text) => Answer::Error(hidden(text)),
        };
        if let Some((_, job)) = self.sent.pop_front() {
            // The engine may have dropped the record.
            _ = job.reply.send(Ok(answer));
        }
    }

    async fn on_end(&mut self) {
        let Some(process) = self.process.take() else { return };
        let failure = process.failure().await;
        self.log(&failure);
        // A process that has answered records may have ended for another reason, for example after a fixed number of records. The
        // record is refused only if a new process fails on it.
        if !self.has_answered
            && self.sent.front().is_some_and(|(_, job)| job.is_suspect)
            && let Some((_, job)) = self.sent.pop_front()
        {
            let message = format!("{} instead of answering the record", failure.message);
            refuse(job, Failure { message, ..failure }.error());
        }
        self.send_again(true);
    }

    async fn on_silence(&mut self) {
        let message = format!("the program did not answer within {:?}", self.shared.timeout);
        let failure = Failure::new(ErrorKind::Timeout, message).hint(
            "the program must flush each answer; if a record needs more time, raise `timeout`",
        );
        self.restart(&failure).await;
        if self.sent.len() == 1
            && let Some((_, job)) = self.sent.pop_front()
        {
            refuse(job, failure.error());
        }
        self.send_again(true);
    }

    /// Kills the process. The next record starts another one.
    async fn restart(&mut self, failure: &Failure) {
        if let Some(process) = self.process.take() {
            process.kill().await;
            self.log(failure);
        }
    }

    fn count_restart(&mut self) {
        if std::mem::take(&mut self.is_restart) {
            self.shared.restarts.total.fetch_add(1, Ordering::Relaxed);
            self.shared.restarts.uncounted.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Logs why a process ended. The program is restarted only if another record follows.
    fn log(&mut self, failure: &Failure) {
        self.is_restart = true;
        let count = self.shared.restarts.failures.fetch_add(1, Ordering::Relaxed) + 1;
        if count <= MAX_LOGGED {
            let label = &self.shared.program.label;
            let hint = failure.hint.as_ref().map(|hint| format!(" ({hint})")).unwrap_or_default();
            tracing::warn!(
                "{label}: {}{hint}; the next record restarts the program",
                failure.message
            );
        }
        if count == MAX_LOGGED {
            tracing::warn!("further failures of the program are not logged");
        }
    }

    /// Puts the records without an answer back to the front of the queue.
    fn send_again(&mut self, are_suspects: bool) {
        while let Some((_, mut job)) = self.sent.pop_back() {
            job.is_suspect |= are_suspects;
            self.waiting.push_front(job);
        }
    }
}

fn refuse(job: Job, error: StageError) {
    // The engine may have dropped the record.
    _ = job.reply.send(Err(error));
}
