//! Time comes from outside, so that tests can set it. One clock serves servers, clients and associations.

use core::sync::atomic::{AtomicU64, Ordering};
use eccsi_sakke::onem2m::UnixTime;
use std::time::SystemTime;

/// Tells the time: the system's ([`SystemClock`]), what was set ([`ManualClock`]), or what a closure says.
pub trait Clock: Send + Sync {
    /// Now, in UTC. 1970 stands for a clock that cannot be read, at which nothing is issued.
    fn now(&self) -> UnixTime;
}

impl<F: Fn() -> UnixTime + Send + Sync> Clock for F {
    fn now(&self) -> UnixTime {
        self()
    }
}

/// The clock of the operating system. One before 1970 counts as 1970.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> UnixTime {
        let since = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        UnixTime::from_seconds(since.as_secs())
    }
}

/// A clock that stands until it is set.
#[derive(Debug)]
pub struct ManualClock(AtomicU64);

impl ManualClock {
    /// Stands at `now`.
    pub const fn new(now: UnixTime) -> Self {
        Self(AtomicU64::new(now.as_seconds()))
    }

    /// Sets it, forward or back.
    pub fn set(&self, now: UnixTime) {
        self.0.store(now.as_seconds(), Ordering::SeqCst);
    }

    /// Moves it forward.
    pub fn advance(&self, seconds: u64) {
        self.0.fetch_add(seconds, Ordering::SeqCst);
    }
}

impl Clock for ManualClock {
    fn now(&self) -> UnixTime {
        UnixTime::from_seconds(self.0.load(Ordering::SeqCst))
    }
}
