//! The bodies of requests.

use std::{future::poll_fn, pin::pin, time::Duration};

use axum::{
    body::{Body, HttpBody},
    extract::{FromRequest, Request},
};
use bytes::{Buf, BufMut};
use http::{HeaderMap, header};
use serde_json::Value;
use tokio::time::timeout;

use super::{members::Members, refusal::Refusal, strict::Strict};
use crate::keys::ManagedKeys;

impl FromRequest<ManagedKeys> for Members {
    type Rejection = Refusal;

    /// A JSON object of at most 64 KiB, within ten seconds.
    async fn from_request(request: Request, _: &ManagedKeys) -> Result<Self, Refusal> {
        if !is_json(request.headers()) {
            return Err(Refusal::wrong_content_type());
        }
        let bytes = timeout(PATIENCE, read(request.into_body()))
            .await
            .map_err(|_| Refusal::too_slow())??;
        // What serde says may repeat a value, and that may be a key.
        match serde_json::from_slice(&bytes) {
            Ok(Strict(Value::Object(object))) => Ok(Self::of(object)),
            Ok(Strict(_)) | Err(_) => Err(Refusal::malformed(
                "the body is no JSON object, or has a member twice",
            )),
        }
    }
}

/// A form of a web page can send neither this content type nor no content type at all.
fn is_json(headers: &HeaderMap) -> bool {
    let mut types = headers.get_all(header::CONTENT_TYPE).iter();
    let (Some(content_type), None) = (types.next(), types.next()) else {
        return false;
    };
    let essence = content_type
        .to_str()
        .ok()
        .and_then(|text| text.split(';').next());
    let is_json = essence.is_some_and(|text| text.trim().eq_ignore_ascii_case("application/json"));
    is_json && !headers.contains_key(header::CONTENT_ENCODING)
}

async fn read(body: Body) -> Result<Vec<u8>, Refusal> {
    if body.size_hint().lower() > LONGEST as u64 {
        return Err(Refusal::too_large());
    }
    let mut body = pin!(body);
    let mut bytes = Vec::new();
    while let Some(frame) = poll_fn(|cx| body.as_mut().poll_frame(cx)).await {
        let frame = frame.map_err(|_| Refusal::malformed("the body broke off"))?;
        // Trailers say nothing here.
        let Ok(data) = frame.into_data() else {
            continue;
        };
        if data.remaining() > LONGEST.saturating_sub(bytes.len()) {
            return Err(Refusal::too_large());
        }
        bytes.put(data);
    }
    Ok(bytes)
}

const LONGEST: usize = 64 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
