//! Answers that come compressed, though nobody asked for it: RFC 9110 §12.5.3 lets a server choose.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use http::{HeaderMap, header};

use super::FetchError;

/// The body without its content coding, of which gzip is understood, and without a byte-order mark
/// (RFC 8259 §8.1).
///
/// Inflating ends where the result would be longer than `longest`: what a stranger sends costs no
/// more than that, however small it came.
pub(super) fn decode(
    headers: &HeaderMap,
    mut body: Vec<u8>,
    longest: usize,
) -> Result<Vec<u8>, FetchError> {
    if is_gzipped(headers)? {
        body = inflate(&body, longest)?;
    }
    if body.starts_with(MARK) {
        body.drain(..MARK.len());
    }
    Ok(body)
}

/// Whether the one coding is gzip; several, or another, are refused.
fn is_gzipped(headers: &HeaderMap) -> Result<bool, FetchError> {
    let mut codings = headers.get_all(header::CONTENT_ENCODING).iter();
    let (coding, others) = (codings.next(), codings.next());
    match coding.map(|coding| coding.as_bytes()) {
        _ if others.is_some() => Err(UNKNOWN),
        None | Some(b"") => Ok(false),
        Some(name) if name.eq_ignore_ascii_case(b"identity") => Ok(false),
        // RFC 9110 §8.4.1.3: both names mean the same.
        Some(name) if name.eq_ignore_ascii_case(b"gzip") => Ok(true),
        Some(name) if name.eq_ignore_ascii_case(b"x-gzip") => Ok(true),
        Some(_) => Err(UNKNOWN),
    }
}

fn inflate(body: &[u8], longest: usize) -> Result<Vec<u8>, FetchError> {
    let one_more = u64::try_from(longest).unwrap_or(u64::MAX).saturating_add(1);
    let mut inflated = Vec::new();
    let read = MultiGzDecoder::new(body)
        .take(one_more)
        .read_to_end(&mut inflated);
    if inflated.len() > longest {
        return Err(FetchError::TooLong);
    }
    read.map_err(|_| FetchError::Malformed("it is no whole gzip stream"))?;
    Ok(inflated)
}

const UNKNOWN: FetchError = FetchError::Malformed("its content coding is not gzip");
const MARK: &[u8] = "\u{feff}".as_bytes();
