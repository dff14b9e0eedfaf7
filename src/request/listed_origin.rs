//! Whether the page that sent a request may, by a list of origins alone.

use http::{HeaderMap, header};

use super::origin::{Origin, OriginParts, is_loopback};

impl Origin {
    /// Whether a request shows no origin, or one of these and no other. `null`, the origin of sandboxed frames,
    /// is never one of them.
    pub(crate) fn is_absent_or_among(listed: &[Self], headers: &HeaderMap) -> bool {
        headers.get_all(header::ORIGIN).iter().all(|shown| {
            std::str::from_utf8(shown.as_bytes())
                .ok()
                .and_then(OriginParts::parse)
                .is_some_and(|shown| listed.iter().any(|listed| listed.is(&shown)))
        })
    }

    /// Whether nobody between can read or change what is sent there: over TLS, or within one machine.
    pub(crate) fn is_secure(&self) -> bool {
        OriginParts::parse(&self.0).is_some_and(|own| match own.scheme {
            "https" => true,
            "http" => is_loopback(own.host),
            _ => false,
        })
    }
}
