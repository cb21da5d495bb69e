//! Content encodings of responses.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};

/// The encodings that requests accept.
pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, zstd");

/// The encoding of a body by `Content-Encoding` (RFC 9110, section 8.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// No encoding.
    Identity,
    /// gzip, one member or several.
    Gzip,
    /// Zstandard, one frame or several.
    Zstd,
    /// An encoding that requests do not accept, or several encodings.
    Unknown(String),
}

/// The reason why a body can't be decoded.
#[derive(Debug)]
pub(crate) enum DecodeError {
    /// The decoded body exceeds the limit.
    TooLarge,
    /// The body does not have the encoding that its header names.
    Malformed(io::Error),
}

impl Encoding {
    /// Reads the headers of a response. Names are case-insensitive, and `x-gzip` is `gzip`.
    pub(crate) fn from_headers(headers: &HeaderMap) -> Self {
        let values = headers.get_all(CONTENT_ENCODING).iter();
        let text = values.map(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase());
        let text = text.collect::<Vec<_>>().join(",");
        let names = text.split(',').map(str::trim);
        let names: Vec<&str> = names.filter(|name| !matches!(*name, "" | "identity")).collect();
        match names[..] {
            [] => Self::Identity,
            ["gzip" | "x-gzip"] => Self::Gzip,
            ["zstd"] => Self::Zstd,
            _ => Self::Unknown(names.join(", ")),
        }
    }

    /// Decodes a body of at most `max_bytes` decoded bytes. An empty body is never encoded, whatever its header says.
    pub(crate) fn decode(&self, body: Bytes, max_bytes: u64) -> Result<Bytes, DecodeError> {
        let mut decoded = Vec::new();
        self.decode_into(&mut decoded, &body, max_bytes.saturating_add(1))
            .map_err(DecodeError::Malformed)?;
        match self {
            Self::Identity => Ok(body),
            _ if decoded.len() as u64 > max_bytes => Err(DecodeError::TooLarge),
            _ => {
                // A record that shares these bytes keeps all of them in memory.
                decoded.shrink_to_fit();
                Ok(Bytes::from(decoded))
            }
        }
    }

    /// Decodes as much as possible of the beginning of a body, up to `max_bytes`.
    pub(crate) fn decode_beginning(&self, body: Bytes, max_bytes: u64) -> Bytes {
        if *self == Self::Identity {
            return body;
        }
        let mut decoded = Vec::new();
        // The body is cut, so an error at its end is expected.
        _ = self.decode_into(&mut decoded, &body, max_bytes);
        Bytes::from(decoded)
    }

    fn decode_into(&self, decoded: &mut Vec<u8>, body: &[u8], max_bytes: u64) -> io::Result<()> {
        if body.is_empty() {
            return Ok(());
        }
        match self {
            Self::Gzip => MultiGzDecoder::new(body).take(max_bytes).read_to_end(decoded),
            Self::Zstd => zstd::Decoder::with_buffer(body)?.take(max_bytes).read_to_end(decoded),
            Self::Identity | Self::Unknown(_) => Ok(0),
        }
        .map(drop)
    }
}
