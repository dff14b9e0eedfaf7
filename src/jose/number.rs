//! Numbers as JSON allows them (RFC 8259 §6), computed in decimal: no double rounds them.

use std::borrow::Cow;

use super::json::Value;

/// A NumericDate (RFC 7519 §2): any JSON number from 0 to the year 9999. Its fraction is cut off, like
/// that of the clock.
///
/// Issuers write `1795885933`, `1795885933.25` and `1.795885933e+09`.
pub(crate) fn time(value: Value<'_>) -> Option<u64> {
    match value {
        Value::Number(number) => whole(number).filter(|seconds| *seconds <= END_OF_YEAR_9999),
        _ => None,
    }
}

/// The whole part of a number that is not negative and has few enough digits to be a time.
///
/// The cost depends on the length of the text and not on the exponent: digits are read one by one, and
/// the first digit that makes the sum too large ends the loop.
fn whole(number: &str) -> Option<u64> {
    let (mantissa, exponent) = match number.split_once(['e', 'E']) {
        None => (number, 0),
        Some((mantissa, exponent)) => (mantissa, saturated(exponent)),
    };
    let (is_negative, mantissa) = match mantissa.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, mantissa),
    };
    let (integer, fraction) = mantissa.split_once('.').unwrap_or((mantissa, ""));
    let digits = || integer.bytes().chain(fraction.bytes());
    if digits().all(|digit| digit == b'0') {
        // `-0` and `0e999` are 0 as well.
        return Some(0);
    }
    if is_negative {
        return None;
    }
    // The number of digits before the decimal point after the exponent has moved it.
    let whole_digits = i64::try_from(integer.len()).ok()?.saturating_add(exponent);
    let mut sum = 0_u64;
    let mut digits = digits();
    for _ in 0..whole_digits {
        let digit = match digits.next() {
            Some(digit) => digit.checked_sub(b'0')?,
            // INVARIANT: not all digits are 0, so each further 0 makes the sum grow, and the loop ends
            // after a few more.
            None => 0,
        };
        sum = sum.checked_mul(10)?.checked_add(digit.into())?;
        if sum > END_OF_YEAR_9999 {
            return None;
        }
    }
    Some(sum)
}

/// An exponent. One that does not fit an `i64` becomes the largest or the smallest: no text is that
/// long.
fn saturated(exponent: &str) -> i64 {
    let furthest = match exponent.starts_with('-') {
        true => i64::MIN,
        false => i64::MAX,
    };
    exponent.parse().unwrap_or(furthest)
}

/// An integer in its only spelling, so that one user has one id: digits without a fraction or an
/// exponent.
pub(crate) fn integer(value: Value<'_>) -> Option<Cow<'_, str>> {
    match value {
        Value::Number(number) if number != "-0" => {
            number.parse::<i128>().ok().map(|_| Cow::Borrowed(number))
        }
        _ => None,
    }
}

const END_OF_YEAR_9999: u64 = 253_402_300_799;

#[cfg(test)]
mod tests {
    use super::*;

    fn read(number: &str) -> Option<u64> {
        time(Value::Number(number))
    }

    #[test]
    fn one_time_has_many_spellings() {
        for spelling in [
            "1795885933",
            "1795885933.0",
            "1795885933.999999999999999999999999",
            "1.795885933e9",
            "1.795885933E9",
            "1.795885933e+09",
            "1.7958859337e+0000000000000000000000000009",
            "17958859330000e-4",
            "17958859339999e-4",
            "0.000001795885933e15",
            "0.000001795885933999e15",
        ] {
            assert_eq!(read(spelling), Some(1_795_885_933), "{spelling}");
        }
    }

    #[test]
    fn no_double_rounds_a_time() {
        // The nearest double of both is 1800000000.
        assert_eq!(read("1799999999.99999999999"), Some(1_799_999_999));
        assert_eq!(read("1.79999999999999999999e9"), Some(1_799_999_999));
        assert_eq!(read("253402300799.99999999999"), Some(END_OF_YEAR_9999));
    }

    #[test]
    fn what_is_less_than_a_second_is_0() {
        for number in [
            "0",
            "-0",
            "0.0",
            "-0.0e5",
            "0e999999999",
            "0.9",
            "1e-1",
            "1e-999999999",
            "9e-99999999999999999999",
            "0e99999999999999999999",
        ] {
            assert_eq!(read(number), Some(0), "{number}");
        }
    }

    #[test]
    fn what_no_time_can_be_is_refused() {
        for number in [
            "253402300800",
            "2.534023008e11",
            "1e12",
            "1e300",
            "1e999999999",
            "1e9999999999999999999999999",
            "18446744073709551616",
            "-1",
            "-0.1",
            "-1e-9",
            "-1.8e9",
            "-1e999999999",
        ] {
            assert_eq!(read(number), None, "{number}");
        }
        for value in [Value::True, Value::Null, Value::Array("[1]")] {
            assert_eq!(time(value), None);
        }
    }

    #[test]
    fn a_long_number_costs_what_it_is_long() {
        let zeros = "0".repeat(60_000);
        assert_eq!(read(&format!("1{zeros}e-60000")), Some(1));
        assert_eq!(read(&format!("0.{zeros}18e60002")), Some(18));
        assert_eq!(read(&format!("0.{zeros}e999999999")), Some(0));
        assert_eq!(read(&format!("1{zeros}")), None);
    }
}
