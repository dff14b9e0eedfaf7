//! Times and durations, as people write them.

use std::time::Duration;

use jiff::{civil::Date, tz::Offset};
use tower_auth::keys::Timestamp;

/// The day of a time, in UTC: `2027-02-27`.
pub(crate) fn day(time: Timestamp) -> String {
    let time = time.to_string();
    let day = time.split_once('T').map(|(day, _)| day.to_owned());
    day.unwrap_or(time)
}

/// Reads RFC 3339, or a day, which begins at midnight UTC.
pub(crate) fn time(text: &str) -> Option<Timestamp> {
    let time = match text.parse::<Date>() {
        // A day alone: `Date` also reads the beginning of a longer text.
        Ok(day) if text.len() == "2027-02-27".len() => {
            let midnight = day.to_datetime(jiff::civil::Time::midnight());
            Offset::UTC.to_timestamp(midnight).ok()?
        }
        _ => text.parse().ok()?,
    };
    let millis = u64::try_from(time.as_millisecond()).ok()?;
    Some(Timestamp::from_unix_millis(millis))
}

/// Reads a number with `s`, `m`, `h` or `d`.
pub(crate) fn duration(text: &str) -> Result<Duration, String> {
    let wrong = || format!("is no duration: {DURATIONS}");
    let unit = text.chars().next_back().ok_or_else(wrong)?;
    let seconds = match unit {
        's' => 1,
        'm' => 60,
        'h' => 3_600,
        'd' => 86_400,
        _ => return Err(wrong()),
    };
    let digits = text.strip_suffix(unit).unwrap_or_default();
    // `parse` also takes a sign.
    if digits.is_empty() || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(wrong());
    }
    let seconds = digits
        .parse::<u64>()
        .ok()
        .and_then(|number| number.checked_mul(seconds));
    match seconds {
        Some(seconds) if seconds <= LONGEST => Ok(Duration::from_secs(seconds)),
        _ => Err("is longer than a thousand years: write at most 365250d".to_owned()),
    }
}

const DURATIONS: &str = "write a number with s, m, h or d behind it, such as 90d";
/// A thousand years, in seconds: every time that comes of it can be written.
const LONGEST: u64 = 365_250 * 86_400;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_duration_is_a_number_with_its_unit() {
        let seconds = |text| duration(text).map(|duration| duration.as_secs());
        assert_eq!(seconds("90s"), Ok(90));
        assert_eq!(seconds("15m"), Ok(900));
        assert_eq!(seconds("24h"), Ok(86_400));
        assert_eq!(seconds("90d"), Ok(7_776_000));
        assert_eq!(seconds("0s"), Ok(0));
        for wrong in [
            "", "d", "90", "90 d", "+90d", "-1d", "1.5h", "9w", "90D", "1h30m", "١d", "d90",
        ] {
            assert!(
                seconds(wrong).is_err_and(|why| why.contains("such as 90d")),
                "{wrong}"
            );
        }
        for long in [
            "365251d",
            "18446744073709551615d",
            "99999999999999999999999s",
        ] {
            assert!(
                seconds(long).is_err_and(|why| why.contains("at most 365250d")),
                "{long}"
            );
        }
    }

    #[test]
    fn a_time_is_rfc_3339_or_a_day() {
        let millis = |text| time(text).map(Timestamp::as_unix_millis);
        assert_eq!(millis("1970-01-02"), Some(86_400_000));
        assert_eq!(millis("1970-01-01T00:00:01Z"), Some(1_000));
        assert_eq!(millis("1970-01-01T02:00:01+02:00"), Some(1_000));
        for wrong in [
            "",
            "tomorrow",
            "1970-02-30",
            "01/02/1970",
            "1969-12-31",
            "1970-01-01T00:00:01",
        ] {
            assert_eq!(millis(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn a_time_has_a_day_in_utc() {
        assert_eq!(day(Timestamp::from_unix_millis(86_400_123)), "1970-01-02");
    }
}
