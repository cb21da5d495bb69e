//! The one place where plugins are registered.

use taskferry_core::Registry;
use taskferry_sink_file::FileOptions;
use taskferry_sink_stdout::StdoutOptions;
use taskferry_sink_webhook::WebhookOptions;
use taskferry_source_techwolf::TechWolfOptions;
use taskferry_transform_filter_ai_impact::FilterAiImpact;
use taskferry_transform_flatten_hierarchy::FlattenHierarchy;
use taskferry_transform_jq::Jq;
use taskferry_transform_rename_skills::RenameSkills;

use crate::sandbox_endpoint;

/// All plugins that come with taskferry.
pub(crate) fn registry() -> Registry {
    let mut registry = Registry::new();
    registry
        .source::<TechWolfOptions>()
        .transform::<FilterAiImpact>()
        .transform::<FlattenHierarchy>()
        .transform::<RenameSkills>()
        .transform::<Jq>()
        .sink::<StdoutOptions>()
        .sink::<FileOptions>()
        .sink::<WebhookOptions>()
        .endpoint("sandbox", sandbox_endpoint::build)
        .set_program(concat!("taskferry ", env!("CARGO_PKG_VERSION")));
    registry
}
