//! The table of all faults.

use std::time::Duration;

/// What a fault does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Latency(Duration),
    Status { code: u16, html: bool },
    Cut,
    Slow(Duration),
    ExpiredToken,
    RepeatedPage,
    LoopingCursor,
    EmptyPage,
    StuckPage,
    DeletedCursor,
    ExtraFields,
    UnknownLevels,
}

/// A fault as it is documented and written.
#[derive(Debug)]
pub struct FaultForm {
    /// The syntax. The name ends before an equals sign.
    pub form: &'static str,
    /// The effect.
    pub about: &'static str,
    /// With the default of its time.
    pub(super) kind: Kind,
}

impl FaultForm {
    pub(super) fn name(&self) -> &'static str {
        self.form.split('=').next().unwrap_or(self.form)
    }
}

const fn fault(form: &'static str, about: &'static str, kind: Kind) -> FaultForm {
    FaultForm { form, about, kind }
}

const fn status(form: &'static str, about: &'static str, code: u16) -> FaultForm {
    FaultForm { form, about, kind: Kind::Status { code, html: false } }
}

const fn html(form: &'static str, about: &'static str, code: u16) -> FaultForm {
    FaultForm { form, about, kind: Kind::Status { code, html: true } }
}

/// All faults.
pub const FAULTS: &[FaultForm] = &[
    fault("latency=TIME", "Delays the response by this time.", Kind::Latency(Duration::ZERO)),
    status(
        "429",
        "Too many requests. Accepts `:retry-after=SECONDS` and `:retry-after=date`.",
        429,
    ),
    status("500", "A server error in the API's format. Accepts `:retry-after=` as 429 does.", 500),
    status("502", "As `500`, with this status.", 502),
    status("503", "As `500`, with this status.", 503),
    status("504", "As `500`, with this status.", 504),
    html("500-html", "A server error with an HTML page.", 500),
    html("502-html", "As `500-html`, with this status.", 502),
    html("503-html", "As `500-html`, with this status.", 503),
    html("504-html", "As `500-html`, with this status.", 504),
    fault("cut", "Closes the connection in the middle of the body.", Kind::Cut),
    fault(
        "slow",
        "Sends the body in small pieces, within 2 seconds or the time of `slow=TIME`.",
        Kind::Slow(Duration::from_secs(2)),
    ),
    fault(
        "expired-token",
        "The access token expires, for this request and all later requests.",
        Kind::ExpiredToken,
    ),
    fault(
        "repeated-page",
        "Repeats the preceding page of the same token. A first page is not changed.",
        Kind::RepeatedPage,
    ),
    fault(
        "looping-cursor",
        "The cursor of the page leads back to the second page.",
        Kind::LoopingCursor,
    ),
    fault(
        "empty-page",
        "Inserts a page without records before the requested page.",
        Kind::EmptyPage,
    ),
    fault(
        "stuck-page",
        "Returns a page without records, with the cursor of the request.",
        Kind::StuckPage,
    ),
    fault(
        "deleted-cursor",
        "Removes the job of the request's cursor from the export before the request is handled. Other endpoints still have the job. A first page has no cursor.",
        Kind::DeletedCursor,
    ),
    fault(
        "extra-fields",
        "Adds unknown fields to the response, its records and their tasks.",
        Kind::ExtraFields,
    ),
    fault("unknown-levels", "Replaces AI impact levels by unknown levels.", Kind::UnknownLevels),
];
