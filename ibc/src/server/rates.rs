//! How often: connections of an address, sessions and requests of a credential.

use super::Limits;
use crate::service::budgets::{self, Budget};
use core::hash::Hash;
use core::sync::atomic::{AtomicU32, AtomicUsize, Ordering};
use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Keys that are remembered. Beyond, those at rest are forgotten; if none is, newcomers are not counted, since refusing
/// them would be what a flood wants.
const REMEMBERED: usize = 65_536;

/// At once, as a multiple of the rate.
const BURST: u32 = 4;

/// The rates and numbers of a server.
pub(super) struct Rates {
    addresses: Rate<IpAddr>,
    credentials: Rate<Arc<str>>,
    requests: Rate<Arc<str>>,
    sessions: Arc<Sessions>,
}

impl Rates {
    pub(super) fn new(limits: &Limits) -> Self {
        Self {
            addresses: Rate::new(limits.address_rate),
            credentials: Rate::new(limits.credential_rate),
            requests: Rate::new(limits.request_rate),
            sessions: Arc::new(Sessions {
                most: AtomicUsize::new(limits.sessions_per_credential),
                counts: Mutex::default(),
            }),
        }
    }

    /// Other rates and numbers. What was counted stays.
    pub(super) fn set(&self, limits: &Limits) {
        self.addresses.set(limits.address_rate);
        self.credentials.set(limits.credential_rate);
        self.requests.set(limits.request_rate);
        self.sessions.most.store(limits.sessions_per_credential, Ordering::Relaxed);
    }

    /// Whether another connection from this address is in order now.
    pub(super) fn admit_address(&self, address: IpAddr) -> bool {
        self.addresses.admit(&counted_as(address), Instant::now())
    }

    /// Whether another request of this credential is.
    pub(super) fn admit_request(&self, credential: &Arc<str>) -> bool {
        self.requests.admit(credential, Instant::now())
    }

    /// Another session of this credential, which counts until what is given is dropped; or the budget that is used up.
    pub(super) fn admit_credential(&self, credential: &Arc<str>) -> Result<SessionPermit, &'static Budget> {
        let session = Arc::clone(&self.sessions).enter(credential);
        let session = session.ok_or(&budgets::SESSIONS_PER_CREDENTIAL)?;
        let admitted = self.credentials.admit(credential, Instant::now());
        if admitted { Ok(session) } else { Err(&budgets::CREDENTIAL_RATE) }
    }
}

/// A network of IPv6 counts as one: whoever has it can use all of it.
fn counted_as(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(address) => IpAddr::V4(address),
            None => {
                let [a, b, c, d, ..] = address.segments();
                IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
            }
        },
        address @ IpAddr::V4(_) => address,
    }
}

/// A leaky bucket for each key: for each the time at which it is empty.
struct Rate<K> {
    /// Events in a second, at least 1.
    per_second: AtomicU32,
    empty_at: Mutex<HashMap<K, Instant>>,
}

impl<K: Clone + Eq + Hash> Rate<K> {
    fn new(per_second: u32) -> Self {
        Self { per_second: AtomicU32::new(per_second.max(1)), empty_at: Mutex::default() }
    }

    fn set(&self, per_second: u32) {
        self.per_second.store(per_second.max(1), Ordering::Relaxed);
    }

    fn admit(&self, key: &K, now: Instant) -> bool {
        let per_second = self.per_second.load(Ordering::Relaxed);
        let interval = Duration::from_secs(1) / per_second;
        let depth = interval * per_second.saturating_mul(BURST);
        let mut empty_at = self.empty_at.lock().unwrap_or_else(PoisonError::into_inner);
        let empty = match empty_at.get_mut(key) {
            Some(empty) => empty,
            None => {
                if empty_at.len() >= REMEMBERED {
                    empty_at.retain(|_, empty| *empty > now);
                    if empty_at.len() >= REMEMBERED {
                        return true;
                    }
                }
                empty_at.entry(key.clone()).or_insert(now)
            }
        };
        let after = (*empty).max(now) + interval;
        let fits = after.duration_since(now) <= depth;
        if fits {
            *empty = after;
        }
        fits
    }
}

struct Sessions {
    most: AtomicUsize,
    counts: Mutex<HashMap<Arc<str>, usize>>,
}

impl Sessions {
    fn enter(self: Arc<Self>, credential: &Arc<str>) -> Option<SessionPermit> {
        let mut counts = self.counts.lock().unwrap_or_else(PoisonError::into_inner);
        let count = counts.entry(Arc::clone(credential)).or_insert(0);
        if *count >= self.most.load(Ordering::Relaxed) {
            return None;
        }
        *count += 1;
        drop(counts);
        Some(SessionPermit { sessions: self, credential: Arc::clone(credential) })
    }
}

/// A session that counts; ends when dropped.
pub(super) struct SessionPermit {
    sessions: Arc<Sessions>,
    credential: Arc<str>,
}

impl Drop for SessionPermit {
    fn drop(&mut self) {
        let mut counts = self.sessions.counts.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = counts.get_mut(&self.credential) {
            *count -= 1;
            if *count == 0 {
                counts.remove(&self.credential);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_burst_passes_and_then_the_rate() {
        let rate = Rate::new(10);
        let start = Instant::now();
        let passed = (0..100).filter(|_| rate.admit(&"a", start)).count();
        assert_eq!(passed, 40);
        assert!(rate.admit(&"b", start), "another key is another bucket");
        let later = start + Duration::from_secs(1);
        let passed = (0..100).filter(|_| rate.admit(&"a", later)).count();
        assert_eq!(passed, 10);
    }

    #[test]
    fn networks_of_ipv6_and_mapped_addresses_count_as_one() {
        let counted = |text: &str| counted_as(text.parse().expect("an address"));
        assert_eq!(counted("2001:db8::1"), counted("2001:db8::ffff:2"));
        assert_ne!(counted("2001:db8::1"), counted("2001:db8:0:1::1"));
        assert_eq!(counted("::ffff:192.0.2.1"), counted("192.0.2.1"));
    }

    #[test]
    fn sessions_count_while_they_last() {
        let limits = Limits { sessions_per_credential: 2, ..Limits::default() };
        let rates = Rates::new(&limits);
        let admit =
            |credential: &str| rates.admit_credential(&credential.into()).map_err(|reached| reached.name);
        let first = admit("a").expect("room");
        let _second = admit("a").expect("room");
        assert_eq!(admit("a").err(), Some("sessions_per_credential"));
        assert!(admit("b").is_ok());
        drop(first);
        assert!(admit("a").is_ok());
    }

    #[test]
    fn a_session_that_comes_too_fast_meets_another_budget() {
        let rates = Rates::new(&Limits { credential_rate: 1, ..Limits::default() });
        let admit = || rates.admit_credential(&"a".into()).map(drop).map_err(|reached| reached.name);
        assert_eq!((0..5).filter(|_| admit().is_ok()).count(), 4);
        assert_eq!(admit(), Err("credential_rate"));
    }
}
