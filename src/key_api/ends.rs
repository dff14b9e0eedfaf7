//! Rotating, revoking and un-revoking keys.

use axum::{extract::OriginalUri, response::Response};

use super::{
    administrator::{Administrator, Write},
    answer,
    members::Members,
    refusal::Refusal,
    request_headers::Target,
    view::KeyView,
};
use crate::keys::KeyUpdate;

pub(super) async fn rotate(
    by: Administrator<Write>,
    target: Target,
    OriginalUri(uri): OriginalUri,
    mut body: Members,
) -> Result<Response, Refusal> {
    let overlap = body.required_duration("overlap");
    let overlap = body.finish(overlap)?;
    let made = target.guard(&by.admin).rotate(&target.id, overlap).await;
    let made = by.logged(made)?;
    // The path is that of the API, the id and the verb.
    let api_path = uri.path().rsplitn(3, '/').last().unwrap_or_default();
    Ok(answer::made(&KeyView::of_made(&made), api_path))
}

pub(super) async fn revoke(
    by: Administrator<Write>,
    target: Target,
    mut body: Members,
) -> Result<Response, Refusal> {
    let reason = body.text("reason").unwrap_or_default();
    let reason = body.finish(Some(reason))?;
    let key = target.guard(&by.admin).revoke(&target.id, &reason).await;
    Ok(answer::key(&KeyView::of(&by.logged(key)?)))
}

pub(super) async fn unrevoke(
    by: Administrator<Write>,
    target: Target,
    body: Members,
) -> Result<Response, Refusal> {
    body.finish(Some(()))?;
    let update = KeyUpdate::new().unrevoked();
    let key = target.guard(&by.admin).update(&target.id, update).await;
    Ok(answer::key(&KeyView::of(&by.logged(key)?)))
}
