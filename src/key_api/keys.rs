//! Making, showing, changing and deleting keys.

use axum::{extract::OriginalUri, response::Response};

use super::{
    administrator::{Administrator, Import, Read, Write},
    answer,
    members::Members,
    query::KeyPosition,
    refusal::Refusal,
    request_headers::{IdempotencyKey, Target},
    requests,
    view::{KeyPage, KeyView},
};
use crate::keys::KeyRequest;

pub(super) async fn list(
    by: Administrator<Read>,
    KeyPosition { after, limit }: KeyPosition,
) -> Result<Response, Refusal> {
    let page = by.logged(by.admin.list(after, limit).await)?;
    let last = page.items.last().filter(|_| page.has_more);
    let next = last.map(|key| key.record().id());
    let body = KeyPage {
        keys: page.items.iter().map(KeyView::of).collect(),
        next,
    };
    let query = next.map(|id| format!("after={id}&limit={limit}"));
    Ok(answer::page(&body, query))
}

pub(super) async fn create(
    by: Administrator<Write>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    OriginalUri(uri): OriginalUri,
    body: Members,
) -> Result<Response, Refusal> {
    let request = with_idempotency_key(requests::create(body)?, idempotency_key);
    let made = by.logged(by.admin.create(request).await)?;
    let view = KeyView::of_made(&made);
    Ok(match made.secret() {
        Some(_) => answer::made(&view, uri.path()),
        // An equal request made it before.
        None => answer::key(&view),
    })
}

pub(super) async fn import(
    by: Administrator<Import>,
    IdempotencyKey(idempotency_key): IdempotencyKey,
    OriginalUri(uri): OriginalUri,
    body: Members,
) -> Result<Response, Refusal> {
    let (digest, request) = requests::import(body)?;
    let request = with_idempotency_key(request, idempotency_key);
    let (key, was_made_before) = by.logged(by.admin.imported(digest, request).await)?;
    let view = KeyView::of(&key);
    if was_made_before {
        return Ok(answer::key(&view));
    }
    let path = uri.path();
    let api_path = path.strip_suffix("/import").unwrap_or(path);
    Ok(answer::made(&view, api_path))
}

fn with_idempotency_key(request: KeyRequest, key: Option<String>) -> KeyRequest {
    match key {
        Some(key) => request.with_idempotency_key(key),
        None => request,
    }
}

pub(super) async fn show(by: Administrator<Read>, target: Target) -> Result<Response, Refusal> {
    let key = by.logged(by.admin.get(&target.id).await)?;
    Ok(answer::key(&KeyView::of(&key)))
}

pub(super) async fn update(
    by: Administrator<Write>,
    target: Target,
    body: Members,
) -> Result<Response, Refusal> {
    let update = requests::update(body)?;
    let updated = target.guard(&by.admin).update(&target.id, update).await;
    Ok(answer::key(&KeyView::of(&by.logged(updated)?)))
}

pub(super) async fn delete(by: Administrator<Write>, target: Target) -> Result<Response, Refusal> {
    let deleted = target.guard(&by.admin).delete(&target.id).await;
    by.logged(deleted)?;
    Ok(answer::nothing())
}
