//! Audit records.

use axum::response::Response;

use super::{
    administrator::{Administrator, Read, ReadAll},
    answer,
    query::AuditPosition,
    refusal::Refusal,
    request_headers::Target,
    view::{AuditPage, AuditView},
};
use crate::keys::KeyId;

pub(super) async fn of_all(
    by: Administrator<ReadAll>,
    position: AuditPosition,
) -> Result<Response, Refusal> {
    records(&by, None, position).await
}

pub(super) async fn of_key(
    by: Administrator<Read>,
    target: Target,
    position: AuditPosition,
) -> Result<Response, Refusal> {
    records(&by, Some(&target.id), position).await
}

async fn records<N>(
    by: &Administrator<N>,
    key: Option<&KeyId>,
    AuditPosition { before, limit }: AuditPosition,
) -> Result<Response, Refusal> {
    let page = by.logged(by.admin.audit(key, before, limit).await)?;
    let last = page.items.last().filter(|_| page.has_more);
    let next = last.map(|record| record.revision());
    let body = AuditPage {
        audit: page.items.iter().map(AuditView::of).collect(),
        next,
    };
    let query = next.map(|before| format!("before={}&limit={limit}", before.as_u64()));
    Ok(answer::page(&body, query))
}
