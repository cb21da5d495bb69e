//! Compression of bodies.

use std::io::{self, Write};

use bytes::Bytes;
use flate2::write::GzEncoder;
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

// The sink `file` has a type of its own with Zstandard, which few receivers decode.
/// How bodies are compressed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Compression {
    /// No compression.
    #[default]
    None,
    /// Gzip, with the header `content-encoding`.
    Gzip,
}

impl Compression {
    pub(crate) fn content_encoding(self) -> Option<&'static str> {
        match self {
            Self::None => None,
            Self::Gzip => Some("gzip"),
        }
    }

    pub(crate) fn compress(self, body: &Bytes) -> io::Result<Bytes> {
        match self {
            Self::None => Ok(body.clone()),
            Self::Gzip => {
                let mut encoder = GzEncoder::new(Vec::new(), flate2::Compression::default());
                encoder.write_all(body)?;
                Ok(encoder.finish()?.into())
            }
        }
    }
}
