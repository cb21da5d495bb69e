//! The checks of the kit.

use std::fmt;

/// A rule that plugins must follow.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[non_exhaustive]
pub enum Check {
    /// All plugins: the options struct, each option and each choice have a doc comment.
    Documented,
    /// All plugins: an unknown key is refused, in the table of the stage and in every table inside it.
    UnknownKeysRefused,
    /// All plugins: the options struct refuses what its JSON Schema excludes, and each problem has a position.
    SchemaMatchesParser,
    /// Transforms: the options are valid, and at least one record is emitted for the samples.
    SamplesProcessed,
    /// Transforms: no JSON document makes the transform panic.
    NeverPanics,
    /// Transforms: fields that the transform does not name are in the emitted records, with the same bytes.
    UnknownFieldsSurvive,
    /// Transforms: records and tasks are emitted in the order of the input.
    OrderKept,
    /// Transforms: the error of a refused record says what is wrong with it.
    ErrorsClear,
    /// Transforms: the same input gives the same records, counts and errors, also in a preview.
    Deterministic,
    /// Stateless and asynchronous transforms: records that are processed at the same time give the same results.
    ParallelEqualsSerial,
    /// Ordered transforms: a run that resumes after any record emits what an uninterrupted run emits.
    ResumeEqualsUndisturbed,
    /// Transforms: emitted records have no field that [`TransformPlugin::fields`](crate::TransformPlugin::fields) excludes.
    FieldsDeclared,
    /// Transforms: explanations name options, all of which are in
    /// [`TransformPlugin::explained_options`](crate::TransformPlugin::explained_options).
    ExplanationsNameOptions,
    /// Transforms for which the test sets a limit: the time for a record is at most the given multiple of the time for a copy.
    Cost,
    /// Sources: the listing ends, after at least three pages.
    PagingEnds,
    /// Sources: no cursor occurs twice.
    CursorsDiffer,
    /// Sources: every record is valid JSON with an id, and no id occurs twice.
    RecordsIdentified,
    /// Sources: a run that resumes at any cursor reads the remaining records, each once.
    ResumesAtEachCursor,
    /// Sinks: an uninterrupted run publishes every record, and counts them.
    DeliversEverything,
    /// Sinks that can undo a write: nothing is published before `finish`, and a dropped sink publishes nothing.
    NothingBeforeFinish,
    /// Sinks: a run that is killed at any instant and resumed, or repeated, publishes every record once.
    PublishesOnce,
    /// Sinks: a dry run publishes nothing.
    DryRunPublishesNothing,
    /// Sinks: a refused record is in the refusals, and ends the run if refusals are forbidden.
    RefusalsReported,
}

impl Check {
    /// The rule in a few words.
    fn rule(self) -> &'static str {
        match self {
            Self::Documented => "all options are documented",
            Self::UnknownKeysRefused => "unknown keys are refused",
            Self::SchemaMatchesParser => "the schema matches the parser",
            Self::SamplesProcessed => "samples are processed",
            Self::NeverPanics => "no document causes a panic",
            Self::UnknownFieldsSurvive => "unknown fields survive",
            Self::OrderKept => "the order is kept",
            Self::ErrorsClear => "errors are clear",
            Self::Deterministic => "results are deterministic",
            Self::ParallelEqualsSerial => "parallel equals serial",
            Self::ResumeEqualsUndisturbed => "resumed equals uninterrupted",
            Self::FieldsDeclared => "fields are declared",
            Self::ExplanationsNameOptions => "explanations name options",
            Self::Cost => "the cost is limited",
            Self::PagingEnds => "paging ends",
            Self::CursorsDiffer => "cursors differ",
            Self::RecordsIdentified => "records have ids",
            Self::ResumesAtEachCursor => "the source resumes at each cursor",
            Self::DeliversEverything => "everything is delivered",
            Self::NothingBeforeFinish => "nothing is published before the end",
            Self::PublishesOnce => "everything is published once",
            Self::DryRunPublishesNothing => "a dry run publishes nothing",
            Self::RefusalsReported => "refusals are reported",
        }
    }

    /// What the author does if the check fails.
    pub(super) fn advice(self) -> &'static str {
        match self {
            Self::Documented => "write a doc comment: it is the reference that users read",
            Self::UnknownKeysRefused => {
                "add `#[serde(deny_unknown_fields)]` to the struct, and avoid `flatten`"
            }
            Self::SchemaMatchesParser => {
                "derive `JsonSchema` and `Deserialize` for the same types; in `build`, check every restriction of a schema attribute, and return a `Problem` at the path of the option"
            }
            Self::SamplesProcessed => {
                "pass valid options to the kit, and samples that the transform emits"
            }
            Self::NeverPanics => {
                "return a `StageError` instead: a record can have any shape, and values any type"
            }
            Self::UnknownFieldsSurvive => {
                "change the record through `Record::edit`, which keeps all other fields, instead of building a new one"
            }
            Self::OrderKept => "emit records in the order in which they arrive",
            Self::ErrorsClear => {
                "write a lower-case message without a full stop that says what is wrong; the engine adds the record's page, position and id"
            }
            Self::Deterministic => {
                "do not use the clock, random numbers or the order of a `HashMap`; the time of the run is `RunContext::started_at`"
            }
            Self::ParallelEqualsSerial => {
                "keep no state between records, or implement `OrderedTransform`"
            }
            Self::ResumeEqualsUndisturbed => {
                "return the whole state from `save`, read it in `restore`, and change the state only after the last `?` of `apply`"
            }
            Self::FieldsDeclared => {
                "implement `TransformPlugin::fields`: `FieldRule::unchanged().adds(\"…\")`, so that `check` finds mistyped fields"
            }
            Self::ExplanationsNameOptions => {
                "call `Output::explain` with the name of an option, and list it in `explained_options`"
            }
            Self::Cost => {
                "read through `Node` instead of `Record::value`, and emit the record itself if it is unchanged"
            }
            Self::PagingEnds => {
                "return `None` after the last page; use a small page size in the test"
            }
            Self::CursorsDiffer => "give each page a cursor of its own in `Page::followed_by`",
            Self::RecordsIdentified => "give each record its id: `SourceRecord::new(record, id)`",
            Self::ResumesAtEachCursor => {
                "start at the cursor of the `Position` in `open`; the cursor must contain everything that the source needs to continue"
            }
            Self::DeliversEverything => {
                "publish every record in `finish`, and count the records in `Delivery::records`"
            }
            Self::NothingBeforeFinish => {
                "write to a temporary place that `finish` publishes, and remove it in `Drop`"
            }
            Self::PublishesOnce => {
                "return from `commit` everything that `open` needs to undo later writes; if that is impossible, use `Resumption::Unsupported`, and remove the output in `discard`"
            }
            Self::DryRunPublishesNothing => "send and write nothing in the sink of `dry_run`",
            Self::RefusalsReported => {
                "call `Refusals::refuse` with the positions in the batch, and return its error"
            }
        }
    }
}

impl fmt::Display for Check {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.pad(self.rule())
    }
}
