//! What is done to tokens.

use serde_json::json;
use tower_auth::jose::Algorithm;

use crate::second_opinion::{cases::Named, jose::b64};

/// What a header may name instead, as JSON.
pub(crate) const ALGS: &[&str] = &[
    r#""HS256""#,
    r#""HS512""#,
    r#""RS256""#,
    r#""RS384""#,
    r#""PS256""#,
    r#""PS512""#,
    r#""ES256""#,
    r#""ES384""#,
    r#""ES512""#,
    r#""EdDSA""#,
    r#""Ed25519""#,
    r#""ES256K""#,
    r#""none""#,
    r#""NONE""#,
    r#""hs256""#,
    r#""RS256 ""#,
    r#""""#,
    "null",
    "256",
    r#"["RS256"]"#,
    r#"{"RS256":1}"#,
];

/// What may be named where the key is a public one (RFC 8725 §2.1).
pub(crate) const MACS: &[Algorithm] = &[Algorithm::HS256, Algorithm::HS384, Algorithm::HS512];

/// Changes of a JSON object's text.
pub(crate) const TEXTS: &[Named<Vec<u8>>] = &[
    ("white space around", |text| {
        *text = [b" \r\n\t", &**text, b"\n "].concat()
    }),
    ("white space within", |text| put(text, 1, b"\n  ")),
    ("byte order mark", |text| put(text, 0, b"\xef\xbb\xbf")),
    ("form feed", |text| put(text, 0, b"\x0c")),
    ("no-break space", |text| put(text, 0, "\u{a0}".as_bytes())),
    ("trailing letter", |text| text.push(b'x')),
    ("trailing zero byte", |text| text.push(0)),
    ("trailing object", |text| text.extend(b"{}")),
    ("trailing comma", |text| put(text, text.len() - 1, b",")),
    ("no end", |text| text.truncate(text.len() - 1)),
    ("comment", |text| put(text, 1, b"/* x */")),
    ("line comment", |text| text.extend(b"// x")),
    ("NaN", |text| put(text, 1, br#""x":NaN,"#)),
    ("Infinity", |text| put(text, 1, br#""x":-Infinity,"#)),
    ("huge number", |text| put(text, 1, br#""x":1e400,"#)),
    ("leading zero", |text| put(text, 1, br#""x":01,"#)),
    ("plus sign", |text| put(text, 1, br#""x":+1,"#)),
    ("bare point", |text| put(text, 1, br#""x":1.,"#)),
    ("long number", |text| {
        put(text, 1, format!("\"x\":{},", "9".repeat(5_000)).as_bytes())
    }),
    ("single quotes", |text| put(text, 1, b"'x':1,")),
    ("bare name", |text| put(text, 1, b"x:1,")),
    ("duplicate", |text| put(text, 1, br#""x":1,"x":1,"#)),
    ("escaped duplicate", |text| {
        put(text, 1, br#""x":1,"\u0078":1,"#)
    }),
    ("nested duplicate", |text| {
        put(text, 1, br#""x":{"y":1,"y":2},"#)
    }),
    ("duplicate alg", |text| put(text, 1, br#""alg":"none","#)),
    ("late duplicate alg", |text| {
        put(text, text.len() - 1, br#","alg":"none""#)
    }),
    ("duplicate sub", |text| put(text, 1, br#""sub":"eve","#)),
    ("late duplicate sub", |text| {
        put(text, text.len() - 1, br#","sub":"eve""#)
    }),
    ("late duplicate exp", |text| {
        put(text, text.len() - 1, br#","exp":4000000001"#)
    }),
    ("prototype", |text| {
        put(text, 1, br#""__proto__":{"sub":"eve"},"#)
    }),
    ("escaped solidus", |text| put(text, 1, br#""x":"\/","#)),
    ("unknown escape", |text| put(text, 1, br#""x":"\x41","#)),
    ("short escape", |text| put(text, 1, br#""x":"\u41","#)),
    ("lone surrogate", |text| put(text, 1, br#""x":"\ud800","#)),
    ("late surrogate", |text| {
        put(text, 1, br#""x":"\udc00\ud800","#)
    }),
    ("encoded surrogate", |text| {
        put(text, 1, b"\"x\":\"\xed\xa0\x80\",")
    }),
    ("overlong", |text| put(text, 1, b"\"x\":\"\xc0\x80\",")),
    ("no UTF-8", |text| put(text, 1, b"\"x\":\"\xff\",")),
    ("line break in a string", |text| {
        put(text, 1, b"\"x\":\"\n\",")
    }),
    ("zero byte in a string", |text| {
        put(text, 1, b"\"x\":\"\0\",")
    }),
    ("escaped zero byte", |text| {
        put(text, 1, br#""x":"\u0000","#)
    }),
    ("empty name", |text| put(text, 1, br#""":1,"#)),
    ("deep", |text| put(text, 1, nest(100).as_bytes())),
    ("very deep", |text| put(text, 1, nest(3_000).as_bytes())),
    ("just deep enough", |text| put(text, 1, nest(31).as_bytes())),
    ("many members", |text| put(text, 1, members(300).as_bytes())),
    ("long", |text| {
        put(
            text,
            1,
            format!("\"x\":\"{}\",", "a".repeat(60_000)).as_bytes(),
        )
    }),
    ("user_id instead of sub", |text| {
        replace(text, "\"sub\"", "\"user_id\"")
    }),
    ("number instead of sub", |text| {
        replace(text, "\"sub\":\"ada\"", "\"id\":7")
    }),
    ("no sub", |text| replace(text, ",\"sub\":\"ada\"", "")),
    ("no aud", |text| replace(text, ",\"aud\":\"my-agent\"", "")),
    ("no exp", |text| replace(text, ",\"exp\":4000000000", "")),
    ("no iss", |text| replace(text, "\"iss\"", "\"x\"")),
    ("no alg", |text| replace(text, "\"alg\"", "\"x\"")),
    ("array", |text| *text = [b"[", &**text, b"]"].concat()),
    ("string", |text| {
        *text = json!(String::from_utf8_lossy(text))
            .to_string()
            .into_bytes()
    }),
    ("null", |text| *text = b"null".to_vec()),
    ("number", |text| *text = b"1".to_vec()),
    ("empty object", |text| *text = b"{}".to_vec()),
    ("nothing", Vec::clear),
    ("UTF-16", |text| {
        let units = String::from_utf8_lossy(text).into_owned();
        *text = units.encode_utf16().flat_map(u16::to_le_bytes).collect();
    }),
];

/// Changes of an encoded part.
pub(crate) const ENCODED: &[Named<String>] = &[
    ("padding", |part| {
        part.push_str(&"=".repeat((4 - part.len() % 4) % 4))
    }),
    ("one sign of padding", |part| part.push('=')),
    ("four signs of padding", |part| part.push_str("====")),
    ("padding in front", |part| part.insert(0, '=')),
    ("padding within", |part| part.insert(8, '=')),
    ("other alphabet", |part| {
        *part = part.replace('-', "+").replace('_', "/")
    }),
    ("left-over bits", |part| {
        // The last sign of a part that ends within a byte has bits that mean nothing.
        if !part.len().is_multiple_of(4) {
            let last = part.pop().map_or(0, |sign| ALPHABET.find(sign).unwrap());
            part.push(char::from(ALPHABET.as_bytes()[last | 1]));
        }
    }),
    ("lone sign", |part| {
        part.push_str(&"A".repeat((5 - part.len() % 4) % 4))
    }),
    ("sign missing", |part| part.truncate(part.len() - 1)),
    ("space behind", |part| part.push(' ')),
    ("space in front", |part| part.insert(0, ' ')),
    ("space within", |part| part.insert(8, ' ')),
    ("line break within", |part| part.insert(8, '\n')),
    ("line break behind", |part| part.push_str("\r\n")),
    ("tab within", |part| part.insert(8, '\t')),
    ("zero byte behind", |part| part.push('\0')),
    ("stray sign within", |part| part.insert(8, '*')),
    ("stray letter within", |part| part.insert(8, 'é')),
    ("percent behind", |part| part.push_str("%3D")),
    ("another case", |part| *part = part.to_lowercase()),
    ("twice", |part| *part = part.repeat(2)),
    ("encoded twice", |part| *part = b64(&*part)),
    ("nothing", String::clear),
];

/// Changes of a signature.
pub(crate) const SIGNATURES: &[Named<Vec<u8>>] = &[
    ("first bit", |signature| signature[0] ^= 0x80),
    ("last bit", |signature| *signature.last_mut().unwrap() ^= 1),
    ("middle bit", |signature| {
        let middle = signature.len() / 2;
        signature[middle] ^= 0x10;
    }),
    ("byte missing", |signature| {
        signature.truncate(signature.len() - 1)
    }),
    ("byte too many", |signature| signature.push(0)),
    ("zero in front", |signature| signature.insert(0, 0)),
    ("first byte missing", |signature| {
        signature.remove(0);
    }),
    ("zeros", |signature| signature.fill(0)),
    ("ones", |signature| signature.fill(0xff)),
    ("one byte", |signature| signature.truncate(1)),
    ("half", |signature| signature.truncate(signature.len() / 2)),
    ("twice", |signature| signature.extend_from_within(..)),
    ("halves swapped", |signature| {
        let half = signature.len() / 2;
        signature.rotate_left(half);
    }),
    ("DER", |signature| {
        let (r, s) = signature.split_at(signature.len() / 2);
        let body = [integer(r), integer(s)].concat();
        let mut der = vec![0x30];
        if body.len() > 127 {
            der.push(0x81);
        }
        der.push(u8::try_from(body.len() % 256).unwrap());
        *signature = [der, body].concat();
    }),
    ("r is the order", |signature| {
        let half = signature.len() / 2;
        signature[..half.min(32)].copy_from_slice(&P256_ORDER[..half.min(32)]);
    }),
    // RFC 8032 §5.1.7: without a check that S is below the order, it has a second form.
    ("S plus the order", |signature| {
        if signature.len() == 64 {
            let mut carry = 0;
            for (byte, order) in signature[32..].iter_mut().zip(ED25519_ORDER) {
                let sum = u16::from(*byte) + u16::from(order) + carry;
                *byte = sum.to_le_bytes()[0];
                carry = sum >> 8;
            }
        }
    }),
];

/// Changes of a whole token.
pub(crate) const TOKENS: &[Named<String>] = &[
    ("fourth part", |token| token.push_str(".AA")),
    ("empty fourth part", |token| token.push('.')),
    ("empty first part", |token| token.insert(0, '.')),
    ("no signature", |token| {
        token.truncate(token.rfind('.').unwrap() + 1)
    }),
    ("two parts", |token| {
        token.truncate(token.rfind('.').unwrap())
    }),
    ("one part", |token| token.truncate(token.find('.').unwrap())),
    ("scheme in front", |token| token.insert_str(0, "Bearer ")),
    ("space in front", |token| token.insert(0, ' ')),
    ("space behind", |token| token.push(' ')),
    ("line break behind", |token| token.push('\n')),
    ("quotes", |token| *token = format!("\"{token}\"")),
    ("JSON serialization", |token| {
        let parts: Vec<_> = token.split('.').collect();
        *token =
            json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]}).to_string();
    }),
    ("parts of JWE", |token| token.push_str(".AA.AA")),
    ("nested", |token| {
        *token = format!(
            "{}.{}.AA",
            b64(r#"{"alg":"none","cty":"JWT"}"#),
            b64(&*token)
        )
    }),
    ("two tokens", |token| *token = format!("{token},{token}")),
    ("nothing", String::clear),
    ("full stops", |token| *token = "..".to_owned()),
];

/// What may stand at some place of a token.
pub(crate) const SIGNS: &[char] = &[
    'A', 'B', 'Q', 'g', 'w', 'z', '0', '9', '-', '_', '.', '=', '+', '/', ' ', '\0', 'é',
];

fn put(text: &mut Vec<u8>, at: usize, piece: &[u8]) {
    // A text of other members than one expects has that place too.
    let at = at.min(text.len());
    text.splice(at..at, piece.iter().copied());
}

fn replace(text: &mut Vec<u8>, this: &str, that: &str) {
    *text = String::from_utf8_lossy(text)
        .replace(this, that)
        .into_bytes();
}

fn nest(depth: usize) -> String {
    format!("\"x\":{}{},", "[".repeat(depth), "]".repeat(depth))
}

fn members(count: usize) -> String {
    (0..count).map(|index| format!("\"m{index}\":1,")).collect()
}

/// A DER INTEGER.
fn integer(bytes: &[u8]) -> Vec<u8> {
    let zeros = bytes.iter().take_while(|byte| **byte == 0).count();
    let mut value = bytes[zeros..].to_vec();
    if value.first().is_none_or(|first| *first > 127) {
        value.insert(0, 0);
    }
    let length = u8::try_from(value.len() % 256).unwrap();
    [vec![2, length], value].concat()
}

const ALPHABET: &str = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
    0xbc, 0xe6, 0xfa, 0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

/// Little-endian, as S is.
const ED25519_ORDER: [u8; 32] = [
    0xed, 0xd3, 0xf5, 0x5c, 0x1a, 0x63, 0x12, 0x58, 0xd6, 0x9c, 0xf7, 0xa2, 0xde, 0xf9, 0xde, 0x14,
    0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0x10,
];
