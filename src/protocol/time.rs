//! Moments, as numbers that are handed in.

/// A moment: milliseconds since 1970-01-01T00:00:00Z.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct UnixTime(i64);

/// A moment by two clocks: the wall clock, which people and suspended machines set to and fro, and a steady one, which
/// only runs forward and may stand still while the machine sleeps.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Moment {
    /// By the wall clock.
    pub wall: UnixTime,
    /// Milliseconds by the steady clock, since whenever.
    pub steady: i64,
}

impl Moment {
    /// The moment `millis` later, or earlier if negative.
    pub fn plus_millis(self, millis: i64) -> Self {
        Moment { wall: self.wall.plus_millis(millis), steady: self.steady.saturating_add(millis) }
    }

    /// The moment `seconds` later, or earlier if negative.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// Whether `deadline` has come, by either clock: too early does no harm, too late would.
    pub fn has_reached(self, deadline: Moment) -> bool {
        self.wall >= deadline.wall || self.steady >= deadline.steady
    }

    /// The milliseconds until `deadline`, by the clock that gets there first.
    pub fn millis_until(self, deadline: Moment) -> i64 {
        deadline.wall.saturating_sub(self.wall).min(deadline.steady.saturating_sub(self.steady)).max(0)
    }
}

impl UnixTime {
    /// From milliseconds.
    pub const fn from_millis(millis: i64) -> Self {
        UnixTime(millis)
    }

    /// From seconds, as JWT claims have them (RFC 7519 section 2, NumericDate): fractions count. Out of range is the nearest end.
    pub fn from_seconds(seconds: f64) -> Self {
        UnixTime((seconds * 1000.0) as i64)
    }

    /// The milliseconds.
    pub fn as_millis(self) -> i64 {
        self.0
    }

    /// The moment `millis` later, or earlier if negative.
    pub fn plus_millis(self, millis: i64) -> Self {
        UnixTime(self.0.saturating_add(millis))
    }

    /// The moment `seconds` later, or earlier if negative.
    pub fn plus_seconds(self, seconds: i64) -> Self {
        self.plus_millis(seconds.saturating_mul(1000))
    }

    /// The milliseconds from `earlier` to here.
    pub fn saturating_sub(self, earlier: UnixTime) -> i64 {
        self.0.saturating_sub(earlier.0)
    }

    /// From an IMF-fixdate such as `Sun, 06 Nov 1994 08:49:37 GMT` (RFC 9110 section 5.6.7).
    pub fn from_http_date(text: &str) -> Option<Self> {
        const MONTHS: [&str; 12] = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
        let mut parts = text.split_once(',')?.1.strip_prefix(' ')?.split(' ');
        let day: i64 = parts.next()?.parse().ok()?;
        let month = parts.next()?;
        let month = i64::try_from(MONTHS.iter().position(|name| *name == month)?).ok()?;
        let year: i64 = parts.next()?.parse().ok()?;
        let mut clock = parts.next()?.split(':').map(|part| part.parse::<i64>().ok());
        let (hour, minute, second) = (clock.next()??, clock.next()??, clock.next()??);
        let in_range = (1..=31).contains(&day) && (1970..=9999).contains(&year) && (0..24).contains(&hour);
        if !in_range || parts.next() != Some("GMT") || !(0..60).contains(&minute) || !(0..61).contains(&second) {
            return None;
        }
        let days = days_before(year, month + 1) + day - 1;
        Some(UnixTime((((days * 24 + hour) * 60 + minute) * 60 + second) * 1000))
    }
}

/// The days from 1970-01-01 to the first of `month` (1 to 12) in the proleptic Gregorian calendar.
fn days_before(year: i64, month: i64) -> i64 {
    // Years that begin in March have their leap day at the end.
    let (year, month) = if month > 2 { (year, month - 3) } else { (year - 1, month + 9) };
    let leap_days = year / 4 - year / 100 + year / 400;
    year * 365 + leap_days + (month * 153 + 2) / 5 - 719_468
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn http_dates_are_read() {
        let read = |text| UnixTime::from_http_date(text).map(UnixTime::as_millis);
        assert_eq!(read("Sun, 06 Nov 1994 08:49:37 GMT"), Some(784_111_777_000));
        assert_eq!(read("Thu, 01 Jan 1970 00:00:00 GMT"), Some(0));
        assert_eq!(read("Thu, 29 Feb 2024 23:59:59 GMT"), Some(1_709_251_199_000));
        for wrong in [
            "",
            "now",
            "Sunday, 06-Nov-94 08:49:37 GMT",
            "Sun, 06 Nov 1994 08:49:37 CET",
            "Sun, 99 Nov 1994 08:49:37 GMT",
            "Sun, 06 ovD 1994 08:49:37 GMT",
        ] {
            assert_eq!(read(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn seconds_out_of_range_do_no_harm() {
        assert_eq!(UnixTime::from_seconds(1.5).as_millis(), 1500);
        assert_eq!(UnixTime::from_seconds(f64::NAN).as_millis(), 0);
        assert_eq!(UnixTime::from_seconds(f64::INFINITY).as_millis(), i64::MAX);
        assert_eq!(UnixTime::from_millis(i64::MAX).plus_seconds(i64::MAX).as_millis(), i64::MAX);
    }
}
