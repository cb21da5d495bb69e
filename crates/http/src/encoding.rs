//! How the body of an answer is encoded.

use std::io::{self, Read};

use bytes::Bytes;
use flate2::read::MultiGzDecoder;
use reqwest::header::{CONTENT_ENCODING, HeaderMap, HeaderValue};

/// The encodings that requests ask for.
pub(crate) const ACCEPTED: HeaderValue = HeaderValue::from_static("gzip, zstd");

/// How the body of an answer is encoded, by `Content-Encoding` (RFC 9110, section 8.4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// As it is.
    Plain,
    /// gzip, in one member or several.
    Gzip,
    /// Zstandard, in one frame or several.
    Zstd,
    /// An encoding that was not asked for, or several on top of each other.
    Unknown(String),
}

/// Why a body can't be decoded.
#[derive(Debug)]
pub(crate) enum Undecodable {
    /// There is more than there may be.
    TooLarge,
    /// It is not what it is said to be.
    Broken(io::Error),
}

impl Encoding {
    /// What the headers of an answer say. Names are compared without regard to case, and `x-gzip` is `gzip`.
    pub(crate) fn of(headers: &HeaderMap) -> Self {
        let values = headers.get_all(CONTENT_ENCODING).iter();
        let text = values.map(|value| String::from_utf8_lossy(value.as_bytes()).to_lowercase());
        let text = text.collect::<Vec<_>>().join(",");
        let names = text.split(',').map(str::trim);
        let names: Vec<&str> = names.filter(|name| !matches!(*name, "" | "identity")).collect();
        match names[..] {
            [] => Self::Plain,
            ["gzip" | "x-gzip"] => Self::Gzip,
            ["zstd"] => Self::Zstd,
            _ => Self::Unknown(names.join(", ")),
        }
    }

    /// The body as it was before it was encoded, up to `max_bytes`. A body without a byte is not encoded, whatever is said
    /// of it.
    pub(crate) fn decode(&self, body: Bytes, max_bytes: u64) -> Result<Bytes, Undecodable> {
        let mut decoded = Vec::new();
        self.decode_into(&mut decoded, &body, max_bytes.saturating_add(1))
            .map_err(Undecodable::Broken)?;
        match self {
            Self::Plain => Ok(body),
            _ if decoded.len() as u64 > max_bytes => Err(Undecodable::TooLarge),
            _ => {
                // Whoever keeps a part of these bytes keeps all of them.
                decoded.shrink_to_fit();
                Ok(Bytes::from(decoded))
            }
        }
    }

    /// As much of a beginning as can be decoded, up to `most` bytes.
    pub(crate) fn decode_beginning(&self, body: Bytes, most: u64) -> Bytes {
        if *self == Self::Plain {
            return body;
        }
        let mut decoded = Vec::new();
        // It ends somewhere in the middle: what came before that is wanted.
        _ = self.decode_into(&mut decoded, &body, most);
        Bytes::from(decoded)
    }

    fn decode_into(&self, decoded: &mut Vec<u8>, body: &[u8], most: u64) -> io::Result<()> {
        if body.is_empty() {
            return Ok(());
        }
        match self {
            Self::Gzip => MultiGzDecoder::new(body).take(most).read_to_end(decoded),
            Self::Zstd => zstd::Decoder::with_buffer(body)?.take(most).read_to_end(decoded),
            Self::Plain | Self::Unknown(_) => Ok(0),
        }
        .map(drop)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn of(values: &[&'static str]) -> Encoding {
        let values = values.iter().map(|value| HeaderValue::from_static(value));
        let mut headers = HeaderMap::new();
        values.for_each(|value| _ = headers.append(CONTENT_ENCODING, value));
        Encoding::of(&headers)
    }

    #[test]
    fn encoding_names_are_case_insensitive() {
        for gzip in ["gzip", "GZIP", "x-gzip", "X-GZip", " gzip ", "identity, gzip"] {
            assert_eq!(of(&[gzip]), Encoding::Gzip, "{gzip}");
        }
        assert_eq!(of(&["Zstd"]), Encoding::Zstd);
        assert_eq!([of(&[]), of(&[""]), of(&["identity"])], [(); 3].map(|()| Encoding::Plain));
        assert_eq!(of(&["br"]), Encoding::Unknown("br".to_owned()));
        assert_eq!(of(&["gzip", "Deflate"]), Encoding::Unknown("gzip, deflate".to_owned()));
    }

    proptest! {
        #[test]
        fn any_bytes_are_decoded_within_the_limit_or_refused(
            body in prop::collection::vec(any::<u8>(), 0..100),
        ) {
            for encoding in [Encoding::Gzip, Encoding::Zstd] {
                if let Ok(decoded) = encoding.decode(Bytes::from(body.clone()), 50) {
                    prop_assert!(decoded.len() <= 50);
                }
                encoding.decode_beginning(Bytes::from(body.clone()), 50);
            }
        }
    }
}
