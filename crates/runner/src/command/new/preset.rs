//! The pipelines to start from. Their files are templates in which `NAME` stands for the name of the pipeline.

use clap::ValueEnum;

const PLACEHOLDER: &str = "NAME";

/// A pipeline to start from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Preset {
    /// Tasks that AI can take over, one row per task, with the skill names of your HR system
    #[value(name = "h1-h2-rows")]
    H1H2Rows,
    /// All jobs with all fields, unchanged
    Full,
    /// All tasks as a CSV table for Excel
    Excel,
    /// Tasks that AI can take over, posted to a webhook
    Webhook,
}

/// The variables of every preset.
const TECHWOLF: &str = include_str!("techwolf.env");

impl Preset {
    /// The names and texts of all files for a pipeline of this name.
    pub(super) fn files(self, name: &str) -> Vec<(String, String)> {
        let (pipeline, test, others): (_, _, &[(&str, &str)]) = match self {
            Self::H1H2Rows => (
                include_str!("h1-h2-rows/pipeline.toml"),
                include_str!("h1-h2-rows/test.toml"),
                &[("skills.csv", include_str!("h1-h2-rows/skills.csv"))],
            ),
            Self::Full => (include_str!("full/pipeline.toml"), include_str!("full/test.toml"), &[]),
            Self::Excel => {
                (include_str!("excel/pipeline.toml"), include_str!("excel/test.toml"), &[])
            }
            Self::Webhook => {
                (include_str!("webhook/pipeline.toml"), include_str!("webhook/test.toml"), &[])
            }
        };
        let variables = match self {
            Self::Webhook => concat!(include_str!("techwolf.env"), include_str!("webhook.env")),
            Self::H1H2Rows | Self::Full | Self::Excel => TECHWOLF,
        };
        let fill = |text: &str| text.replace(PLACEHOLDER, name);
        let mut files = vec![
            (format!("{name}.toml"), fill(pipeline)),
            (format!("{name}.test.toml"), fill(test)),
            (".env.example".to_owned(), fill(variables)),
        ];
        files.extend(others.iter().map(|(file, text)| ((*file).to_owned(), (*text).to_owned())));
        files
    }
}
