//! Whether a body is sent as it is.

use http::{HeaderMap, header};

/// Whether a body has no coding: nothing that nobody proved or judged is inflated.
pub(crate) fn is_uncompressed(headers: &HeaderMap) -> bool {
    headers
        .get_all(header::CONTENT_ENCODING)
        .iter()
        .all(|value| {
            let mut codings = value.as_bytes().split(|&byte| byte == b',');
            codings.all(|coding| {
                let coding = coding.trim_ascii();
                coding.is_empty() || coding.eq_ignore_ascii_case(b"identity")
            })
        })
}
