//! How many refusals of one source the audit log shows singly.
//!
//! A refusal is written and waits for the disk like anything else, so that whoever is refused without end would fill the
//! log. The first ones of a source in a minute have an entry each, the others a sum.

use super::{Change, ServiceError, WriteTransaction};
use crate::service::audit::chain::Event;
use crate::service::budgets::{REFUSAL_SOURCES, REFUSAL_WINDOW, REFUSALS};
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What stands for sources beyond those that are told apart.
const OTHERS: &str = "others";

/// What becomes of a refusal.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Counted {
    /// It has an entry of its own.
    Shown,
    /// It adds to a sum.
    Summed,
    /// The same, and it is the first since the sums were taken: they have to be taken again.
    First,
}

/// Refusals that add to the sum of a source.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Sum {
    source: String,
    number: u64,
    from: UnixTime,
    until: UnixTime,
}

/// The refusals of each source.
#[derive(Debug, Default)]
pub(super) struct Refusals(Mutex<State>);

#[derive(Debug, Default)]
struct State {
    sources: HashMap<String, Source>,
    sums: HashMap<String, Sum>,
}

#[derive(Debug)]
struct Source {
    since: UnixTime,
    shown: u32,
}

impl Refusals {
    pub(super) fn count(&self, source: &str, now: UnixTime) -> Counted {
        let mut state = self.state();
        let is_over = |source: &Source| {
            source.since.checked_add(REFUSAL_WINDOW).is_none_or(|end| now >= end) || now < source.since
        };
        if !state.sources.contains_key(source) && state.sources.len() >= REFUSAL_SOURCES {
            state.sources.retain(|_, source| !is_over(source));
        }
        let is_told_apart = state.sources.contains_key(source) || state.sources.len() < REFUSAL_SOURCES;
        let name = if is_told_apart { source } else { OTHERS };
        let counted = state.sources.entry(name.into()).or_insert(Source { since: now, shown: 0 });
        if is_over(counted) {
            *counted = Source { since: now, shown: 0 };
        }
        if counted.shown < REFUSALS.default {
            counted.shown += 1;
            return Counted::Shown;
        }
        let is_first = state.sums.is_empty();
        let new = || Sum { source: name.into(), number: 0, from: now, until: now };
        let sum = state.sums.entry(name.into()).or_insert_with(new);
        sum.number += 1;
        sum.until = now;
        if is_first { Counted::First } else { Counted::Summed }
    }

    /// All sums, which begin anew.
    pub(super) fn take(&self) -> Vec<Sum> {
        std::mem::take(&mut self.state().sums).into_values().collect()
    }

    /// Adds sums that could not be written.
    pub(super) fn put_back(&self, sums: Vec<Sum>) {
        let mut state = self.state();
        for sum in sums {
            match state.sums.get_mut(&sum.source) {
                Some(newer) => {
                    newer.number += sum.number;
                    newer.from = sum.from;
                }
                None => drop(state.sums.insert(sum.source.clone(), sum)),
            }
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Writes sums.
pub(super) struct SumRefusals(pub(super) Vec<Sum>);

impl Change for SumRefusals {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        let text = |time| {
            ExpirationTime::from_unix(time).map(|time| format!("{time}")).map_err(ServiceError::internal)
        };
        for sum in &self.0 {
            let event = Event::new("refusals")
                .with("session", sum.source.as_str())
                .with("number", sum.number)
                .with("from", text(sum.from)?)
                .with("until", text(sum.until)?);
            tx.audit(event).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_seconds(1_780_272_000 + seconds)
    }

    #[test]
    fn a_source_has_so_many_entries_in_a_minute() {
        let refusals = Refusals::default();
        for _ in 0..REFUSALS.default {
            assert_eq!(refusals.count("a", at(0)), Counted::Shown);
        }
        assert_eq!(refusals.count("a", at(1)), Counted::First);
        assert_eq!(refusals.count("a", at(59)), Counted::Summed);
        assert_eq!(refusals.count("b", at(59)), Counted::Shown, "another source");
        assert_eq!(refusals.count("a", at(60)), Counted::Shown, "another minute");
        let sum = Sum { source: "a".into(), number: 2, from: at(1), until: at(59) };
        assert_eq!(refusals.take(), std::slice::from_ref(&sum));
        assert_eq!(refusals.take(), []);
        refusals.put_back(vec![sum.clone()]);
        assert_eq!(refusals.take(), [sum]);
    }

    #[test]
    fn more_sources_than_are_told_apart_count_as_one() {
        let refusals = Refusals::default();
        for number in 0..REFUSAL_SOURCES {
            assert_eq!(refusals.count(&format!("{number}"), at(0)), Counted::Shown);
        }
        let more = (0..100).map(|number| refusals.count(&format!("more {number}"), at(1)));
        assert_eq!(more.filter(|counted| *counted == Counted::Shown).count(), REFUSALS.count());
        let [sum] = &refusals.take()[..] else { panic!("one sum") };
        assert_eq!((sum.source.as_str(), sum.number), (OTHERS, 100 - u64::from(REFUSALS.default)));
        assert!(refusals.state().sources.len() <= REFUSAL_SOURCES + 1);
        assert_eq!(refusals.count("later", at(120)), Counted::Shown, "those at rest are forgotten");
        assert!(refusals.state().sources.len() <= 2);
    }
}
