//! The faults there are: how each is written, what it does, and what it says about itself.

use std::time::Duration;

use super::kind::Kind;

/// A kind of fault, for people to read.
#[derive(Debug)]
pub struct FaultForm {
    /// How it is written.
    pub form: &'static str,
    /// What it does.
    pub about: &'static str,
    pub(super) makes: Makes,
}

/// What becomes of a form that was written.
#[derive(Debug)]
pub(super) enum Makes {
    /// This.
    Kind(Kind),
    /// What follows from a time; one that may be left out has a default.
    Timed(fn(Duration) -> Kind, Option<Duration>),
}

impl FaultForm {
    /// What it is called, without its value.
    pub(super) fn name(&self) -> &'static str {
        self.form.split('=').next().unwrap_or(self.form)
    }
}

const fn form(form: &'static str, about: &'static str, kind: Kind) -> FaultForm {
    FaultForm { form, about, makes: Makes::Kind(kind) }
}

const fn status(form: &'static str, about: &'static str, code: u16, html: bool) -> FaultForm {
    let kind = Kind::Status { code, html, retry_after: None };
    FaultForm { form, about, makes: Makes::Kind(kind) }
}

/// All kinds of faults. What stands before an equals sign or the end of `form` is the name.
pub const FAULTS: &[FaultForm] = &[
    FaultForm {
        form: "latency=TIME",
        about: "The answer comes this much later.",
        makes: Makes::Timed(Kind::Latency, None),
    },
    status(
        "429",
        "Too many requests; with `:retry-after=SECONDS` or `:retry-after=date` if wanted.",
        429,
        false,
    ),
    status(
        "500",
        "A server error in the API's form; takes `:retry-after=` as 429 does.",
        500,
        false,
    ),
    status("502", "The same, as 502.", 502, false),
    status("503", "The same, as 503.", 503, false),
    status("504", "The same, as 504.", 504, false),
    status("500-html", "A server error with a page for people.", 500, true),
    status("502-html", "The same, as 502.", 502, true),
    status("503-html", "The same, as 503.", 503, true),
    status("504-html", "The same, as 504.", 504, true),
    form("cut", "The connection ends in the middle of the body.", Kind::Cut),
    FaultForm {
        form: "slow",
        about: "The body comes in small pieces, within 2 seconds, or as `slow=TIME` says.",
        makes: Makes::Timed(Kind::Slow, Some(Duration::from_secs(2))),
    },
    form(
        "expired-token",
        "The access token has expired, now and for all requests that follow.",
        Kind::ExpiredToken,
    ),
    form(
        "repeated-page",
        "The page is the one that the same token was sent before. A first page is never a repeated one.",
        Kind::RepeatedPage,
    ),
    form(
        "looping-cursor",
        "The page's cursor leads back to the second page. That of a first page leads there anyway.",
        Kind::LoopingCursor,
    ),
    form("empty-page", "A page without jobs comes in between, and more follows.", Kind::EmptyPage),
    form(
        "stuck-page",
        "A page without jobs comes, and more follows after the same cursor that it was asked for with.",
        Kind::StuckPage,
    ),
    form(
        "deleted-cursor",
        "The job that is the cursor is deleted before the request is served: it is gone from the export, \
         and nowhere else. A first page has no cursor.",
        Kind::DeletedCursor,
    ),
    form(
        "extra-fields",
        "Fields that nobody knows stand in the answer, its records and their tasks.",
        Kind::ExtraFields,
    ),
    form("unknown-levels", "AI impact levels are none of H1 to H5.", Kind::UnknownLevels),
];
