//! Managed keys over HTTP, for administrators (features `axum` and `keys`).
//!
//! [`KeyApi`] makes a router to nest behind an [`AuthLayer`](crate::AuthLayer), and an OpenAPI document
//! of it.
//!
//! | request | does | scope |
//! |---|---|---|
//! | `GET /` | lists keys | `keys:read` |
//! | `POST /` | makes a key, and shows it once | `keys:write` |
//! | `POST /import` | makes a key of a digest | `keys:write keys:admin` |
//! | `GET /{key_id}` | shows a key's record | `keys:read` |
//! | `PATCH /{key_id}` | changes a key | `keys:write` |
//! | `DELETE /{key_id}` | deletes a key | `keys:write` |
//! | `POST /{key_id}/rotate` | gives a key a successor | `keys:write` |
//! | `POST /{key_id}/revoke` | revokes a key | `keys:write` |
//! | `POST /{key_id}/unrevoke` | makes a revoked key valid again | `keys:write` |
//! | `GET /{key_id}/audit` | the changes of a key | `keys:read` |
//! | `GET /audit` | the changes of all keys | `keys:read keys:admin` |
//! | `POST /revocations` | revokes tokens, [where that is on](KeyApi::with_revocations) | `keys:write` |
//!
//! The caller gives nobody more than they have: see [`KeyAdmin`](crate::keys::KeyAdmin). A key that
//! they may not see is answered as a key that does not exist, byte for byte.
//!
//! # Requests
//!
//! - `POST` and `PATCH` take a JSON object of at most 64 KiB, `{}` at least, with
//!   `Content-Type: application/json`. A member that the request does not have is refused, and so is
//!   `null`, but in a `PATCH` where it removes something (`tenant`, `limit`, `expires_at`).
//! - A time is a text of RFC 3339 (`2027-01-31T00:00:00Z`; a fraction of a second is cut off), a
//!   duration a number with `s`, `m`, `h` or `d` (`90d`). Credits go up to 2⁵³ − 1, so that every
//!   client reads them exactly.
//! - `Idempotency-Key` with `POST /` and `POST /import`: a repeated request answers 200 with the record
//!   and without the key, as long as the key exists (an import 201 again). It belongs to the caller who
//!   sent it. Where it is repeated with another body, the answer is still the first key.
//! - `ETag` is the last change of a key. With `If-Match` a request changes that state or nothing (412).
//! - A list has up to 100 items (`?limit=`, up to 1,000), and names its next page in `next` and `Link`.
//!
//! # Security
//!
//! Put the router behind an [`AuthLayer`](crate::AuthLayer): without one every request is a 401. An
//! anonymous caller (of [`AuthLayer::disabled`](crate::AuthLayer::disabled)) is a 403, because the keys
//! made then would outlive the day on which the layer is put back.
//!
//! Another web page cannot use a cookie of the caller's here: no form sends `application/json`, and
//! `DELETE` needs a preflight. That holds while no `CorsLayer` allows credentials from other origins.
//!
//! Every answer says `Cache-Control: no-store`. No answer, log or document holds a key but the one
//! answer that shows it.

mod administrator;
mod answer;
mod api;
mod audit;
mod body;
mod document;
mod duration;
mod ends;
mod keys;
mod members;
mod query;
mod refusal;
mod request_headers;
mod requests;
mod revocations;
mod strict;
mod view;

pub use self::api::KeyApi;
