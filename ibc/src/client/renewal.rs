//! When to renew, and when to try again: without a clock or a generator of its own.
//!
//! | what | from | clause |
//! |---|---|---|
//! | credential of IBC | half of its life | 8.3.7.3 (IBC) |
//! | key registration | the last fifth of its life | 8.3.4.2 |
//!
//! The first attempt is moved into the window by chance, so that devices that were enrolled together do not come together.
//! After a failure it waits longer each time, half of it by chance as well. What has expired is provisioned as for the
//! first time.

use core::time::Duration;
use eccsi_sakke::onem2m::UnixTime;

/// A source of chance: all values of a `u32` alike.
pub type Random = Box<dyn FnMut() -> u32 + Send>;

/// Chance from the system. A broken generator gives no jitter, which harms nobody.
pub fn system_random() -> Random {
    use rand_core::TryRng;
    Box::new(|| eccsi_sakke::SysRng.try_next_u32().unwrap_or(0))
}

/// Part of a life in which something is renewed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Window {
    /// Credentials.
    SecondHalf,
    /// Key registrations.
    LastFifth,
}

/// From when until when something is valid.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// Its beginning, or when it was first seen.
    pub since: UnixTime,
    /// Its end: from then on it is not valid.
    pub until: UnixTime,
}

impl Life {
    /// Whether it has not ended.
    pub fn is_live(&self, now: UnixTime) -> bool {
        now < self.until
    }

    fn seconds(&self) -> u64 {
        self.until.as_seconds().saturating_sub(self.since.as_seconds())
    }
}

impl Window {
    /// The instant of the first attempt: in the first quarter of the window.
    fn first_attempt(self, life: Life, random: u32) -> UnixTime {
        let (parts, all) = match self {
            Self::SecondHalf => (1, 2),
            Self::LastFifth => (1, 5),
        };
        let window = life.seconds() / all * parts;
        let begin = life.until.as_seconds().saturating_sub(window);
        let jitter = share(window / 4, random);
        debug_assert!(begin + jitter <= life.until.as_seconds());
        UnixTime::from_seconds(begin + jitter)
    }
}

/// `value` times `random`, as a part of one.
fn share(value: u64, random: u32) -> u64 {
    let product = u128::from(value) * u128::from(random);
    u64::try_from(product >> 32).unwrap_or(value)
}

/// How long to wait after failures, which doubles.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Backoff(u32);

impl Backoff {
    /// The longest after one failure.
    pub const FIRST: Duration = Duration::from_secs(30);

    /// The longest after any number of them.
    pub const LONGEST: Duration = Duration::from_secs(3_600);

    /// The wait after one more failure: between half of its longest and all of it.
    pub fn failed(&mut self, random: u32) -> Duration {
        let doubled = Self::FIRST.as_secs().checked_shl(self.0).unwrap_or(u64::MAX);
        let longest = doubled.min(Self::LONGEST.as_secs());
        self.0 = self.0.saturating_add(1).min(32);
        Duration::from_secs(longest / 2 + share(longest - longest / 2, random))
    }
}

/// What is to be done now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Due {
    /// Nothing, until then.
    Wait(UnixTime),
    /// Renew what is there.
    Renew,
    /// There is nothing any more that could be renewed: provision as for the first time.
    Provision,
}

/// The renewal of one thing.
#[derive(Clone, Debug)]
pub struct Schedule {
    window: Window,
    life: Option<Life>,
    at: UnixTime,
    backoff: Backoff,
}

impl Schedule {
    /// For something of this life; `None` if it is not there yet.
    pub fn new(window: Window, life: Option<Life>, random: &mut dyn FnMut() -> u32) -> Self {
        let at = life.map_or(UnixTime::EPOCH, |life| window.first_attempt(life, random()));
        Self { window, life, at, backoff: Backoff::default() }
    }

    /// What is to be done.
    pub fn due(&self, now: UnixTime) -> Due {
        if now < self.at {
            return Due::Wait(self.at);
        }
        if self.life.is_some_and(|life| life.is_live(now)) { Due::Renew } else { Due::Provision }
    }

    /// It was renewed. The next time is not sooner than after a failure, whatever end was granted: two clocks that differ
    /// would renew without end.
    pub fn succeeded(&mut self, life: Life, random: &mut dyn FnMut() -> u32) {
        let earliest = life.since.checked_add(Backoff::FIRST / 2).unwrap_or(life.since);
        let renewed = Self::new(self.window, Some(life), random);
        *self = Self { at: renewed.at.max(earliest), ..renewed };
    }

    /// It was not.
    pub fn failed(&mut self, now: UnixTime, random: &mut dyn FnMut() -> u32) {
        let later = now.checked_add(self.backoff.failed(random())).unwrap_or(now);
        // The end is waited for once: then there is another thing to try.
        self.at = match self.life {
            Some(life) if now < life.until && life.until < later => life.until,
            _ => later,
        };
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const DAY: u64 = 86_400;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_seconds(seconds)
    }

    fn life(since: u64, until: u64) -> Life {
        Life { since: at(since), until: at(until) }
    }

    #[test]
    fn the_first_attempt_is_in_the_first_quarter_of_the_window() {
        for (window, begin, latest) in
            [(Window::SecondHalf, 50 * DAY, 625 * DAY / 10), (Window::LastFifth, 80 * DAY, 85 * DAY)]
        {
            for (random, expected) in [(0, begin), (u32::MAX, latest - 1), (1 << 31, begin.midpoint(latest))]
            {
                let schedule = Schedule::new(window, Some(life(0, 100 * DAY)), &mut || random);
                assert_eq!(schedule.due(at(expected - 1)), Due::Wait(at(expected)), "{window:?} {random}");
                assert_eq!(schedule.due(at(expected)), Due::Renew);
            }
        }
    }

    #[test]
    fn lives_of_any_length_have_an_attempt_before_their_end() {
        for (since, until) in [(0, 1), (0, 2), (5, 5), (9, 5), (0, 7), (10, 40), (0, u64::MAX / 2)] {
            for window in [Window::SecondHalf, Window::LastFifth] {
                for random in [0, 1, u32::MAX] {
                    let schedule = Schedule::new(window, Some(life(since, until)), &mut || random);
                    assert_ne!(schedule.due(at(until)), Due::Renew, "it has ended");
                    assert_eq!(schedule.due(at(until)), Due::Provision);
                }
            }
        }
    }

    #[test]
    fn waits_double_up_to_an_hour_and_half_of_each_is_chance() {
        let (mut early, mut late) = (Backoff::default(), Backoff::default());
        for longest in [30, 60, 120, 240, 480, 960, 1_920, 3_600, 3_600, 3_600] {
            assert_eq!(early.failed(0), Duration::from_secs(longest / 2));
            assert_eq!(late.failed(u32::MAX), Duration::from_secs(longest - 1));
        }
        for _ in 0..100 {
            early.failed(0);
        }
        assert_eq!(early.failed(0), Duration::from_secs(1_800));
    }

    #[test]
    fn failures_wait_and_success_starts_anew() {
        let mut random = || 0;
        let mut schedule = Schedule::new(Window::SecondHalf, Some(life(0, 100 * DAY)), &mut random);
        let now = at(50 * DAY);
        assert_eq!(schedule.due(now), Due::Renew);
        schedule.failed(now, &mut random);
        assert_eq!(schedule.due(now), Due::Wait(at(50 * DAY + 15)));
        schedule.failed(at(50 * DAY + 15), &mut random);
        assert_eq!(schedule.due(at(50 * DAY + 15)), Due::Wait(at(50 * DAY + 45)));
        assert_eq!(schedule.due(at(50 * DAY + 45)), Due::Renew);
        schedule.succeeded(life(50 * DAY, 150 * DAY), &mut random);
        assert_eq!(schedule.due(at(50 * DAY + 45)), Due::Wait(at(100 * DAY)));
        schedule.failed(at(100 * DAY), &mut random);
        assert_eq!(schedule.due(at(100 * DAY)), Due::Wait(at(100 * DAY + 15)), "the wait is short again");
    }

    #[test]
    fn a_life_that_is_over_or_nearly_is_not_renewed_at_once() {
        for until in [0, 1_000, 1_001, 1_010] {
            let mut schedule = Schedule::new(Window::LastFifth, None, &mut || 0);
            schedule.succeeded(life(1_000, until), &mut || 0);
            assert_eq!(schedule.due(at(1_014)), Due::Wait(at(1_015)), "{until}");
        }
    }

    #[test]
    fn what_has_expired_is_provisioned_anew() {
        let mut random = || 0;
        let mut schedule = Schedule::new(Window::SecondHalf, Some(life(0, 1_000)), &mut random);
        schedule.failed(at(995), &mut random);
        assert_eq!(schedule.due(at(999)), Due::Wait(at(1_000)), "not beyond the end");
        assert_eq!(schedule.due(at(1_000)), Due::Provision);
        schedule.failed(at(1_000), &mut random);
        assert!(matches!(schedule.due(at(1_000)), Due::Wait(until) if until > at(1_000)));
        assert_eq!(Schedule::new(Window::SecondHalf, None, &mut random).due(at(0)), Due::Provision);
    }
}
