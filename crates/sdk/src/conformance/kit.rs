//! The checks of a plugin: their settings, and how they run.

use std::fmt;
use std::marker::PhantomData;

use serde_json::Value;

use super::Check;
use super::options::{OptionChecks, invalid};
use super::report::{Failure, Report};
use crate::testing::Files;
use crate::{BuildContext, Endpoints, Plugin, Problem, read_options};

/// The checks of a plugin, from [`Conformance`](super::Conformance).
#[must_use = "the checks are made by `run`"]
pub struct PluginConformance<P, K> {
    options: Value,
    files: Files,
    endpoints: Endpoints,
    exemptions: Vec<(Check, String)>,
    pub(super) kind: K,
    plugin: PhantomData<fn() -> P>,
}

/// A kind of plugins: how its stages are built and checked.
pub trait Kind<P> {
    /// What `build` of the plugin returns.
    type Stage;

    /// Builds a stage.
    fn build(plugin: &P, context: &BuildContext<'_>) -> Result<Self::Stage, Vec<Problem>>;

    /// Checks the stages that `build` returns.
    fn check(self, build: &Build<'_, Self::Stage>, report: &mut Report);
}

/// Builds a stage from the options of the test.
pub(super) type Build<'a, Stage> = dyn Fn() -> Result<Stage, Failure> + 'a;

impl<P: Plugin, K: Kind<P>> PluginConformance<P, K> {
    pub(super) fn new(options: Value, kind: K) -> Self {
        let (files, endpoints) = (Files::new(), Endpoints::default());
        Self { options, files, endpoints, exemptions: Vec::new(), kind, plugin: PhantomData }
    }

    /// Sets the files that the options name.
    pub fn files(mut self, files: Files) -> Self {
        self.files = files;
        self
    }

    /// Sets the URL schemes that are served inside the process.
    pub fn endpoints(mut self, endpoints: Endpoints) -> Self {
        self.endpoints = endpoints;
        self
    }

    /// Expects that a check fails, for this reason. An exemption that is not needed is a failure.
    pub fn exempt(mut self, check: Check, reason: impl Into<String>) -> Self {
        self.exemptions.push((check, reason.into()));
        self
    }

    /// Runs all checks.
    ///
    /// # Panics
    /// If a check fails. The text of the panic is the report.
    pub fn run(self) -> Report {
        let report = self.report();
        assert!(report.is_passed(), "{report}");
        report
    }

    /// As [`run`](Self::run), but also returns a report with failures.
    #[must_use]
    pub fn report(self) -> Report {
        let mut report = Report::new(P::TYPE, self.exemptions);
        let context = BuildContext::new(&self.files, &self.endpoints);
        let build = |plugin: &P, context: &BuildContext<'_>| K::build(plugin, context).map(drop);
        OptionChecks::<P> { options: &self.options, context, build }.make(&mut report);
        let build = || {
            read_options(&self.options, &[])
                .and_then(|plugin: P| K::build(&plugin, &context))
                .map_err(invalid)
        };
        self.kind.check(&build, &mut report);
        report.end()
    }
}

impl<P, K> fmt::Debug for PluginConformance<P, K> {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut shown = formatter.debug_struct("PluginConformance");
        shown.field("options", &self.options).finish_non_exhaustive()
    }
}
