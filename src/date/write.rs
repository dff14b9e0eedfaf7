//! Writes dates and times.

use std::fmt;

/// Writes milliseconds since 1970 in UTC, all with three digits behind the second.
pub(crate) fn write(unix_millis: u64, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (seconds, millis) = (unix_millis / 1_000, unix_millis % 1_000);
    let (days, clock) = (seconds / 86_400, seconds % 86_400);
    // The year begins in March, as above. 400 years have as many days as any other 400 years.
    let days = days + DAYS_TO_1970;
    let (ages, day) = (days / 146_097, days % 146_097);
    let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
    let day_of_year = day - (365 * year + year / 4 - year / 100);
    let month = (5 * day_of_year + 2) / 153;
    let day = day_of_year - (153 * month + 2) / 5 + 1;
    let (year, month) = match month {
        10.. => (year + 1, month - 9),
        _ => (year, month + 3),
    };
    let year = year + 400 * ages;
    let (hours, minutes, seconds) = (clock / 3_600, clock / 60 % 60, clock % 60);
    write!(
        f,
        "{year:04}-{month:02}-{day:02}T{hours:02}:{minutes:02}:{seconds:02}.{millis:03}Z"
    )
}

/// From the first of March of the year 0.
const DAYS_TO_1970: u64 = 719_468;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn writes_the_days_at_which_calendars_turn() {
        for (millis, text) in [
            (0, "1970-01-01T00:00:00.000Z"),
            (68_169_600_000, "1972-02-29T00:00:00.000Z"),
            (68_255_999_999, "1972-02-29T23:59:59.999Z"),
            (68_256_000_000, "1972-03-01T00:00:00.000Z"),
            (946_684_799_000, "1999-12-31T23:59:59.000Z"),
            (951_825_600_000, "2000-02-29T12:00:00.000Z"),
            (1_801_353_600_050, "2027-01-31T00:00:00.050Z"),
            (4_107_542_399_000, "2100-02-28T23:59:59.000Z"),
            (4_107_542_400_000, "2100-03-01T00:00:00.000Z"),
            (253_402_300_799_999, "9999-12-31T23:59:59.999Z"),
            (253_402_300_800_000, "10000-01-01T00:00:00.000Z"),
        ] {
            assert_eq!(Written(millis).to_string(), text);
        }
    }

    #[test]
    fn every_day_follows_the_day_before() {
        let day = |number: u64| Written(number * 86_400_000).to_string();
        for number in 0..60_000 {
            let (today, tomorrow) = (day(number), day(number + 1));
            assert!(today < tomorrow, "{today} {tomorrow}");
        }
    }

    struct Written(u64);

    impl fmt::Display for Written {
        fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
            write(self.0, f)
        }
    }
}
