//! The addresses that proxies wrote, the nearest first.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use http::{HeaderMap, HeaderName, HeaderValue, header::FORWARDED};

/// What one proxy wrote about whom it had the request from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Hop {
    Address(IpAddr),
    /// `unknown`, a name that hides the address, or nonsense: nothing behind it is believed.
    Hidden,
}

/// The hops of `X-Forwarded-For`, or a header like it: addresses between commas, in however many
/// headers.
pub(super) fn of_list<'a>(
    headers: &'a HeaderMap,
    name: &HeaderName,
) -> impl Iterator<Item = Hop> + use<'a> {
    let values = headers.get_all(name).iter().rev();
    let entries = values.flat_map(|value| value.as_bytes().rsplit(|byte| *byte == b','));
    entries.map(|entry| address(entry).map_or(Hop::Hidden, Hop::Address))
}

/// The hops of `Forwarded` (RFC 7239 §4): its `for` parameters, in however many headers. A header
/// that is malformed anywhere says nothing: a quote that somebody opened and did not close reaches to
/// its end.
pub(super) fn of_forwarded(headers: &HeaderMap) -> impl Iterator<Item = Hop> {
    let values = headers.get_all(FORWARDED).iter().rev();
    values.flat_map(|value| {
        let mut hops = forwarded(value).unwrap_or_else(|| vec![Hop::Hidden]);
        hops.reverse();
        hops
    })
}

/// The hops of one header, in its order.
fn forwarded(value: &HeaderValue) -> Option<Vec<Hop>> {
    let mut rest = value.as_bytes();
    if rest.len() > LONGEST {
        return None;
    }
    let mut hops = Vec::new();
    let mut of_element = None;
    loop {
        rest = rest.trim_ascii_start();
        let (mut separator, mut after) = (rest.first().copied(), rest.get(1..));
        if !matches!(separator, None | Some(b',' | b';')) {
            let equals = rest.iter().position(|byte| *byte == b'=')?;
            let (name, value) = rest.split_at_checked(equals)?;
            if name.is_empty() || !name.iter().all(|byte| is_token(*byte)) {
                return None;
            }
            let (text, behind) = parameter(value.get(1..)?)?;
            if name.eq_ignore_ascii_case(b"for") {
                let hop = address(&text).map_or(Hop::Hidden, Hop::Address);
                if of_element.replace(hop).is_some() {
                    return None;
                }
            }
            let behind = behind.trim_ascii_start();
            (separator, after) = (behind.first().copied(), behind.get(1..));
        }
        match separator {
            Some(b';') => {}
            Some(b',') | None => hops.push(of_element.take().unwrap_or(Hop::Hidden)),
            Some(_) => return None,
        }
        match after {
            Some(after) if separator.is_some() => rest = after,
            _ => return Some(hops),
        }
    }
}

/// A token or a quoted string (RFC 9110 §5.6), and what stands behind it.
fn parameter(text: &[u8]) -> Option<(Vec<u8>, &[u8])> {
    let Some(quoted) = text.strip_prefix(b"\"") else {
        // Servers write addresses with a port unquoted, against the grammar.
        let is_inside = |byte: &u8| is_token(*byte) || matches!(byte, b':' | b'[' | b']');
        let len = text.iter().take_while(|byte| is_inside(byte)).count();
        let (token, behind) = text.split_at_checked(len)?;
        return (!token.is_empty()).then(|| (token.to_vec(), behind));
    };
    let mut unquoted = Vec::new();
    let mut bytes = quoted.iter().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => return Some((unquoted, quoted.get(at.saturating_add(1)..)?)),
            b'\\' => unquoted.push(*bytes.next()?.1),
            byte => unquoted.push(*byte),
        }
    }
    None
}

/// An address with or without a port, as proxies write it: IPv6 in brackets wherever a port follows.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let address = match text.strip_prefix('[') {
        Some(bracketed) => {
            let (address, behind) = bracketed.split_once(']')?;
            let is_port = behind.is_empty() || behind.strip_prefix(':').is_some_and(is_port);
            let address: Ipv6Addr = is_port.then(|| address.parse().ok())??;
            address.into()
        }
        None => match text.split_once(':') {
            Some((address, port)) if !port.contains(':') => {
                let address: Ipv4Addr = is_port(port).then(|| address.parse().ok())??;
                address.into()
            }
            _ => text.parse().ok()?,
        },
    };
    // A proxy with a dual-stack socket writes an IPv4 peer so.
    Some(IpAddr::to_canonical(&address))
}

/// A number, or a name that hides it (RFC 7239 §6).
fn is_port(text: &str) -> bool {
    let is_number = (1..=5).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    let is_hidden = |name: &str| {
        let is_inside =
            |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
        !name.is_empty() && name.bytes().all(is_inside)
    };
    is_number || text.strip_prefix('_').is_some_and(is_hidden)
}

/// RFC 9110 §5.6.2.
fn is_token(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || b"!#$%&'*+-.^_`|~".contains(&byte)
}

pub(super) const X_FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");
/// Far above what proxies write.
const LONGEST: usize = 4 * 1024;
