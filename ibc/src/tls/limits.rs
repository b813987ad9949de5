//! How many handshakes may be under way.

use core::fmt;
use std::boxed::Box;
use std::collections::hash_map::Entry;
use std::collections::{BTreeMap, HashMap};
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
///
/// When all places are taken, a newcomer still gets one from the address that holds most, if that holds two more than the
/// newcomer's: few addresses that say nothing do not keep out the others.
#[derive(Debug)]
pub struct HandshakeLimiter {
    under_way: Mutex<UnderWay>,
}

#[derive(Debug, Default)]
struct UnderWay {
    limits: HandshakeLimits,
    total: usize,
    /// How many have been counted; numbers them.
    counted: u64,
    by_address: HashMap<IpAddr, BTreeMap<u64, End>>,
}

/// Ends a handshake for another's sake.
struct End(Option<Box<dyn FnOnce() + Send>>);

impl fmt::Debug for End {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("End").field(&self.0.is_some()).finish()
    }
}

impl UnderWay {
    fn of(&self, address: IpAddr) -> usize {
        self.by_address.get(&address).map_or(0, BTreeMap::len)
    }

    /// Takes the oldest handshake that can be ended from the address that holds most, if that is more than `least`.
    fn make_room(&mut self, least: usize) -> Option<Box<dyn FnOnce() + Send>> {
        let of_one = self.by_address.iter().filter(|(_, of_one)| of_one.len() > least);
        let address = *of_one.max_by_key(|(_, of_one)| of_one.len())?.0;
        let of_one = self.by_address.get_mut(&address)?;
        let number = of_one.iter().find(|(_, end)| end.0.is_some()).map(|(number, _)| *number)?;
        let end = of_one.get_mut(&number)?.0.take();
        self.remove(address, number);
        end
    }

    fn remove(&mut self, address: IpAddr, number: u64) {
        if let Entry::Occupied(mut of_one) = self.by_address.entry(address)
            && of_one.get_mut().remove(&number).is_some()
        {
            self.total -= 1;
            if of_one.get().is_empty() {
                of_one.remove();
            }
        }
    }
}

impl HandshakeLimiter {
    /// Nothing under way yet.
    pub fn new(limits: HandshakeLimits) -> Arc<Self> {
        let under_way = UnderWay { limits, ..UnderWay::default() };
        Arc::new(Self { under_way: Mutex::new(under_way) })
    }

    /// Other limits. Handshakes that are under way go on.
    pub fn set(&self, limits: HandshakeLimits) {
        self.under_way.lock().unwrap_or_else(PoisonError::into_inner).limits = limits;
    }

    /// Counts a handshake from this address until the permit is dropped; `None` if there are enough.
    pub fn admit(self: &Arc<Self>, address: IpAddr) -> Option<HandshakePermit> {
        self.count(address, End(None))
    }

    /// The same for a handshake that can be ended: `end` is called, on another's thread, when it has to make room. It
    /// should be short, and its handshake no longer counts then.
    pub fn admit_until(
        self: &Arc<Self>,
        address: IpAddr,
        end: impl FnOnce() + Send + 'static,
    ) -> Option<HandshakePermit> {
        self.count(address, End(Some(Box::new(end))))
    }

    fn count(self: &Arc<Self>, address: IpAddr, end: End) -> Option<HandshakePermit> {
        let address = counted_as(address);
        let mut under_way = self.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        let here = under_way.of(address);
        if here >= under_way.limits.per_address {
            return None;
        }
        let is_full = under_way.total >= under_way.limits.total;
        let other = if is_full { Some(under_way.make_room(here + 1)?) } else { None };
        under_way.total += 1;
        under_way.counted += 1;
        let number = under_way.counted;
        under_way.by_address.entry(address).or_default().insert(number, end);
        drop(under_way);
        if let Some(end) = other {
            end();
        }
        Some(HandshakePermit { limiter: Arc::clone(self), address, number })
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
    number: u64,
}

impl Drop for HandshakePermit {
    fn drop(&mut self) {
        let mut under_way = self.limiter.under_way.lock().unwrap_or_else(PoisonError::into_inner);
        under_way.remove(self.address, self.number);
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
    use std::vec::Vec;

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
    fn who_holds_most_makes_room_for_who_holds_less() {
        let limiter = HandshakeLimiter::new(HandshakeLimits { total: 4, per_address: 4 });
        let ended: Arc<Mutex<Vec<usize>>> = Arc::default();
        let admit = |text: &str, number| {
            let ended = Arc::clone(&ended);
            let end = move || ended.lock().expect("no panic").push(number);
            limiter.admit_until(text.parse().expect("an address"), end)
        };
        let many: Vec<_> = (0..4).map(|number| admit("192.0.2.1", number).expect("room")).collect();
        let other = admit("192.0.2.2", 4).expect("room made");
        assert_eq!(*ended.lock().expect("no panic"), [0], "the oldest");
        let second = admit("192.0.2.2", 5).expect("room made");
        assert_eq!(*ended.lock().expect("no panic"), [0, 1]);
        assert!(admit("192.0.2.2", 6).is_none(), "two and two");
        assert_eq!(limiter.under_way(), 4);
        drop(many);
        assert_eq!(limiter.under_way(), 2, "what has made room is not counted off twice");
        drop((other, second));
        assert_eq!(limiter.under_way(), 0);
        let kept = limiter.admit("192.0.2.1".parse().expect("an address")).expect("room");
        let _more: Vec<_> = (7..10).map(|number| admit("192.0.2.1", number)).collect();
        let _other = admit("192.0.2.2", 10).expect("room made");
        assert_eq!(*ended.lock().expect("no panic"), [0, 1, 7], "one that cannot be ended stays");
        drop(kept);
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
