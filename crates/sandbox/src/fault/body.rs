//! Bodies that do not come as they should.

use std::io;
use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::{HeaderValue, header};
use axum::response::Response;
use futures_util::stream;

/// In how many pieces a slow body comes.
const PIECES: usize = 20;

/// The first half of the body, then the end of the connection, although the whole was promised.
pub(super) fn cut(response: Response, body: &Bytes) -> Response {
    let half = body.slice(..body.len() / 2);
    let broken = io::Error::other("cut by a fault that was asked for");
    // Yielding in between lets the half reach the client before the connection ends.
    let pieces = stream::unfold((Some(Ok(half)), Some(broken)), |(half, broken)| async move {
        if let Some(half) = half {
            return Some((half, (None, broken)));
        }
        tokio::time::sleep(Duration::from_millis(5)).await;
        broken.map(|broken| (Err(broken), (None, None)))
    });
    promised(response, body.len(), Body::from_stream(pieces))
}

/// The whole body, in pieces with pauses in between.
pub(super) fn slow(response: Response, body: Bytes, within: Duration) -> Response {
    let length = body.len();
    let piece = length.div_ceil(PIECES).max(1);
    let pause = within / u32::try_from(PIECES).unwrap_or(1);
    let pieces = stream::unfold(body, move |mut rest| async move {
        if rest.is_empty() {
            return None;
        }
        tokio::time::sleep(pause).await;
        let next = rest.split_to(piece.min(rest.len()));
        Some((Ok::<_, io::Error>(next), rest))
    });
    promised(response, length, Body::from_stream(pieces))
}

fn promised(mut response: Response, length: usize, body: Body) -> Response {
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(length));
    *response.body_mut() = body;
    response
}
