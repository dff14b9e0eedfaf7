//! Durations.

use std::time::Duration;

/// Reads a whole number with its unit: `90s`, `15m`, `24h`, `90d`.
pub(super) fn parse(text: &str) -> Option<Duration> {
    let number = text.get(..text.len().checked_sub(1)?)?;
    let seconds: u64 = match text.get(number.len()..)? {
        "s" => 1,
        "m" => 60,
        "h" => 3_600,
        "d" => 86_400,
        _ => return None,
    };
    // `u64::from_str` takes a sign.
    if !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let number: u64 = number.parse().ok()?;
    let seconds = number.checked_mul(seconds)?;
    (seconds <= LONGEST).then(|| Duration::from_secs(seconds))
}

/// A thousand years: a time that much later still is one.
const LONGEST: u64 = 365_250 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_a_number_with_its_unit() {
        for (text, seconds) in [
            ("0s", 0),
            ("90s", 90),
            ("15m", 900),
            ("24h", 86_400),
            ("90d", 90 * 86_400),
            ("365250d", 365_250 * 86_400),
        ] {
            assert_eq!(parse(text), Some(Duration::from_secs(seconds)), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_duration() {
        for text in [
            "",
            "d",
            "90",
            "90 d",
            "+90d",
            "-1d",
            "1.5h",
            "1h30m",
            "90D",
            "1w",
            "1y",
            "365251d",
            "99999999999999999999s",
            "18446744073709551615d",
            "９d",
            "1µ",
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }
}
