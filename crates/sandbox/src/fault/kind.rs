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

/// The syntax and documentation of a fault.
#[derive(Debug)]
pub struct FaultForm {
    /// The syntax. The name ends before an equals sign.
    pub form: &'static str,
    /// The effect.
    pub about: &'static str,
    /// The fault, with the default time if it has a time.
    pub(super) kind: Kind,
}

impl FaultForm {
    pub(super) fn name(&self) -> &'static str {
        self.form.split('=').next().unwrap_or(self.form)
    }
}

const fn status(code: u16) -> Kind {
    Kind::Status { code, html: false }
}

const fn html(code: u16) -> Kind {
    Kind::Status { code, html: true }
}

macro_rules! faults {
    ($($form:literal = $kind:expr, $about:literal;)+) => {
        /// All faults.
        pub const FAULTS: &[FaultForm] =
            &[$(FaultForm { form: $form, about: $about, kind: $kind }),+];
    };
}

faults! {
    "latency=TIME" = Kind::Latency(Duration::ZERO), "Delays the response by this time.";
    "429" = status(429), "Too many requests. Accepts `:retry-after=SECONDS` and `:retry-after=date`.";
    "500" = status(500), "A server error in the API's format. Accepts `:retry-after=` as 429 does.";
    "502" = status(502), "As `500`, with this status.";
    "503" = status(503), "As `500`, with this status.";
    "504" = status(504), "As `500`, with this status.";
    "500-html" = html(500), "A server error with an HTML page.";
    "502-html" = html(502), "As `500-html`, with this status.";
    "503-html" = html(503), "As `500-html`, with this status.";
    "504-html" = html(504), "As `500-html`, with this status.";
    "cut" = Kind::Cut, "Closes the connection in the middle of the body.";
    "slow" = Kind::Slow(Duration::from_secs(2)),
        "Sends the body in small pieces, within 2 seconds or the time of `slow=TIME`.";
    "expired-token" = Kind::ExpiredToken, "The access token expires, for this request and all later requests.";
    "repeated-page" = Kind::RepeatedPage, "Repeats the preceding page of the same token. A first page is not changed.";
    "looping-cursor" = Kind::LoopingCursor, "The cursor of the page leads back to the second page.";
    "empty-page" = Kind::EmptyPage, "Inserts a page without records before the requested page.";
    "stuck-page" = Kind::StuckPage, "Returns a page without records, with the cursor of the request.";
    "deleted-cursor" = Kind::DeletedCursor,
        "Removes the job of the request's cursor from the export before the request is handled. Other endpoints still have the job. A first page has no cursor.";
    "extra-fields" = Kind::ExtraFields, "Adds unknown fields to the response, its records and their tasks.";
    "unknown-levels" = Kind::UnknownLevels, "Replaces AI impact levels by unknown levels.";
}
