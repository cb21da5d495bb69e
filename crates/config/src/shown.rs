//! The files of a pipeline with masked secrets, for reports.

use std::fmt;

use taskferry_pipeline::Registry;

use crate::interpolate;
use crate::layers::Layers;
use crate::mask::{mask_assignment, mask_value};
use crate::merge;
use crate::secrets::Secrets;
use crate::stage_names;

/// The files of a pipeline with their secrets masked.
pub struct ShownFiles {
    /// The name and the text of each file, the pipeline file first.
    pub files: Vec<(String, String)>,
    /// The values from the environment and from `--set`.
    pub overrides: Vec<String>,
    secrets: Option<Secrets>,
}

impl fmt::Debug for ShownFiles {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("ShownFiles").field("files", &self.files).finish_non_exhaustive()
    }
}

impl ShownFiles {
    /// Masks the pipeline's secrets in another text, in all encodings.
    pub fn masked(&self, text: &str) -> String {
        match &self.secrets {
            Some(secrets) => secrets.redact(text),
            None => text.to_owned(),
        }
    }
}

/// Masks the secrets in the files of a pipeline, which need not be correct. If a file can't be read or is not valid TOML, no file
/// is shown, because it is not known which values are secrets.
pub fn shown_files(layers: &Layers, registry: &Registry) -> ShownFiles {
    let Ok(documents) = layers.parse(registry) else {
        let omitted = "(not shown: a file of the pipeline can't be read, or is not valid TOML)";
        let files = layers.files.iter().map(|file| (file.name.clone(), omitted.to_owned()));
        return ShownFiles { files: files.collect(), overrides: Vec::new(), secrets: None };
    };
    let layers = &stage_names::to_positions(layers, &documents);
    let (mut tree, _) = merge::merge(layers, &documents);
    let mut secrets = Secrets::find(&tree, registry);
    // Unset variables are ignored: their values can't leak.
    _ = interpolate::interpolate(&mut tree, layers, &layers.files());
    secrets.extend(Secrets::find(&tree, registry));
    let shown = documents.iter().zip(&layers.files).map(|(document, file)| {
        let starts = std::iter::once(0).chain(file.text.match_indices('\n').map(|(at, _)| at + 1));
        let text = document.shown(&secrets, &starts.collect::<Vec<_>>());
        (file.name.clone(), text.into_shown())
    });
    let overrides = layers.overrides.iter().map(|given| {
        let text = if secrets.covers(&given.path) {
            mask_value(&given.text, given.value_at)
        } else {
            secrets.mask(&mask_assignment(&given.text, given.value_at))
        };
        format!("{}: {text}", given.name)
    });
    let (files, overrides) = (shown.collect(), overrides.collect());
    ShownFiles { files, overrides, secrets: Some(secrets) }
}
