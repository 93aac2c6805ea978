//! Timestamps, between PaySG's text and milliseconds since 1970.

const MS_PER_SECOND: i64 = 1000;
const MS_PER_MINUTE: i64 = 60_000;
const MS_PER_HOUR: i64 = 3_600_000;
const MS_PER_DAY: i64 = 86_400_000;
const MONTHS: [&str; 12] = [
    "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
];

/// Reads a timestamp as PaySG writes it, `2023-08-03T17:36:52.634+08:00`, into milliseconds since 1970-01-01 UTC.
///
/// `YYYY-MM-DDTHH:MM:SS`, perhaps a fraction of 1 to 9 digits (cut off after three), then `Z`, `±HH:MM` or `±HHMM`. `None` for
/// anything else: no offset, a day that is not in the calendar, a leap second.
#[must_use]
pub fn parse_iso_ms(text: &str) -> Option<i64> {
    let mut text = Digits(text);
    let year = text.number(4)?;
    text.mark('-')?;
    let month = text.number(2)?;
    text.mark('-')?;
    let day = text.number(2)?;
    text.mark('T')?;
    let since_midnight_ms = text.clock_ms()?;
    let ms = text.fraction_ms()?;
    let offset = text.offset_minutes()?;
    if !text.0.is_empty() {
        return None;
    }
    midnight_ms(year, month, day)?
        .checked_add(since_midnight_ms)?
        .checked_sub(offset.checked_mul(MS_PER_MINUTE)?)?
        .checked_add(ms)
}

/// Reads an HTTP date (RFC 9110, 5.6.7) into milliseconds since 1970-01-01 UTC.
///
/// The three forms that HTTP has: `Sun, 06 Nov 1994 08:49:37 GMT`, `Sunday, 06-Nov-94 08:49:37 GMT` and `Sun Nov  6 08:49:37 1994`. The day
/// of the week says nothing that the date does not, and is not looked at. By hand, since the crate `httpdate` adds 3 KB to the wasm, which
/// is compressed; the tests compare the two.
#[must_use]
pub fn parse_http_date_ms(text: &str) -> Option<i64> {
    let (weekday, rest) = text.split_once(' ')?;
    let mut text = Digits(rest);
    let (year, month, day, since_midnight_ms);
    if weekday.ends_with(',') {
        day = text.number(2)?;
        let hyphens = text.mark('-').is_some();
        let mark = if hyphens { '-' } else { ' ' };
        if !hyphens {
            text.mark(mark)?;
        }
        month = text.month()?;
        text.mark(mark)?;
        year = match text.number(if hyphens { 2 } else { 4 })? {
            short @ 0..70 if hyphens => short.checked_add(2000)?,
            short if hyphens => short.checked_add(1900)?,
            year => year,
        };
        text.mark(' ')?;
        since_midnight_ms = text.clock_ms()?;
        text.0 = text.0.strip_prefix(" GMT")?;
    } else {
        month = text.month()?;
        text.mark(' ')?;
        let padded = text.mark(' ').is_some();
        day = text.number(if padded { 1 } else { 2 })?;
        text.mark(' ')?;
        since_midnight_ms = text.clock_ms()?;
        text.mark(' ')?;
        year = text.number(4)?;
    }
    if !text.0.is_empty() {
        return None;
    }
    midnight_ms(year, month, day)?.checked_add(since_midnight_ms)
}

/// When a day of the calendar begins.
fn midnight_ms(year: i64, month: i64, day: i64) -> Option<i64> {
    if !is_calendar_date(year, month, day) {
        return None;
    }
    days_from_civil(year, month, day)?.checked_mul(MS_PER_DAY)
}

/// Writes milliseconds since 1970 as `YYYY-MM-DDTHH:MM:SS.mmmZ`.
///
/// Instants outside the years 0000 to 9999 are written as the nearest end of that span.
#[must_use]
pub fn format_iso_ms(ms: i64) -> String {
    let ms = ms.clamp(-62_167_219_200_000, 253_402_300_799_999);
    let (year, month, day) = civil_from_days(ms.div_euclid(MS_PER_DAY));
    let of_day = ms.rem_euclid(MS_PER_DAY);
    let hour = of_day.div_euclid(MS_PER_HOUR);
    let minute = of_day.rem_euclid(MS_PER_HOUR).div_euclid(MS_PER_MINUTE);
    let second = of_day.rem_euclid(MS_PER_MINUTE).div_euclid(MS_PER_SECOND);
    let fraction = of_day.rem_euclid(MS_PER_SECOND);
    let mut text = String::with_capacity(24);
    for (number, width, after) in [
        (year, 4, '-'),
        (month, 2, '-'),
        (day, 2, 'T'),
        (hour, 2, ':'),
        (minute, 2, ':'),
        (second, 2, '.'),
        (fraction, 3, 'Z'),
    ] {
        push_digits(&mut text, number, width);
        text.push(after);
    }
    text
}

/// Appends a number's last so many digits. `format!` is ten times the time, and this stands in every line of the log.
fn push_digits(text: &mut String, number: i64, width: u32) {
    for place in (0..width).rev() {
        let digit = number
            .checked_div(10_i64.saturating_pow(place))
            .unwrap_or_default()
            .rem_euclid(10);
        text.extend(
            u32::try_from(digit)
                .ok()
                .and_then(|digit| char::from_digit(digit, 10)),
        );
    }
}

/// Whether there is such a day in the Gregorian calendar.
#[must_use]
pub(crate) fn is_calendar_date(year: i64, month: i64, day: i64) -> bool {
    let leap = year.rem_euclid(4) == 0 && (year.rem_euclid(100) != 0 || year.rem_euclid(400) == 0);
    let days = match month {
        1 | 3 | 5 | 7 | 8 | 10 | 12 => 31,
        4 | 6 | 9 | 11 => 30,
        2 if leap => 29,
        2 => 28,
        _ => return false,
    };
    (1..=days).contains(&day)
}

/// Days since 1970-01-01, after Howard Hinnant's `days_from_civil`: years begin in March, so that leap days come last.
fn days_from_civil(year: i64, month: i64, day: i64) -> Option<i64> {
    let year = if month <= 2 {
        year.checked_sub(1)?
    } else {
        year
    };
    let era = year.div_euclid(400);
    let year_of_era = year.rem_euclid(400);
    let month_from_march = month.checked_add(9)?.rem_euclid(12);
    let day_of_year = month_from_march
        .checked_mul(153)?
        .checked_add(2)?
        .div_euclid(5)
        .checked_add(day)?
        .checked_sub(1)?;
    let leap_days = year_of_era
        .div_euclid(4)
        .checked_sub(year_of_era.div_euclid(100))?;
    let day_of_era = year_of_era
        .checked_mul(365)?
        .checked_add(leap_days)?
        .checked_add(day_of_year)?;
    era.checked_mul(146_097)?
        .checked_add(day_of_era)?
        .checked_sub(719_468)
}

/// Year, month and day of a day since 1970-01-01; the inverse of [`days_from_civil`].
fn civil_from_days(days: i64) -> (i64, i64, i64) {
    let days = days.saturating_add(719_468);
    let era = days.div_euclid(146_097);
    let day_of_era = days.rem_euclid(146_097);
    let year_of_era = day_of_era
        .saturating_sub(day_of_era.div_euclid(1460))
        .saturating_add(day_of_era.div_euclid(36_524))
        .saturating_sub(day_of_era.div_euclid(146_096))
        .div_euclid(365);
    let days_before_year = year_of_era
        .saturating_mul(365)
        .saturating_add(year_of_era.div_euclid(4))
        .saturating_sub(year_of_era.div_euclid(100));
    let day_of_year = day_of_era.saturating_sub(days_before_year);
    let month_from_march = day_of_year
        .saturating_mul(5)
        .saturating_add(2)
        .div_euclid(153);
    let day = day_of_year
        .saturating_sub(
            month_from_march
                .saturating_mul(153)
                .saturating_add(2)
                .div_euclid(5),
        )
        .saturating_add(1);
    let month = month_from_march
        .saturating_add(2)
        .rem_euclid(12)
        .saturating_add(1);
    let year = era
        .saturating_mul(400)
        .saturating_add(year_of_era)
        .saturating_add(i64::from(month <= 2));
    (year, month, day)
}

/// The rest of a text of digits and marks.
struct Digits<'a>(&'a str);

impl Digits<'_> {
    /// Reads exactly so many digits.
    fn number(&mut self, len: usize) -> Option<i64> {
        let (digits, rest) = self.0.split_at_checked(len)?;
        self.0 = rest;
        digits
            .bytes()
            .all(|b| b.is_ascii_digit())
            .then(|| digits.parse().ok())?
    }

    fn mark(&mut self, mark: char) -> Option<()> {
        self.0 = self.0.strip_prefix(mark)?;
        Some(())
    }

    /// Reads `HH:MM:SS` as milliseconds since midnight.
    fn clock_ms(&mut self) -> Option<i64> {
        let hour = self.number(2)?;
        self.mark(':')?;
        let minute = self.number(2)?;
        self.mark(':')?;
        let second = self.number(2)?;
        if hour > 23 || minute > 59 || second > 59 {
            return None;
        }
        hour.checked_mul(MS_PER_HOUR)?
            .checked_add(minute.checked_mul(MS_PER_MINUTE)?)?
            .checked_add(second.checked_mul(MS_PER_SECOND)?)
    }

    /// Reads `Jan` to `Dec` as 1 to 12.
    fn month(&mut self) -> Option<i64> {
        let (name, rest) = self.0.split_at_checked(3)?;
        let at = MONTHS.iter().position(|month| *month == name)?;
        self.0 = rest;
        i64::try_from(at).ok()?.checked_add(1)
    }

    /// Reads a fraction of a second, if there is one, as milliseconds.
    fn fraction_ms(&mut self) -> Option<i64> {
        let Some(rest) = self.0.strip_prefix('.') else {
            return Some(0);
        };
        let len = rest.bytes().take_while(u8::is_ascii_digit).count();
        let (digits, rest) = rest.split_at_checked(len)?;
        self.0 = rest;
        if !(1..=9).contains(&len) {
            return None;
        }
        digits
            .chars()
            .chain("000".chars())
            .take(3)
            .collect::<String>()
            .parse()
            .ok()
    }

    /// Reads `Z`, `±HH:MM` or `±HHMM` as minutes east of Greenwich.
    fn offset_minutes(&mut self) -> Option<i64> {
        if self.mark('Z').is_some() {
            return Some(0);
        }
        let west = self.mark('-').is_some();
        if !west {
            self.mark('+')?;
        }
        let hours = self.number(2)?;
        let _ = self.mark(':');
        let minutes = self.number(2)?;
        if hours > 23 || minutes > 59 {
            return None;
        }
        let east = hours.checked_mul(60)?.checked_add(minutes)?;
        if west { east.checked_neg() } else { Some(east) }
    }
}

/// Milliseconds of a Unix time that is in seconds or in milliseconds, told apart by magnitude.
///
/// Below 10^11 it is taken for seconds: as seconds that is the year 5138, as milliseconds 1973, before PaySG.
#[must_use]
pub const fn ms_of_either_unit(unix_time: i64) -> i64 {
    if unix_time.unsigned_abs() < 100_000_000_000 {
        unix_time.saturating_mul(MS_PER_SECOND)
    } else {
        unix_time
    }
}
