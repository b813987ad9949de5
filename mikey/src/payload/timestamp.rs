//! T: RFC 3830 §6.6.

use crate::error::{ParseError, Problem};
use crate::wire::Reader;
use alloc::vec::Vec;
use eccsi_sakke::onem2m::UnixTime;

/// When a message was made, RFC 3830 §6.6: TS type (1 octet), value (8 octets, for types 2 and 3 4). Seconds of NTP count from 1900 and start again every 2³² seconds, next on 2036-02-07.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Timestamp {
    /// Type 0, NTP-UTC: seconds in the upper half, their fraction in the lower.
    NtpUtc(u64),
    /// Type 1, NTP.
    Ntp(u64),
    /// Type 2, a counter.
    Counter(u32),
    /// Type 3, NTP-UTC-32: seconds alone (RFC 6043).
    NtpUtc32(u32),
}

/// Seconds from 1900-01-01 to 1970-01-01.
pub(crate) const UNIX_EPOCH: u64 = 2_208_988_800;

impl Timestamp {
    /// Type 0 with a fraction of 0; `None` for a time beyond what 64 bits count.
    pub fn at(time: UnixTime) -> Option<Self> {
        let seconds = time.as_seconds().checked_add(UNIX_EPOCH)?;
        // Of the era nothing is said: a receiver takes the one that is nearest.
        Some(Self::NtpUtc((seconds & u64::from(u32::MAX)) << 32))
    }

    /// TS type.
    pub const fn ts_type(&self) -> u8 {
        match self {
            Self::NtpUtc(_) => 0,
            Self::Ntp(_) => 1,
            Self::Counter(_) => 2,
            Self::NtpUtc32(_) => 3,
        }
    }

    /// The time, in the era of NTP that brings it nearest to `now`, fractions left out; `None` for a counter, or a time
    /// before 1970.
    pub fn near(&self, now: UnixTime) -> Option<UnixTime> {
        let seconds = match self {
            Self::NtpUtc(value) | Self::Ntp(value) => value >> 32,
            Self::NtpUtc32(seconds) => u64::from(*seconds),
            Self::Counter(_) => return None,
        };
        const ERA: u64 = 1 << 32;
        let now = now.as_seconds().checked_add(UNIX_EPOCH)?;
        let same = (now / ERA * ERA).checked_add(seconds)?;
        let candidates = [same.checked_sub(ERA), Some(same), same.checked_add(ERA)];
        let nearest = candidates.into_iter().flatten().min_by_key(|time| time.abs_diff(now))?;
        nearest.checked_sub(UNIX_EPOCH).map(UnixTime::from_seconds)
    }

    pub(crate) fn read(reader: &mut Reader<'_>) -> Result<Self, ParseError> {
        let at = reader.at();
        Ok(match reader.u8()? {
            0 => Self::NtpUtc(u64::from_be_bytes(reader.array()?)),
            1 => Self::Ntp(u64::from_be_bytes(reader.array()?)),
            2 => Self::Counter(reader.u32()?),
            3 => Self::NtpUtc32(reader.u32()?),
            kind => return Err(ParseError { at, problem: Problem::TimestampType(kind) }),
        })
    }

    pub(crate) fn write(&self, out: &mut Vec<u8>) {
        out.push(self.ts_type());
        match self {
            Self::NtpUtc(value) | Self::Ntp(value) => out.extend(value.to_be_bytes()),
            Self::Counter(value) | Self::NtpUtc32(value) => out.extend(value.to_be_bytes()),
        }
    }
}
