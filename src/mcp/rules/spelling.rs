//! Whether a URI has one spelling alone.

use std::net::Ipv4Addr;

use crate::access::is_ambiguous;

/// Whether a URI has one spelling alone, so that a rule for what begins like it covers nothing else.
///
/// Servers do not compare text: one parses a URI as browsers do, which resolves dots, writes hosts anew and drops
/// default ports; one decodes what stands in a segment; one takes `file:/a` for `file:///a`. So only what none of them
/// would write otherwise is plain.
pub(super) fn is_plain_uri(uri: &str) -> bool {
    if !has_plain_characters(uri) {
        return false;
    }
    let Some((scheme, rest)) = uri.split_once(':') else {
        return is_plain_path(uri);
    };
    let is_scheme =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"+-.".contains(&byte);
    if scheme.is_empty() || !scheme.bytes().all(is_scheme) {
        return false;
    }
    let special = SPECIAL.iter().find(|(known, _)| *known == scheme);
    let Some(behind) = rest.strip_prefix("//") else {
        // Browsers add the slashes where such a scheme stands without.
        return special.is_none() && is_plain_path(rest);
    };
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    let Some((authority, path)) = behind.split_at_checked(end) else {
        return false;
    };
    let is_plain_authority = match special {
        // `localhost` is dropped there, and another host is another machine.
        Some(("file", _)) => authority.is_empty(),
        Some((_, port)) => is_plain_host(authority, Some(*port)) && path.starts_with('/'),
        None => is_plain_opaque(authority),
    };
    is_plain_authority && is_plain_path(path)
}

/// Whether every character stands as every writer would write it: ASCII plain, other characters as escapes.
fn has_plain_characters(uri: &str) -> bool {
    let mut bytes = uri.bytes();
    while let Some(byte) = bytes.next() {
        let is_plain = match byte {
            b'%' => match [bytes.next(), bytes.next()] {
                [Some(high), Some(low)] => is_needed_escape([high, low]),
                _ => false,
            },
            _ => byte.is_ascii_alphanumeric() || b"-._~/:@!$&()*+,;=?#{}".contains(&byte),
        };
        if !is_plain {
            return false;
        }
    }
    true
}

/// Whether an escape stands for what cannot stand plain, and is written in capitals. The escape of a percent sign is
/// none: who decodes twice reads more out of it.
fn is_needed_escape(digits: [u8; 2]) -> bool {
    let text = std::str::from_utf8(&digits).unwrap_or_default();
    let is_upper = digits
        .iter()
        .all(|digit| digit.is_ascii_digit() || (b'A'..=b'F').contains(digit));
    let byte = u8::from_str_radix(text, 16).unwrap_or_default();
    is_upper
        && matches!(
            byte,
            b' ' | b'"' | b'<' | b'>' | b'^' | b'`' | b'|' | 0x80..
        )
}

fn is_plain_path(path: &str) -> bool {
    !path.contains("//") && !is_ambiguous(path)
}

/// A host as browsers write it, of a scheme whose hosts they know.
fn is_plain_host(authority: &str, default_port: Option<&str>) -> bool {
    let (host, port) = match authority.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (authority, None),
    };
    let is_known =
        |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || b"-.".contains(&byte);
    let last = host.rsplit('.').next().unwrap_or_default();
    // A last label that begins with a digit makes an IPv4 address of the host, in one of many forms.
    let is_name = !last.is_empty() && !last.starts_with(|char: char| char.is_ascii_digit());
    let is_address = || host.parse::<Ipv4Addr>().is_ok();
    host.bytes().all(is_known)
        && !host.split('.').any(|label| label.starts_with("xn--"))
        && (is_name || is_address())
        && port.is_none_or(|port| Some(port) != default_port && is_plain_port(port))
}

/// The authority of a scheme of a program's own, which browsers keep as it is, but for a user and a port.
fn is_plain_opaque(authority: &str) -> bool {
    match authority.split_once(':') {
        Some((_, port)) => is_plain_port(port) && !authority.contains('@'),
        None => !authority.contains('@'),
    }
}

fn is_plain_port(port: &str) -> bool {
    let is_number = port.bytes().all(|byte| byte.is_ascii_digit());
    is_number && !port.starts_with('0') && port.parse::<u16>().is_ok()
}

/// The schemes that browsers write anew, with the ports that they drop.
const SPECIAL: &[(&str, &str)] = &[
    ("file", ""),
    ("ftp", "21"),
    ("http", "80"),
    ("https", "443"),
    ("ws", "80"),
    ("wss", "443"),
];
