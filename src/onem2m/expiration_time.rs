//! expirationTime: the instant from which something is no longer valid.

use core::fmt;

use super::calendar::{date_from_days, days_from_date, days_in_month};
use super::text_form::text_form;
use super::{IdentifierError, UnixTime};

const DAY: u64 = 86_400;

/// An expirationTime: fifteen characters `YYYYMMDDThhmmss`, in UTC.
///
/// The m2m:timestamp of TS-0004 clause 6.3.3, that is ISO 8601 basic format with all components and
/// no zone, at a granularity of one second. What carries it is not valid at or after this instant.
///
/// Years 1970 to 9999: four digits end there, and [`UnixTime`] begins here. A second 60 is refused,
/// since POSIX time has none.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
#[doc(alias = "expirationTime")]
pub struct ExpirationTime(UnixTime);

impl ExpirationTime {
    /// Octets of the text.
    pub const LEN: usize = 15;

    /// 1970-01-01T00:00:00.
    pub const MIN: Self = Self(UnixTime::EPOCH);

    /// 9999-12-31T23:59:59.
    pub const MAX: Self = Self(UnixTime::from_seconds((days_from_date(9999, 12, 31) + 1) * DAY - 1));

    /// Reads a time as it stands in an ID_2 and in what we send: no fraction.
    ///
    /// # Errors
    /// [`IdentifierError::TimeForm`], [`IdentifierError::TimeRange`], and
    /// [`IdentifierError::TimeFraction`] for a fraction.
    pub fn parse(text: &str) -> Result<Self, IdentifierError> {
        if text.contains(',') {
            return Err(IdentifierError::TimeFraction);
        }
        let digits: &[u8; Self::LEN] = text.as_bytes().try_into().map_err(|_| IdentifierError::TimeForm)?;
        if digits[8] != b'T' {
            return Err(IdentifierError::TimeForm);
        }
        let (year, month, day) = (number(&digits[..4])?, number(&digits[4..6])?, number(&digits[6..8])?);
        let (hour, minute, second) =
            (number(&digits[9..11])?, number(&digits[11..13])?, number(&digits[13..])?);
        if year < 1970
            || !(1..=days_in_month(year, month)).contains(&day)
            || hour > 23
            || minute > 59
            || second > 59
        {
            return Err(IdentifierError::TimeRange);
        }
        let seconds = days_from_date(year, month, day) * DAY + hour * 3_600 + minute * 60 + second;
        Ok(Self(UnixTime::from_seconds(seconds)))
    }

    /// Reads a time from a request, where TS-0004 clause 6.3.3 lets a comma and 1 to 6 digits of a
    /// fraction follow. The fraction is dropped: never later than asked.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); [`IdentifierError::TimeFraction`] for a malformed fraction.
    pub fn parse_request(text: &str) -> Result<Self, IdentifierError> {
        let Some((whole, fraction)) = text.split_once(',') else { return Self::parse(text) };
        if !(1..=6).contains(&fraction.len()) || !fraction.bytes().all(|octet| octet.is_ascii_digit()) {
            return Err(IdentifierError::TimeFraction);
        }
        Self::parse(whole)
    }

    /// The instant `time` as an expirationTime.
    ///
    /// # Errors
    /// [`IdentifierError::TimeRange`] after the year 9999.
    pub const fn from_unix(time: UnixTime) -> Result<Self, IdentifierError> {
        if time.as_seconds() > Self::MAX.0.as_seconds() {
            return Err(IdentifierError::TimeRange);
        }
        Ok(Self(time))
    }

    /// The instant in seconds since 1970.
    pub const fn to_unix(self) -> UnixTime {
        self.0
    }
}

/// The value of a few decimal digits.
fn number(digits: &[u8]) -> Result<u64, IdentifierError> {
    digits.iter().try_fold(0, |value, digit| match digit {
        b'0'..=b'9' => Ok(value * 10 + u64::from(digit - b'0')),
        _ => Err(IdentifierError::TimeForm),
    })
}

impl TryFrom<UnixTime> for ExpirationTime {
    type Error = IdentifierError;

    fn try_from(time: UnixTime) -> Result<Self, Self::Error> {
        Self::from_unix(time)
    }
}

impl From<ExpirationTime> for UnixTime {
    fn from(time: ExpirationTime) -> Self {
        time.0
    }
}

impl fmt::Display for ExpirationTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let seconds = self.0.as_seconds();
        let (year, month, day) = date_from_days(seconds / DAY);
        let seconds = seconds % DAY;
        let (hour, minute, second) = (seconds / 3_600, seconds / 60 % 60, seconds % 60);
        write!(f, "{year:04}{month:02}{day:02}T{hour:02}{minute:02}{second:02}")
    }
}

text_form!(ExpirationTime, "a time YYYYMMDDThhmmss");

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;

    #[test]
    fn known_instants() {
        for (text, seconds) in [
            ("19700101T000000", 0),
            ("20000229T000000", 951_782_400),
            ("20010909T014640", 1_000_000_000),
            ("20380119T031408", 1 << 31),
            ("20270101T000000", 1_798_761_600),
            ("21060207T062816", 1 << 32),
            ("99991231T235959", 253_402_300_799),
        ] {
            let time = ExpirationTime::parse(text).unwrap();
            assert_eq!(time.to_unix().as_seconds(), seconds, "{text}");
            assert_eq!(ExpirationTime::from_unix(UnixTime::from_seconds(seconds)), Ok(time));
            assert_eq!(time.to_string(), text);
        }
        assert_eq!(ExpirationTime::parse("99991231T235959"), Ok(ExpirationTime::MAX));
        assert_eq!(
            ExpirationTime::from_unix(UnixTime::from_seconds(253_402_300_800)),
            Err(IdentifierError::TimeRange)
        );
    }

    #[test]
    fn every_second_of_a_day_and_every_noon_of_four_centuries_round_trips() {
        let leap_day = 19_782 * DAY;
        let seconds = (leap_day..leap_day + DAY).chain((0..146_097).map(|day| day * DAY + DAY / 2));
        for seconds in seconds {
            let time = ExpirationTime::from_unix(UnixTime::from_seconds(seconds)).unwrap();
            assert_eq!(ExpirationTime::parse(&time.to_string()), Ok(time));
        }
    }

    /// Month and day from 00 to 99 in a common and a leap year: accepted exactly when they exist.
    #[test]
    fn accepts_exactly_the_days_that_exist() {
        for (year, days) in [(2023, 365), (2024, 366), (2000, 366), (2100, 365)] {
            let accepted = (0..100)
                .flat_map(|month| (0..100).map(move |day| (month, day)))
                .filter(|(month, day)| {
                    ExpirationTime::parse(&alloc::format!("{year}{month:02}{day:02}T000000")).is_ok()
                })
                .count();
            assert_eq!(accepted, days, "{year}");
        }
    }

    #[test]
    fn a_fraction_rounds_down() {
        assert_eq!(
            ExpirationTime::parse_request("20270101T000000,999999"),
            ExpirationTime::parse("20270101T000000")
        );
    }
}
