//! Key periods of TS 33.180 Annex F.2.1.

use super::UserError;
use crate::payload::UNIX_EPOCH;
use eccsi_sakke::onem2m::UnixTime;

/// Key periods of equal length, numbered since 0 h on 1 January 1900 (UTC), the first one beginning at an offset.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct KeyPeriod {
    seconds: u64,
    offset: u64,
}

impl KeyPeriod {
    /// Periods of `seconds` (UserKeyPeriod of a KMS certificate, such as 2 592 000), which begin `offset` seconds
    /// (UserKeyOffset) after multiples of it.
    ///
    /// # Errors
    /// [`UserError::Period`] unless `offset` is below `seconds`.
    pub const fn new(seconds: u64, offset: u64) -> Result<Self, UserError> {
        if offset < seconds { Ok(Self { seconds, offset }) } else { Err(UserError::Period) }
    }

    /// The length, in seconds.
    pub const fn seconds(&self) -> u64 {
        self.seconds
    }

    /// The offset, in seconds.
    pub const fn offset(&self) -> u64 {
        self.offset
    }

    /// The number of the period at a time; `None` before the first one.
    pub const fn number_at(&self, time: UnixTime) -> Option<u64> {
        match time.as_seconds().checked_add(UNIX_EPOCH) {
            Some(since_1900) if since_1900 >= self.offset => Some((since_1900 - self.offset) / self.seconds),
            _ => None,
        }
    }

    /// When a period begins; `None` if that is before 1970 or beyond what is counted.
    pub const fn start_of(&self, number: u64) -> Option<UnixTime> {
        let Some(periods) = number.checked_mul(self.seconds) else { return None };
        let Some(since_1900) = periods.checked_add(self.offset) else { return None };
        match since_1900.checked_sub(UNIX_EPOCH) {
            Some(seconds) => Some(UnixTime::from_seconds(seconds)),
            None => None,
        }
    }
}
