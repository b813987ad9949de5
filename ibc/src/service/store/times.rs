//! Times as the database keeps them: seconds since 1970, signed.

use eccsi_sakke::onem2m::UnixTime;

/// The number for a time.
pub(crate) fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_seconds()).unwrap_or(i64::MAX)
}

/// The time for a number.
pub(crate) fn time(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds.unsigned_abs())
}
