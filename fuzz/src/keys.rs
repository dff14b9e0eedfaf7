//! Managed keys: what must hold for any bytes at all.

use tower_auth::keys::{KeyFormat, KeyShape};

/// A text is a key of one store at the most, and only in the one form that this reads by itself.
pub fn managed_key(data: &[u8]) {
    let prefixes = ["sk", "live", "sk_live"];
    let mut takers = 0;
    for prefix in prefixes {
        let format = KeyFormat::new(prefix).expect("it is a prefix");
        let shape = format.shape(data);
        takers += usize::from(shape != KeyShape::NotMine);
        let expected = match std::str::from_utf8(data)
            .ok()
            .and_then(|text| text.rsplit_once('_'))
        {
            Some((before, rest)) if before == prefix => of_parts(before, rest),
            _ => KeyShape::NotMine,
        };
        assert_eq!(shape, expected, "{prefix}: {data:?}");
    }
    assert!(takers <= 1, "two stores take one key: {data:?}");
}

fn of_parts(before: &str, rest: &str) -> KeyShape {
    if rest.len() != 38 || !rest.chars().all(|char| char.is_ascii_alphanumeric()) {
        return KeyShape::NotMine;
    }
    let (random, checksum) = rest.split_at(32);
    if checksum_of(format!("{before}_{random}").as_bytes()) == checksum {
        KeyShape::Key
    } else {
        KeyShape::WrongChecksum
    }
}

/// CRC-32, bit by bit, in base 62.
fn checksum_of(bytes: &[u8]) -> String {
    let crc = bytes.iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| match crc & 1 {
            0 => crc >> 1,
            _ => crc >> 1 ^ 0xEDB8_8320,
        })
    });
    let digits = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
    let place = |place: u32| char::from(digits[(!crc / 62_u32.pow(place) % 62) as usize]);
    (0..6).rev().map(place).collect()
}
