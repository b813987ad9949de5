//! Which messages were seen: RFC 3830 §5.4.
//!
//! A place is taken by messages alone that an admitted initiator signed and that this receiver has opened; what somebody
//! else sends, or sends on from another receiver, takes none. It is given back when the message would be refused as too old.

use alloc::collections::{BTreeMap, BTreeSet};
use eccsi_sakke::onem2m::UnixTime;

/// A genuine message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seen {
    /// Names the message: SHA-256 of what its signature covers and of who signed. A changed signature does not change it.
    pub message: [u8; 32],
    /// Names the initiator, in all key periods.
    pub initiator: [u8; 32],
    /// The last second at which the message would be accepted.
    pub until: UnixTime,
}

/// What a cache says of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// It was not there before, and there is room to remember it.
    New,
    /// It was there before, or nobody can tell any more.
    Replayed,
    /// There is no room to remember it.
    Full,
}

/// Remembers messages that were opened.
pub trait ReplayCache {
    /// Was the message there before, and is there room for it? Remembers nothing: asked once the signature was verified,
    /// before a secret is touched.
    fn check(&mut self, seen: &Seen, now: UnixTime) -> Verdict;

    /// The same, and remembers a [`New`](Verdict::New) message at least [`until`](Seen::until) it is too old: asked once the
    /// message was opened. Of several that bring one message at the same time, one alone is told that it is new.
    fn remember(&mut self, seen: &Seen, now: UnixTime) -> Verdict;
}

/// A cache in memory with a fixed number of places.
///
/// When they are taken, further messages are refused: to forget one would let it in again. No initiator gets more than a
/// quarter of the places (at least one), so that none of them can shut the others out. A message that is too old gives its
/// place back, with the next one or by [`forget`](Self::forget): so it holds one for at most
/// [`past`](crate::open::Receiver::past) and [`future`](crate::open::Receiver::future) together.
#[derive(Clone, Debug)]
pub struct BoundedReplayCache {
    places: usize,
    messages: BTreeMap<[u8; 32], Seen>,
    /// By the time at which they can be forgotten.
    ends: BTreeSet<(UnixTime, [u8; 32])>,
    of_initiator: BTreeMap<[u8; 32], usize>,
    /// Messages that end before this time were forgotten; a clock that is set back does not bring them in again.
    forgotten: UnixTime,
}

impl BoundedReplayCache {
    /// A cache for this many messages, each about 200 octets.
    pub fn new(places: usize) -> Self {
        Self {
            places,
            messages: BTreeMap::new(),
            ends: BTreeSet::new(),
            of_initiator: BTreeMap::new(),
            forgotten: UnixTime::EPOCH,
        }
    }

    /// Messages that are remembered.
    pub fn len(&self) -> usize {
        self.messages.len()
    }

    /// Is none remembered?
    pub fn is_empty(&self) -> bool {
        self.messages.is_empty()
    }

    /// Forgets the messages that are too old at `now`. Each message does so as well; this is for a receiver that gets none and
    /// wants the memory. What ended before the latest `now` is refused from then on, whatever the clock says later.
    pub fn forget(&mut self, now: UnixTime) {
        self.forgotten = self.forgotten.max(now);
        while let Some((_, message)) = self.ends.first().filter(|(until, _)| *until < self.forgotten).copied()
        {
            self.ends.pop_first();
            let Some(seen) = self.messages.remove(&message) else { continue };
            if let Some(places) = self.of_initiator.get_mut(&seen.initiator) {
                *places -= 1;
                if *places == 0 {
                    self.of_initiator.remove(&seen.initiator);
                }
            }
        }
    }
}

impl ReplayCache for BoundedReplayCache {
    fn check(&mut self, seen: &Seen, now: UnixTime) -> Verdict {
        self.forget(now);
        if seen.until < self.forgotten || self.messages.contains_key(&seen.message) {
            return Verdict::Replayed;
        }
        let taken = self.of_initiator.get(&seen.initiator).copied().unwrap_or(0);
        if self.messages.len() >= self.places || taken >= (self.places / 4).max(1) {
            return Verdict::Full;
        }
        Verdict::New
    }

    fn remember(&mut self, seen: &Seen, now: UnixTime) -> Verdict {
        let verdict = self.check(seen, now);
        if verdict == Verdict::New {
            self.messages.insert(seen.message, *seen);
            self.ends.insert((seen.until, seen.message));
            *self.of_initiator.entry(seen.initiator).or_default() += 1;
        }
        verdict
    }
}

/// For messages whose replay does no harm, or that something else recognises: remembers nothing.
#[derive(Clone, Copy, Debug, Default)]
pub struct NoReplayCache;

impl ReplayCache for NoReplayCache {
    fn check(&mut self, _: &Seen, _: UnixTime) -> Verdict {
        Verdict::New
    }

    fn remember(&mut self, _: &Seen, _: UnixTime) -> Verdict {
        Verdict::New
    }
}
