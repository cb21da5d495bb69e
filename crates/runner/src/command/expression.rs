//! jq expressions about records, in options and tests.

use serde_json::json;
use taskferry_pipeline::Registry;
use taskferry_sdk::{AnyTransform, BuildContext, NoFiles, Output, Record, RunContext, Transform};

/// A compiled expression.
#[derive(Debug)]
pub(crate) struct Expression(Box<dyn Transform>);

impl Expression {
    /// Compiles the expression of the option `name`. The expression gets its time from `run`.
    ///
    /// # Errors
    /// The message, with all errors in the expression.
    pub(crate) fn new(
        name: &str,
        expression: &str,
        registry: &Registry,
        run: &RunContext,
    ) -> Result<Self, String> {
        let options = json!({ "filter": expression });
        let context = BuildContext::new(&NoFiles, registry.endpoints());
        let built = registry.build_transform("jq", &options, &context);
        match built.map(|built| built.map(|built| built.stage.transform)) {
            Some(Ok(AnyTransform::Stateless(mut transform))) => {
                transform.open(run).map_err(|error| error.full_message())?;
                Ok(Self(transform))
            }
            Some(Err(problems)) => {
                let texts: Vec<String> = problems.into_iter().map(|it| it.message).collect();
                Err(format!("`{name}` is not a jq expression: {}", texts.join("; ")))
            }
            _ => Err(format!("`{name}` needs the transform `jq`, which this binary does not have")),
        }
    }

    /// The results for a record.
    ///
    /// # Errors
    /// The reason why the expression fails.
    pub(crate) fn results(&self, record: &Record) -> Result<Vec<Record>, String> {
        let mut out = Output::new();
        let applied = self.0.apply(record.clone(), &mut out);
        applied.map(|()| out.records().to_vec()).map_err(|error| error.full_message())
    }
}
