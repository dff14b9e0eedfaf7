//! Reads dates and times.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// Reads a date and time with its offset, or returns the fault.
pub(crate) fn parse(text: &str) -> Result<SystemTime, &'static str> {
    read(text).ok_or(if text.len() == 10 && date(text).is_some() {
        "a date without a time stands here, and nobody knows in which time zone"
    } else if zone(text).is_none() && text.len() >= 19 {
        "the time has no offset, and nobody knows in which time zone it is"
    } else {
        "this is no date and time"
    })
}

fn read(text: &str) -> Option<SystemTime> {
    let (days, rest) = (date(text.get(..10)?)?, text.get(10..)?);
    let rest = rest.strip_prefix(['T', 't', ' '])?;
    let (time, offset) = rest.split_at(zone(rest)?);
    let (whole, fraction) = match time.split_once('.') {
        Some((whole, fraction)) => (whole, Some(fraction)),
        None => (time, None),
    };
    let seconds = clock(whole, true)?;
    // Keys expire to the second.
    if !fraction.is_none_or(|digits| !digits.is_empty() && is_digits(digits)) {
        return None;
    }
    let offset = match offset {
        "Z" | "z" => 0,
        _ => {
            let sign = if offset.starts_with('-') { -1 } else { 1 };
            sign * clock(offset.get(1..)?, false)?
        }
    };
    let unix = (days * 86_400).checked_add(seconds)?.checked_sub(offset)?;
    UNIX_EPOCH.checked_add(Duration::from_secs(u64::try_from(unix).ok()?))
}

/// The position of the offset.
fn zone(text: &str) -> Option<usize> {
    let is_sign = |index: &usize| matches!(text.as_bytes().get(*index), Some(b'+' | b'-'));
    match text.strip_suffix(['Z', 'z']) {
        Some(before) => Some(before.len()),
        None => text.len().checked_sub(6).filter(is_sign),
    }
}

/// `2027-01-31` as days since 1970.
fn date(text: &str) -> Option<i64> {
    let mut parts = text.split('-');
    let (year, month, day) = (parts.next()?, parts.next()?, parts.next()?);
    if parts.next().is_some() || (year.len(), month.len(), day.len()) != (4, 2, 2) {
        return None;
    }
    let (year, month, day) = (number(year)?, number(month)?, number(day)?);
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let length = match month {
        2 if is_leap => 29,
        2 => 28,
        4 | 6 | 9 | 11 => 30,
        1..=12 => 31,
        _ => return None,
    };
    if !(1970..=9999).contains(&year) || !(1..=length).contains(&day) {
        return None;
    }
    // The year begins in March, so that a leap day is its last.
    let (year, month) = match month {
        ..3 => (year - 1, month + 9),
        _ => (year, month - 3),
    };
    let day_of_year = (153 * month + 2) / 5 + day - 1;
    Some(year * 365 + year / 4 - year / 100 + year / 400 + day_of_year - DAYS_TO_1970)
}

/// `23:59:59`, or without seconds, as seconds.
fn clock(text: &str, has_seconds: bool) -> Option<i64> {
    let mut total = 0;
    let limits: &[i64] = if has_seconds {
        &[24, 60, 60]
    } else {
        &[24, 60]
    };
    let mut parts = text.split(':');
    for limit in limits {
        let part = parts.next().filter(|part| part.len() == 2)?;
        let number = number(part).filter(|number| number < limit)?;
        total = total * 60 + number;
    }
    if !has_seconds {
        total *= 60;
    }
    parts.next().is_none().then_some(total)
}

fn number(digits: &str) -> Option<i64> {
    is_digits(digits).then(|| digits.parse().ok())?
}

fn is_digits(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_digit())
}

/// From the first of March of the year 0.
const DAYS_TO_1970: i64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_what_rfc_3339_has() {
        for (text, seconds) in [
            ("1970-01-01T00:00:00Z", 0),
            ("2000-02-29T12:00:00z", 951_825_600),
            ("2027-01-31 00:00:00Z", 1_801_353_600),
            ("2027-01-31T01:30:00.999+01:30", 1_801_353_600),
            ("2027-01-30T19:00:00-05:00", 1_801_353_600),
            ("9999-12-31T23:59:59Z", 253_402_300_799),
        ] {
            let expected = UNIX_EPOCH + Duration::from_secs(seconds);
            assert_eq!(parse(text), Ok(expected), "{text}");
        }
    }

    #[test]
    fn refuses_what_is_no_time() {
        for text in [
            "",
            "tomorrow",
            "2027-01-31",
            "2027-01-31T00:00:00",
            "2027-1-31T00:00:00Z",
            "2027-02-29T00:00:00Z",
            "1900-02-29T00:00:00Z",
            "2027-13-01T00:00:00Z",
            "2027-00-01T00:00:00Z",
            "2027-01-00T00:00:00Z",
            "2027-01-31T24:00:00Z",
            "2027-01-31T00:60:00Z",
            "2027-01-31T00:00:60Z",
            "2027-01-31T00:00Z",
            "2027-01-31T00:00:00.Z",
            "2027-01-31T00:00:00+24:00",
            "2027-01-31T00:00:00+0100",
            "2027-01-31T00:00:00 UTC",
            "2027-01-31T00:00:00ZZ",
            "1969-12-31T23:59:59Z",
            "1970-01-01T00:00:00+01:00",
            "31.01.2027 00:00:00Z",
            "+027-01-31T00:00:00Z",
            "２０２７-01-31T00:00:00Z",
            "1801353600",
        ] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
