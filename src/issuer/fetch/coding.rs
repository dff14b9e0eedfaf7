//! Answers that come compressed without a request for it: RFC 9110 §12.5.3 lets a server choose.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use http::{HeaderMap, header};

use super::error::FetchError;

/// The body without its content coding and without a byte-order mark (RFC 8259 §8.1). Only gzip is
/// supported.
///
/// Inflating stops where the result would be longer than `max_len` bytes, so that a small body cannot
/// take more memory than that.
pub(super) fn decode(
    headers: &HeaderMap,
    mut body: Vec<u8>,
    max_len: usize,
) -> Result<Vec<u8>, FetchError> {
    if is_gzipped(headers)? {
        body = inflate(&body, max_len)?;
    }
    if body.starts_with(BYTE_ORDER_MARK) {
        body.drain(..BYTE_ORDER_MARK.len());
    }
    Ok(body)
}

/// Whether the body is gzipped. Several codings, and any other, are an error.
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

fn inflate(body: &[u8], max_len: usize) -> Result<Vec<u8>, FetchError> {
    let one_more = u64::try_from(max_len).unwrap_or(u64::MAX).saturating_add(1);
    let mut inflated = Vec::new();
    let read = MultiGzDecoder::new(body)
        .take(one_more)
        .read_to_end(&mut inflated);
    if inflated.len() > max_len {
        return Err(FetchError::TooLong);
    }
    read.map_err(|_| FetchError::Malformed("it is no whole gzip stream"))?;
    Ok(inflated)
}

const UNKNOWN: FetchError = FetchError::Malformed("its content coding is not gzip");
const BYTE_ORDER_MARK: &[u8] = "\u{feff}".as_bytes();
