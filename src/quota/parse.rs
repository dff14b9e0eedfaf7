//! Quotas as a file and a command line write them.

use std::{fmt, str::FromStr, time::Duration};

use super::{Quota, malformed};
use crate::error::ConfigError;

impl FromStr for Quota {
    type Err = ConfigError;

    /// Reads `100 per minute`, `100 per 90 seconds` or `100/90s`, each with `, burst 20` behind it
    /// where fewer may come at once.
    fn from_str(text: &str) -> Result<Self, ConfigError> {
        let (rate, burst) = match text.split_once(',') {
            Some((rate, burst)) => (rate, Some(burst)),
            None => (text, None),
        };
        let (requests, period) = rate_of(rate).ok_or_else(unreadable)?;
        let quota = Self::new(requests, period)?;
        match burst {
            None => Ok(quota),
            Some(burst) => {
                let burst = burst.trim().strip_prefix("burst ").ok_or_else(unreadable)?;
                quota.with_burst(number(burst).ok_or_else(unreadable)?)
            }
        }
    }
}

fn rate_of(text: &str) -> Option<(u32, Duration)> {
    if let Some((requests, period)) = text.split_once('/') {
        let period = period.trim();
        let unit_at = period.find(|char: char| !char.is_ascii_digit())?;
        let (count, unit) = period.split_at_checked(unit_at)?;
        let count = if count.is_empty() { 1 } else { number(count)? };
        let unit = match unit {
            "s" => 1,
            "m" | "min" => MINUTE,
            "h" => HOUR,
            "d" => DAY,
            _ => return None,
        };
        return Some((number(requests)?, seconds(count, unit)));
    }
    let mut words = text.split_ascii_whitespace();
    let (requests, per) = (number(words.next()?)?, words.next()?);
    let (count, unit) = match (words.next()?, words.next()) {
        (unit, None) => (1, unit),
        (count, Some(unit)) => (number(count)?, unit),
    };
    let unit = match unit {
        "second" | "seconds" => 1,
        "minute" | "minutes" => MINUTE,
        "hour" | "hours" => HOUR,
        "day" | "days" => DAY,
        _ => return None,
    };
    (per == "per" && words.next().is_none()).then(|| (requests, seconds(count, unit)))
}

/// Decimal digits alone: `+5` and `5.0` are none.
fn number(text: &str) -> Option<u32> {
    let text = text.trim();
    text.bytes()
        .all(|byte| byte.is_ascii_digit())
        .then(|| text.parse().ok())?
}

fn seconds(count: u32, unit: u32) -> Duration {
    Duration::from_secs(u64::from(count) * u64::from(unit))
}

fn unreadable() -> ConfigError {
    malformed(
        "this is no quota: write it as `100 per minute`, `100/60s` or, where fewer may come at \
         once, `100 per minute, burst 20`",
    )
}

impl fmt::Display for Quota {
    /// Writes what [`from_str`](Self::from_str) reads.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} per ", self.requests)?;
        match self.seconds {
            1 => f.write_str("second")?,
            MINUTE => f.write_str("minute")?,
            HOUR => f.write_str("hour")?,
            DAY => f.write_str("day")?,
            seconds => write!(f, "{seconds} seconds")?,
        }
        match self.burst == self.requests {
            true => Ok(()),
            false => write!(f, ", burst {}", self.burst),
        }
    }
}

const MINUTE: u32 = 60;
const HOUR: u32 = 60 * MINUTE;
const DAY: u32 = 24 * HOUR;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_form_is_read() {
        for (text, requests, seconds, burst) in [
            ("1 per second", 1, 1, 1),
            ("100 per minute", 100, 60, 100),
            (" 100  per  minute , burst 20 ", 100, 60, 20),
            ("5 per 90 seconds", 5, 90, 5),
            ("5 per 2 hours", 5, 7_200, 5),
            ("1000 per day,burst 1", 1_000, 86_400, 1),
            ("30/60s", 30, 60, 30),
            ("30/s", 30, 1, 30),
            ("30/2m", 30, 120, 30),
            ("30/min, burst 60", 30, 60, 60),
            ("30/h", 30, 3_600, 30),
            ("30 / 1d", 30, 86_400, 30),
        ] {
            let quota: Quota = text
                .parse()
                .unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(
                (quota.requests(), quota.seconds(), quota.burst()),
                (requests, seconds, burst),
                "{text}"
            );
            assert_eq!(quota.to_string().parse::<Quota>().unwrap(), quota, "{text}");
        }
    }

    #[test]
    fn what_is_no_quota_says_what_to_write() {
        for text in [
            "",
            "100",
            "100 per",
            "100 minute",
            "per minute",
            "+5 per minute",
            "5.0 per minute",
            "5 per fortnight",
            "5 per 2 minutes please",
            "0 per minute",
            "5 per 0 seconds",
            "5 per 4000 days",
            "5 per minute, burst 0",
            "5 per minute, 20",
            "5 per minute, burst",
            "5/",
            "5/60",
            "5/60x",
            "5/60s/2",
            "99999999999 per day",
            "2000000 per second",
            "5 per minute, burst 5, burst 6",
        ] {
            let error = text.parse::<Quota>().unwrap_err().to_string();
            assert!(
                error.contains("write") || error.contains("seconds") || error.contains("leave"),
                "{text}: {error}"
            );
        }
    }
}
