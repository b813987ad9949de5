//! Months, the key periods of RFC 6509 §3.2.

use super::UserError;
use core::fmt;
use eccsi_sakke::onem2m::UnixTime;

/// A month of the Gregorian calendar in UTC, as `2011-02`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    year: u16,
    month: u8,
}

impl Month {
    /// The month of a time; `None` from the year 10 000 on, which four digits do not say.
    pub fn of(time: UnixTime) -> Option<Self> {
        // The calendar is that of the core, which writes RFC 3339.
        let text = alloc::format!("{time}");
        let (month, rest) = text.split_at_checked(7)?;
        if rest.starts_with('-') { Self::parse(month).ok() } else { None }
    }

    /// Reads `YYYY-MM`.
    ///
    /// # Errors
    /// [`UserError::Month`].
    pub fn parse(text: &str) -> Result<Self, UserError> {
        let digits = |text: &str| text.bytes().all(|octet| octet.is_ascii_digit());
        let (year, month) = text.split_once('-').ok_or(UserError::Month)?;
        if year.len() != 4 || month.len() != 2 || !digits(year) || !digits(month) {
            return Err(UserError::Month);
        }
        let year = year.parse().map_err(|_| UserError::Month)?;
        let month = month.parse().map_err(|_| UserError::Month)?;
        if (1..=12).contains(&month) { Ok(Self { year, month }) } else { Err(UserError::Month) }
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}
