//! Bodies as requests of an administrator.

use super::{
    members::{End, Members},
    refusal::Refusal,
};
use crate::keys::{KeyDigest, KeyRequest, KeyUpdate};

/// The body of `POST /`.
pub(super) fn create(mut body: Members) -> Result<KeyRequest, Refusal> {
    let request = request(&mut body);
    body.finish(request)
}

/// The body of `POST /import`.
pub(super) fn import(mut body: Members) -> Result<(KeyDigest, KeyRequest), Refusal> {
    let digest = body.required_digest("digest");
    let request = request(&mut body);
    body.finish(digest.zip(request))
}

fn request(body: &mut Members) -> Option<KeyRequest> {
    let name = body.required_text("name");
    let mut request = KeyRequest::new(name.as_deref().unwrap_or_default());
    if let Some(owner) = body.owner() {
        request = request.with_owner(owner);
    }
    if let Some(tenant) = body.text("tenant") {
        request = request.with_tenant(tenant);
    }
    if let Some(scopes) = body.scopes() {
        request = request.with_scopes(scopes);
    }
    for (name, value) in body.metadata().unwrap_or_default() {
        request = request.with_metadata(name, value);
    }
    if let Some(limit) = body.limit() {
        request = request.with_limit(limit);
    }
    if let Some(credits) = body.credits() {
        request = request.with_credits(credits);
    }
    request = match body.expiry() {
        Some(End::At(at)) => request.with_expires_at(at),
        Some(End::After(lifetime)) => request.with_lifetime(lifetime),
        None => request,
    };
    name.map(|_| request)
}

/// The body of `PATCH /{key_id}`.
pub(super) fn update(mut body: Members) -> Result<KeyUpdate, Refusal> {
    let mut update = KeyUpdate::new();
    if let Some(name) = body.text("name") {
        update = update.with_name(name);
    }
    if let Some(owner) = body.owner() {
        update = update.with_owner(owner);
    }
    if let Some(tenant) = body.removable_text("tenant") {
        update = update.with_tenant(tenant);
    }
    if let Some(scopes) = body.scopes() {
        update = update.with_scopes(scopes);
    }
    if let Some(metadata) = body.metadata() {
        update = update.with_metadata(metadata);
    }
    if let Some(limit) = body.removable_limit() {
        update = update.with_limit(limit);
    }
    if let Some(credits) = body.credits() {
        update = update.with_credits(credits);
    }
    update = match body.removable_expiry() {
        Some(Some(End::At(at))) => update.with_expires_at(Some(at)),
        Some(Some(End::After(lifetime))) => update.with_lifetime(lifetime),
        Some(None) => update.with_expires_at(None),
        None => update,
    };
    body.finish(Some(update))
}
