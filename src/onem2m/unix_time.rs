//! Time as the caller's clock gives it.

use core::time::Duration;

/// Seconds since 1970-01-01T00:00:00 UTC, leap seconds not counted (POSIX time).
///
/// Passed in wherever "now" matters, so that no code of the core reads a clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct UnixTime(u64);

impl UnixTime {
    /// 1970-01-01T00:00:00 UTC.
    pub const EPOCH: Self = Self(0);

    /// The time `seconds` after the epoch.
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the epoch.
    pub const fn as_seconds(self) -> u64 {
        self.0
    }

    /// This time plus the whole seconds of `duration`; `None` if that exceeds the type.
    pub const fn checked_add(self, duration: Duration) -> Option<Self> {
        match self.0.checked_add(duration.as_secs()) {
            Some(seconds) => Some(Self(seconds)),
            None => None,
        }
    }

    /// This time less the whole seconds of `duration`; `None` if that is before the epoch.
    pub const fn checked_sub(self, duration: Duration) -> Option<Self> {
        match self.0.checked_sub(duration.as_secs()) {
            Some(seconds) => Some(Self(seconds)),
            None => None,
        }
    }
}
