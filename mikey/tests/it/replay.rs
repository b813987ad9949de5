//! The cache of messages that were seen.

use eccsi_sakke::onem2m::UnixTime;
use mikey_sakke::BoundedReplayCache;
use mikey_sakke::replay::{NoReplayCache, ReplayCache, Seen, Verdict};

fn seen(message: u8, initiator: u8, until: u64) -> Seen {
    Seen { message: [message; 32], initiator: [initiator; 32], until: UnixTime::from_seconds(until) }
}

fn check(cache: &mut BoundedReplayCache, message: u8, initiator: u8, until: u64, now: u64) -> Verdict {
    cache.check(&seen(message, initiator, until), UnixTime::from_seconds(now))
}

#[test]
fn places_are_bounded_in_all_and_for_each_initiator() {
    let mut cache = BoundedReplayCache::new(8);
    assert!(cache.is_empty());
    for message in 0..12 {
        let verdict = check(&mut cache, message, message / 3, 100, 50);
        // The third of each initiator is one too many; the four of two places each are all.
        assert_eq!(verdict, if message % 3 == 2 { Verdict::Full } else { Verdict::New }, "{message}");
    }
    assert_eq!(cache.len(), 8);
    assert_eq!(check(&mut cache, 200, 200, 100, 50), Verdict::Full);
    assert_eq!(check(&mut cache, 0, 0, 100, 100), Verdict::Replayed, "up to its last second");
    // All have ended.
    assert_eq!(check(&mut cache, 201, 0, 200, 101), Verdict::New);
    assert_eq!(cache.len(), 1);
    assert_eq!(check(&mut BoundedReplayCache::new(0), 0, 0, 100, 50), Verdict::Full);
    assert_eq!(check(&mut BoundedReplayCache::new(1), 0, 0, 100, 50), Verdict::New);
}

#[test]
fn a_clock_that_is_set_back_lets_nothing_in_again() {
    let mut cache = BoundedReplayCache::new(8);
    assert_eq!(check(&mut cache, 1, 1, 100, 50), Verdict::New);
    assert_eq!(check(&mut cache, 2, 1, 300, 200), Verdict::New);
    assert_eq!(check(&mut cache, 1, 1, 100, 50), Verdict::Replayed);
    assert_eq!(check(&mut cache, 3, 1, 100, 50), Verdict::Replayed, "nobody can tell");
    assert_eq!(check(&mut cache, 3, 1, 250, 50), Verdict::New);
}

#[test]
fn no_cache_remembers_nothing() {
    for _ in 0..2 {
        assert_eq!(NoReplayCache.check(&seen(1, 1, 100), UnixTime::EPOCH), Verdict::New);
    }
}
