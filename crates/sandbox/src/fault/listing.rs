//! Requests for pages, with what is wrong about the pages.

use std::sync::Mutex;

use axum::body::{Body, Bytes, to_bytes};
use axum::extract::Request;
use axum::http::{StatusCode, header};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use futures_util::{StreamExt, stream};
use serde_json::{Map, Value};
use tokio::time::timeout;

use super::kind::Kind;
use super::memory::{Export, Meant, Memory, lock};
use super::page;
use crate::http::{ApiError, BODY_PATIENCE, LARGEST_BODY};

/// The cursor of a request is something that a fault has deleted.
#[derive(Debug, Clone, Copy)]
pub(crate) struct DeletedCursor;

/// A request for a page, by someone who may ask for it.
pub(super) struct PageRequest<'a> {
    pub(super) memory: &'a Mutex<Memory>,
    pub(super) kinds: &'a [Kind],
    pub(super) token: String,
    pub(super) export: Export,
}

/// What a request goes on from, once it is clear what its cursor leads to.
#[derive(Default)]
struct Start {
    /// None: it begins.
    cursor: Option<String>,
    /// The cursor is something that a fault has deleted.
    is_deleted: bool,
    /// Where a cursor that leads back leads to.
    second_page: Option<String>,
}

impl PageRequest<'_> {
    /// Serves the page.
    pub(super) async fn serve(self, request: Request, next: Next) -> Response {
        let (parts, body) = request.into_parts();
        let body = match peek(body).await {
            Ok(body) => body,
            Err(Unread::Left(body)) => return next.run(Request::from_parts(parts, body)).await,
            Err(Unread::TooSlow(refusal)) => return refusal.into_response(),
        };
        let sent = cursor_of(&body);
        let start = sent.as_deref().map(|sent| self.start(sent)).unwrap_or_default();
        let body = if start.cursor == sent { body } else { with_cursor(&body, &start) };
        let mut request = Request::from_parts(parts, Body::from(body));
        if start.is_deleted {
            request.extensions_mut().insert(DeletedCursor);
        }
        let response = next.run(request).await;
        if response.status() != StatusCode::OK {
            return response;
        }
        if self.kinds.contains(&Kind::StuckPage) {
            return stuck(response, sent);
        }
        // A deleted cursor that brought a page brought the first one.
        let cursor = start.cursor.filter(|_| !start.is_deleted);
        lock(self.memory).note(&self.token, self.export.path, cursor.clone());
        let back = start.second_page.filter(|_| self.kinds.contains(&Kind::LoopingCursor));
        self.change(response, cursor, back).await
    }

    /// What the cursor that was sent leads to.
    fn start(&self, sent: &str) -> Start {
        let mut memory = lock(self.memory);
        let listing = memory.listing(&self.token, self.export.path);
        let mut start = Start {
            is_deleted: memory.is_deleted(&self.export, sent),
            cursor: match memory.meant_by(&self.export, sent) {
                Meant::Itself => Some(sent.to_owned()),
                Meant::Start => None,
                Meant::After(id) => Some(id),
            },
            second_page: None,
        };
        if let (true, Some(listing)) = (self.kinds.contains(&Kind::RepeatedPage), &listing) {
            start.cursor.clone_from(&listing.last_cursor);
            start.is_deleted = false;
        }
        if let (true, Some(id)) = (self.kinds.contains(&Kind::DeletedCursor), &start.cursor) {
            memory.delete(&self.export, id);
            // Not even a cursor that stands for it leads on.
            memory.delete(&self.export, sent);
            start.is_deleted = true;
        }
        if start.cursor.is_some() {
            let known = listing.and_then(|listing| listing.second_page);
            // Nothing is known of the second page while it is served for the first time.
            start.second_page = known.or_else(|| Some(sent.to_owned()));
        }
        start
    }

    async fn change(
        &self,
        response: Response,
        cursor: Option<String>,
        back: Option<String>,
    ) -> Response {
        let asked = |kind: &Kind| self.kinds.contains(kind);
        let changes = [Kind::EmptyPage, Kind::ExtraFields, Kind::UnknownLevels];
        let is_changed = changes.iter().any(asked) || back.is_some();
        if !is_changed && !lock(self.memory).any_deleted(&self.export) {
            return response;
        }
        let (mut parts, body) = response.into_parts();
        let Ok(bytes) = to_bytes(body, usize::MAX).await else {
            return Response::from_parts(parts, Body::empty());
        };
        let Ok(mut page) = serde_json::from_slice::<Map<String, Value>>(&bytes) else {
            return Response::from_parts(parts, Body::from(bytes));
        };
        {
            let mut memory = lock(self.memory);
            page::without_deleted(&mut page, &self.export, &mut memory);
            if asked(&Kind::EmptyPage) {
                page::empty(&mut page, Some(memory.stand_in_for(&self.export, cursor)));
            }
        }
        if let Some(back) = back {
            page::lead_back(&mut page, back);
        }
        if asked(&Kind::UnknownLevels) {
            page::replace_levels(&mut page);
        }
        if asked(&Kind::ExtraFields) {
            page::add_fields(&mut page);
        }
        parts.headers.remove(header::CONTENT_LENGTH);
        Response::from_parts(parts, Body::from(Value::Object(page).to_string()))
    }
}

/// A page that leads nowhere, in the place of another.
fn stuck(response: Response, sent: Option<String>) -> Response {
    let (mut parts, _) = response.into_parts();
    parts.headers.remove(header::CONTENT_LENGTH);
    let mut page = Map::new();
    page::empty(&mut page, sent);
    Response::from_parts(parts, Body::from(Value::Object(page).to_string()))
}

/// Why there is no whole body.
enum Unread {
    /// It is larger than the endpoints take, or breaks off: a body that is as it was.
    Left(Body),
    TooSlow(ApiError),
}

/// The whole body, if it comes in time.
async fn peek(body: Body) -> Result<Bytes, Unread> {
    match timeout(BODY_PATIENCE, whole(body)).await {
        Ok(read) => read.map_err(Unread::Left),
        Err(_) => Err(Unread::TooSlow(ApiError::too_slow())),
    }
}

async fn whole(body: Body) -> Result<Bytes, Body> {
    let mut chunks = body.into_data_stream();
    let mut read = Vec::new();
    while let Some(chunk) = chunks.next().await {
        match chunk {
            Ok(chunk) => read.extend_from_slice(&chunk),
            Err(error) => {
                let before = stream::iter([Ok(Bytes::from(read)), Err(error)]);
                return Err(Body::from_stream(before));
            }
        }
        if read.len() > LARGEST_BODY {
            let before = stream::iter([Ok(Bytes::from(read))]);
            return Err(Body::from_stream(before.chain(chunks)));
        }
    }
    Ok(read.into())
}

const CURSOR: &str = "starting_after";

fn cursor_of(body: &[u8]) -> Option<String> {
    let body: Map<String, Value> = serde_json::from_slice(body).ok()?;
    body.get(CURSOR)?.as_str().map(str::to_owned)
}

fn with_cursor(body: &Bytes, start: &Start) -> Bytes {
    let Ok(mut changed) = serde_json::from_slice::<Map<String, Value>>(body) else {
        return body.clone();
    };
    match &start.cursor {
        Some(cursor) => {
            changed.insert(CURSOR.to_owned(), cursor.as_str().into());
        }
        None => {
            changed.shift_remove(CURSOR);
        }
    }
    Value::Object(changed).to_string().into()
}
