//! The cache of messages that were seen.

use eccsi_sakke::onem2m::UnixTime;
use mikey_sakke::BoundedReplayCache;
use mikey_sakke::replay::{NoReplayCache, ReplayCache, Seen, Verdict};

fn seen(message: u8, initiator: u8, until: u64) -> Seen {
    Seen { message: [message; 32], initiator: [initiator; 32], until: UnixTime::from_seconds(until) }
}

/// What the cache says when it only looks, and when it remembers, is the same.
fn remember(cache: &mut BoundedReplayCache, message: u8, initiator: u8, until: u64, now: u64) -> Verdict {
    let (seen, now) = (seen(message, initiator, until), UnixTime::from_seconds(now));
    let looked = cache.check(&seen, now);
    assert_eq!(cache.check(&seen, now), looked, "to look takes no place");
    assert_eq!(cache.remember(&seen, now), looked);
    looked
}

#[test]
fn places_are_bounded_in_all_and_for_each_initiator() {
    let mut cache = BoundedReplayCache::new(8);
    assert!(cache.is_empty());
    for message in 0..12 {
        let verdict = remember(&mut cache, message, message / 3, 100, 50);
        // The third of each initiator is one too many; the four of two places each are all.
        assert_eq!(verdict, if message % 3 == 2 { Verdict::Full } else { Verdict::New }, "{message}");
    }
    assert_eq!(cache.len(), 8);
    assert_eq!(remember(&mut cache, 200, 200, 100, 50), Verdict::Full);
    assert_eq!(remember(&mut cache, 0, 0, 100, 100), Verdict::Replayed, "up to its last second");
    // All have ended.
    assert_eq!(remember(&mut cache, 201, 0, 200, 101), Verdict::New);
    assert_eq!(cache.len(), 1);
    assert_eq!(remember(&mut BoundedReplayCache::new(0), 0, 0, 100, 50), Verdict::Full);
    assert_eq!(remember(&mut BoundedReplayCache::new(1), 0, 0, 100, 50), Verdict::New);
}

#[test]
fn messages_that_ended_give_their_places_back_without_a_further_one() {
    let mut cache = BoundedReplayCache::new(8);
    assert_eq!(remember(&mut cache, 1, 1, 100, 50), Verdict::New);
    assert_eq!(remember(&mut cache, 2, 2, 200, 50), Verdict::New);
    cache.forget(UnixTime::from_seconds(100));
    assert_eq!(cache.len(), 2, "both would still be accepted");
    cache.forget(UnixTime::from_seconds(101));
    assert_eq!(cache.len(), 1);
    assert_eq!(remember(&mut cache, 1, 1, 100, 101), Verdict::Replayed, "forgotten, and not new");
    cache.forget(UnixTime::from_seconds(u64::MAX));
    assert!(cache.is_empty());
}

#[test]
fn a_clock_that_is_set_back_lets_nothing_in_again() {
    let mut cache = BoundedReplayCache::new(8);
    assert_eq!(remember(&mut cache, 1, 1, 100, 50), Verdict::New);
    assert_eq!(remember(&mut cache, 2, 1, 300, 200), Verdict::New);
    assert_eq!(remember(&mut cache, 1, 1, 100, 50), Verdict::Replayed);
    assert_eq!(remember(&mut cache, 3, 1, 100, 50), Verdict::Replayed, "nobody can tell");
    assert_eq!(remember(&mut cache, 3, 1, 250, 50), Verdict::New);
}

#[test]
fn no_cache_remembers_nothing() {
    for _ in 0..2 {
        assert_eq!(NoReplayCache.check(&seen(1, 1, 100), UnixTime::EPOCH), Verdict::New);
        assert_eq!(NoReplayCache.remember(&seen(1, 1, 100), UnixTime::EPOCH), Verdict::New);
    }
}
