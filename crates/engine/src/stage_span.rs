//! The stage that a log event belongs to.

use taskferry_pipeline::StageId;
use tracing::Span;

/// The target of the spans that contain the log events of a stage. The field `stage` is the name of the stage, and `role` its
/// role.
pub const STAGE_SPAN: &str = "taskferry::stage";

pub(crate) fn stage_span(id: &StageId) -> Span {
    tracing::info_span!(target: STAGE_SPAN, "stage", stage = %id.name, role = %id.role)
}
