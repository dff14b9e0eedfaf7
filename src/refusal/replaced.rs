//! Closures that replace refusals, and the head of a request as they see it.

use std::sync::Arc;

use bytes::Bytes;
use http::{Request, Response, header};

use crate::{error::AuthError, request::AuthRequest};

/// A closure that makes the response for a refusal, given the request's head and the response that
/// would be sent.
pub(crate) type OnRefusal =
    Arc<dyn Fn(&AuthError, &AuthRequest<'_>, Response<Bytes>) -> Response<Bytes> + Send + Sync>;

/// The head of a request as such a closure sees it.
pub(crate) type RefusedHead = Box<Request<()>>;

/// A copy of a request's head, without `Authorization`: what stands there may be a key, whether a
/// provider reads it or not. Nothing for what is no HTTP request.
pub(crate) fn copy_head(request: &AuthRequest<'_>) -> Option<RefusedHead> {
    let head = request.head()?;
    let mut copy = Request::new(());
    copy.method_mut().clone_from(head.method);
    copy.uri_mut().clone_from(head.uri);
    copy.headers_mut().clone_from(head.headers);
    copy.headers_mut().remove(header::AUTHORIZATION);
    copy.extensions_mut().clone_from(head.extensions);
    Some(Box::new(copy))
}
