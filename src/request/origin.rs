//! Whether a request that a browser sent comes from the site's own pages.

use http::{HeaderMap, Method, header};

use super::Head;
use crate::AuthError;

/// Refuses a cookie that another site made the browser send: cross-site request forgery, and
/// hijacked WebSockets, whose handshake is a GET.
pub(super) fn check(head: Head<'_>) -> Result<(), AuthError> {
    let safe = matches!(*head.method, Method::GET | Method::HEAD | Method::OPTIONS);
    let upgrade = head.headers.contains_key(header::UPGRADE);
    if (safe && !upgrade) || is_same_origin(head) {
        return Ok(());
    }
    Err(AuthError::forbidden("cookie_from_another_origin")
        .with_code("cross_origin")
        .with_message("a cookie counts here only with a same-origin request"))
}

/// `Sec-Fetch-Site` and `Origin` must both agree where both are sent, and one must be.
fn is_same_origin(head: Head<'_>) -> bool {
    let site = values(head.headers, "sec-fetch-site").map(|site| site == b"same-origin");
    let origin = values(head.headers, "origin").map(|origin| is_own(head, origin));
    let (mut seen, mut same) = (false, true);
    for verdict in site.chain(origin) {
        seen = true;
        same &= verdict;
    }
    seen && same
}

fn is_own(head: Head<'_>, origin: &[u8]) -> bool {
    let Some(origin) = std::str::from_utf8(origin).ok() else {
        return false;
    };
    let Some((_, shown)) = origin.split_once("://") else {
        return false; // `null`, the origin of sandboxed frames
    };
    let authority = head.uri.authority().map(|authority| authority.as_str());
    let mut hosts = values(head.headers, "host")
        .map(std::str::from_utf8)
        .map(Result::unwrap_or_default)
        .chain(authority)
        .peekable();
    hosts.peek().is_some() && hosts.all(|host| host.eq_ignore_ascii_case(shown))
}

fn values<'a>(headers: &'a HeaderMap, name: &'static str) -> impl Iterator<Item = &'a [u8]> {
    headers.get_all(name).iter().map(|value| value.as_bytes())
}
