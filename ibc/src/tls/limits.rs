//! How many handshakes may be under way.

use std::collections::HashMap;
use std::net::{IpAddr, Ipv6Addr};
use std::sync::{Arc, Mutex, PoisonError};

/// Most handshakes under way at a time.
///
/// Handshakes, not sessions: what a stranger can make this side do and remember. Whom an identity belongs to
/// is not known before the end, so that nothing here counts by identity.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct HandshakeLimits {
    /// In all.
    pub total: usize,
    /// From one address; of IPv6 the first 64 bits count.
    pub per_address: usize,
}

impl Default for HandshakeLimits {
    fn default() -> Self {
        Self { total: 256, per_address: 64 }
    }
}

/// Counts handshakes. For servers with I/O of their own as well.
#[derive(Debug)]
pub struct HandshakeLimiter {
    limits: HandshakeLimits,
    under_way: Mutex<UnderWay>,
}

#[derive(Debug, Default)]
struct UnderWay {
    total: usize,
    by_address: HashMap<IpAddr, usize>,
}

impl HandshakeLimiter {
    /// Nothing under way yet.
    pub fn new(limits: HandshakeLimits) -> Arc<Self> {
        Arc::new(Self { limits, under_way: Mutex::default() })
    }

    /// Counts a handshake from this address until the permit is dropped; `None` if there are enough.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<HandshakePermit> {
        let address = counted_as(address);
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let here = under_way.by_address.get(&address).copied().unwrap_or(0);
        if under_way.total >= self.limits.total || here >= self.limits.per_address {
            return None;
        }
        under_way.total += 1;
        under_way.by_address.insert(address, here + 1);
        Some(HandshakePermit { limiter: Arc::clone(self), address })
    }

    /// How many are under way.
    pub fn under_way(&self) -> usize {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).total
    }
}

/// One handshake under way; ends when dropped.
#[derive(Debug)]
pub struct HandshakePermit {
    limiter: Arc<HandshakeLimiter>,
    address: IpAddr,
}

impl Drop for HandshakePermit {
    fn drop(&mut self) {
        let mut under_way = self.limiter.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.total -= 1;
        if let Some(here) = under_way.by_address.get_mut(&self.address) {
            *here -= 1;
            if *here == 0 {
                under_way.by_address.remove(&self.address);
            }
        }
    }
}

/// Whoever has one IPv6 address has 2⁶⁴ of them.
fn counted_as(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V6(address) => IpAddr::V6(Ipv6Addr::from_bits(address.to_bits() & !u128::from(u64::MAX))),
        address @ IpAddr::V4(_) => address,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn limiter() -> Arc<HandshakeLimiter> {
        HandshakeLimiter::new(HandshakeLimits { total: 3, per_address: 2 })
    }

    #[test]
    fn an_address_and_all_together_have_their_bounds() {
        let limiter = limiter();
        let admit = |text: &str| limiter.admit(text.parse().expect("an address"));
        let first = admit("192.0.2.1").expect("room");
        let second = admit("::ffff:192.0.2.1").expect("room for the same address in another form");
        assert!(admit("192.0.2.1").is_none());
        let _third = admit("192.0.2.2").expect("room for another");
        assert!(admit("192.0.2.3").is_none(), "three in all");
        drop(first);
        let _fourth = admit("192.0.2.3").expect("room again");
        drop(second);
        assert_eq!(limiter.under_way(), 2);
    }

    #[test]
    fn a_network_of_ipv6_counts_as_one() {
        let limiter = limiter();
        let admit = |text: &str| limiter.admit(text.parse().expect("an address"));
        let _first = admit("2001:db8::1").expect("room");
        let _second = admit("2001:db8::ffff:1").expect("room");
        assert!(admit("2001:db8::2").is_none());
        assert!(admit("2001:db8:0:1::1").is_some());
    }
}
