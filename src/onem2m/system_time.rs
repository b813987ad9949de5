//! Times of the standard library.

use super::{IdentifierError, UnixTime};
use core::time::Duration;
use std::time::{SystemTime, UNIX_EPOCH};

/// The whole seconds; an earlier time than 1970 is refused ([`IdentifierError::TimeRange`]).
impl TryFrom<SystemTime> for UnixTime {
    type Error = IdentifierError;

    fn try_from(time: SystemTime) -> Result<Self, Self::Error> {
        let since = time.duration_since(UNIX_EPOCH).map_err(|_| IdentifierError::TimeRange)?;
        Ok(Self::from_seconds(since.as_secs()))
    }
}

/// Refused ([`IdentifierError::TimeRange`]) if the system has no such time.
impl TryFrom<UnixTime> for SystemTime {
    type Error = IdentifierError;

    fn try_from(time: UnixTime) -> Result<Self, Self::Error> {
        UNIX_EPOCH.checked_add(Duration::from_secs(time.as_seconds())).ok_or(IdentifierError::TimeRange)
    }
}
