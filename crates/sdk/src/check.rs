//! Checks of a stage before a run, for `taskferry doctor`.

use std::fmt;
use std::future::Future;
use std::pin::Pin;

use serde::Serialize;

use crate::{StageError, printable};

/// What a check found.
///
/// ```
/// use taskferry_sdk::Verdict;
///
/// // The worst verdict is the greatest one.
/// assert_eq!([Verdict::Failed, Verdict::Ok, Verdict::Warning].iter().max(), Some(&Verdict::Failed));
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Verdict {
    /// The check succeeded.
    Ok,
    /// The check does not apply, or could not run.
    Skipped,
    /// A run succeeds, but something needs attention.
    Warning,
    /// A run would fail.
    Failed,
}

/// One result of a [`Check`]. Its texts are stored as [one printable line](printable) each, and must not contain secrets.
///
/// ```
/// use taskferry_sdk::{Finding, Verdict};
///
/// let finding = Finding::warning("the certificate expires in 5 days").hint("have it renewed");
/// assert_eq!(finding.verdict, Verdict::Warning);
/// assert_eq!(finding.hint.as_deref(), Some("have it renewed"));
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct Finding {
    /// The verdict.
    pub verdict: Verdict,
    /// What was found, in lower case, without a full stop.
    pub text: String,
    /// What to do about it.
    pub hint: Option<String>,
    /// Further lines, for example the entries of a list.
    pub details: Vec<String>,
}

impl Finding {
    /// A finding with [`Verdict::Ok`].
    pub fn ok(text: impl AsRef<str>) -> Self {
        Self::new(Verdict::Ok, text.as_ref())
    }

    /// A finding with [`Verdict::Skipped`]. The text is the reason.
    pub fn skipped(text: impl AsRef<str>) -> Self {
        Self::new(Verdict::Skipped, text.as_ref())
    }

    /// A finding with [`Verdict::Warning`].
    pub fn warning(text: impl AsRef<str>) -> Self {
        Self::new(Verdict::Warning, text.as_ref())
    }

    /// A finding with [`Verdict::Failed`].
    pub fn failed(text: impl AsRef<str>) -> Self {
        Self::new(Verdict::Failed, text.as_ref())
    }

    fn new(verdict: Verdict, text: &str) -> Self {
        let text = printable(text).into_owned();
        Self { verdict, text, hint: None, details: Vec::new() }
    }

    /// Sets the hint.
    #[must_use]
    pub fn hint(mut self, hint: impl AsRef<str>) -> Self {
        self.hint = Some(printable(hint.as_ref()).into_owned());
        self
    }

    /// Adds lines.
    #[must_use]
    pub fn details(mut self, lines: impl IntoIterator<Item = String>) -> Self {
        self.details.extend(lines.into_iter().map(|line| printable(&line).into_owned()));
        self
    }
}

/// A failed finding with the message and the hint of the error.
impl From<&StageError> for Finding {
    fn from(error: &StageError) -> Self {
        let finding = Self::failed(error.full_message());
        match error.hint_text() {
            Some(hint) => finding.hint(hint),
            None => finding,
        }
    }
}

type Work = Pin<Box<dyn Future<Output = Vec<Finding>> + Send>>;

/// A check that `taskferry doctor` runs. It delivers nothing and leaves nothing behind.
///
/// ```
/// use taskferry_sdk::{Check, Finding};
///
/// let check = Check::new("token", async { vec![Finding::ok("a token was issued")] })
///     .sends("1 token request")
///     .needs("connection");
/// assert_eq!((check.name(), check.requests()), ("token", Some("1 token request")));
/// ```
pub struct Check {
    name: &'static str,
    requests: Option<String>,
    needs: Vec<&'static str>,
    work: Work,
}

impl Check {
    /// A check that sends no request. The future is dropped when the time limit of the check has passed.
    pub fn new(
        name: &'static str,
        work: impl Future<Output = Vec<Finding>> + Send + 'static,
    ) -> Self {
        Self { name, requests: None, needs: Vec::new(), work: Box::pin(work) }
    }

    /// Names the requests that the check sends, before it sends them: `1 token request`.
    #[must_use]
    pub fn sends(mut self, requests: impl AsRef<str>) -> Self {
        self.requests = Some(printable(requests.as_ref()).into_owned());
        self
    }

    /// Names an earlier check of the stage. If it does not succeed, this check is skipped.
    #[must_use]
    pub fn needs(mut self, check: &'static str) -> Self {
        self.needs.push(check);
        self
    }

    /// The name, which is unique in the stage.
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The requests that the check sends.
    pub fn requests(&self) -> Option<&str> {
        self.requests.as_deref()
    }

    /// The checks that this one needs.
    pub fn needed(&self) -> &[&'static str] {
        &self.needs
    }

    /// Runs the check.
    pub async fn run(self) -> Vec<Finding> {
        self.work.await
    }
}

impl fmt::Debug for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Check").field("name", &self.name).finish_non_exhaustive()
    }
}
