//! How many refusals of one source the audit log shows singly.
//!
//! A refusal is written and waits for the disk like anything else, so that whoever is refused without end would fill the
//! log. The first ones of a source in a minute have an entry each, the others a sum.
//!
//! Sums are taken by the task that writes, and by nobody else: once they are due, and as it ends. Those whose writing
//! failed stay as they are until they are in the log, apart from what is counted meanwhile: whether the database has them
//! all the same may be unknown, and is looked up before they are written again.

use super::audit;
use super::{Change, ServiceError, WriteTransaction};
use crate::service::audit::chain::Event;
use crate::service::budgets::{REFUSAL_SOURCES, REFUSAL_WINDOW, REFUSALS};
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use std::collections::HashMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// What stands for sources beyond those that are told apart.
const OTHERS: &str = "others";

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
    taken: Option<Taken>,
    /// When the first of the sums began, or those that were taken were tried last; `None` without any.
    since: Option<UnixTime>,
}

/// Sums that are on their way into the log.
#[derive(Clone, Debug)]
struct Taken {
    sums: Vec<Sum>,
    /// The number of the entry behind which they are, if they are there.
    behind: u64,
}

#[derive(Debug)]
struct Source {
    since: UnixTime,
    shown: u32,
}

impl Refusals {
    /// Counts a refusal. Whether it has an entry of its own; if not, it adds to a sum.
    pub(super) fn count(&self, source: &str, now: UnixTime) -> bool {
        let mut state = self.state();
        if !state.sources.contains_key(source) && state.sources.len() >= REFUSAL_SOURCES {
            state.sources.retain(|_, source| !is_over(source.since, now));
        }
        let is_told_apart = state.sources.contains_key(source) || state.sources.len() < REFUSAL_SOURCES;
        let name = if is_told_apart { source } else { OTHERS };
        let counted = state.sources.entry(name.into()).or_insert(Source { since: now, shown: 0 });
        if is_over(counted.since, now) {
            *counted = Source { since: now, shown: 0 };
        }
        if counted.shown < REFUSALS.default {
            counted.shown += 1;
            return true;
        }
        let new = || Sum { source: name.into(), number: 0, from: now, until: now };
        let sum = state.sums.entry(name.into()).or_insert_with(new);
        sum.number += 1;
        sum.until = now;
        state.since.get_or_insert(now);
        false
    }

    /// Whether sums are to be taken now.
    pub(super) fn are_due(&self, now: impl FnOnce() -> UnixTime) -> bool {
        self.state().since.is_some_and(|since| is_over(since, now()))
    }

    /// What writes the sums: those that were taken before and are not [`written`](Self::written), else all, which begin
    /// anew. `last` is the number of the last entry in the log.
    pub(super) fn take(&self, last: u64, now: UnixTime) -> Option<SumRefusals> {
        let mut state = self.state();
        let again = state.taken.as_ref().map(|taken| taken.behind);
        if again.is_none() {
            let sums: Vec<_> = std::mem::take(&mut state.sums).into_values().collect();
            state.taken = (!sums.is_empty()).then_some(Taken { sums, behind: last });
        }
        state.since = state.taken.is_some().then_some(now);
        let sums = state.taken.as_ref()?.sums.clone();
        Some(SumRefusals { sums, again })
    }

    /// What was taken is in the log.
    pub(super) fn written(&self) {
        let mut state = self.state();
        state.taken = None;
        if state.sums.is_empty() {
            state.since = None;
        }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn is_over(since: UnixTime, now: UnixTime) -> bool {
    now < since || since.checked_add(REFUSAL_WINDOW).is_none_or(|end| now >= end)
}

/// Writes sums.
#[derive(Clone, Debug)]
pub(super) struct SumRefusals {
    pub(super) sums: Vec<Sum>,
    /// They may be there, behind the entry of this number.
    pub(super) again: Option<u64>,
}

impl Change for SumRefusals {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        let text = |time| {
            ExpirationTime::from_unix(time).map(|time| format!("{time}")).map_err(ServiceError::internal)
        };
        for sum in &self.sums {
            let event = Event::new("refusals")
                .with("session", sum.source.as_str())
                .with("number", sum.number)
                .with("from", text(sum.from)?)
                .with("until", text(sum.until)?);
            if let Some(behind) = self.again
                && audit::has(tx.connection, tx.writer, behind, &event).await?
            {
                continue;
            }
            tx.audit(event).await?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::clock::ManualClock;
    use crate::service::store::{CONNECTIONS, Store, StoreOptions, StoreUrl};
    use core::time::Duration;
    use std::sync::Arc;
    use zeroize::Zeroizing;

    fn at(seconds: u64) -> UnixTime {
        UnixTime::from_seconds(1_780_272_000 + seconds)
    }

    #[test]
    fn a_source_has_so_many_entries_in_a_minute() {
        let refusals = Refusals::default();
        for _ in 0..REFUSALS.default {
            assert!(refusals.count("a", at(0)));
        }
        assert!(!refusals.count("a", at(1)));
        assert!(!refusals.count("a", at(59)));
        assert!(refusals.count("b", at(59)), "another source");
        assert!(refusals.count("a", at(60)), "another minute");
        let sum = Sum { source: "a".into(), number: 2, from: at(1), until: at(59) };
        assert_eq!(refusals.take(7, at(60)).expect("sums").sums, [sum]);
        refusals.written();
        assert!(refusals.take(7, at(60)).is_none());
    }

    fn summed(refusals: &Refusals, from: u64) {
        for _ in 0..=REFUSALS.default {
            refusals.count("a", at(from));
        }
    }

    #[test]
    fn sums_are_due_once_in_a_minute() {
        let refusals = Refusals::default();
        assert!(!refusals.are_due(|| at(1_000)), "nothing to sum up");
        summed(&refusals, 0);
        assert!(!refusals.are_due(|| at(59)));
        assert!(refusals.are_due(|| at(60)));
        refusals.take(7, at(60)).expect("sums");
        assert!(!refusals.are_due(|| at(119)), "tried a moment ago");
        assert!(refusals.are_due(|| at(120)), "and not written");
        refusals.written();
        assert!(!refusals.are_due(|| at(1_000)));
    }

    #[test]
    fn what_was_not_written_is_taken_again_unchanged_and_alone() {
        let refusals = Refusals::default();
        summed(&refusals, 0);
        let first = refusals.take(7, at(60)).expect("sums");
        assert_eq!(first.again, None);
        summed(&refusals, 60);
        let again = refusals.take(9, at(120)).expect("sums");
        assert_eq!((&again.sums, again.again), (&first.sums, Some(7)));
        refusals.written();
        assert!(refusals.are_due(|| at(180)), "there are others");
        let second = refusals.take(11, at(180)).expect("sums");
        assert_eq!((second.sums[0].from, second.sums[0].number, second.again), (at(60), 1, None));
    }

    #[test]
    fn what_the_log_has_already_is_not_written_again() {
        let folder = std::env::temp_dir().join(format!("ibc_refusals_{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("a folder");
        let options = StoreOptions {
            url: StoreUrl::Sqlite(folder.join("service.db")),
            connections: CONNECTIONS,
            writer: "a".into(),
            state_folder: folder.clone(),
            state_key: Zeroizing::new([7; 32]),
            clock: Arc::new(ManualClock::new(at(0))),
            clock_tolerance: Duration::from_secs(60),
            clock_lead: None,
        };
        let runtime = tokio::runtime::Runtime::new().expect("threads");
        let counts = runtime.block_on(async {
            let store = Store::open(options).await.expect("a store");
            let sums: Vec<_> = ["a", "b"]
                .map(|source| Sum { source: source.into(), number: 2, from: at(0), until: at(1) })
                .into();
            let mut counts = Vec::new();
            for (sums, again) in [(&sums[..1], None), (&sums[..], Some(0)), (&sums[..], Some(2))] {
                store.write(SumRefusals { sums: sums.to_vec(), again }).await.expect("written");
                let count = sqlx::query_scalar::<_, i64>("select count(*) from audit");
                counts.push(count.fetch_one(store.reads().pool()).await.expect("a number"));
            }
            store.close().await;
            counts
        });
        std::fs::remove_dir_all(&folder).expect("removed");
        assert_eq!(counts, [1, 2, 4], "those behind the entry that is named are looked up");
    }

    #[test]
    fn more_sources_than_are_told_apart_count_as_one() {
        let refusals = Refusals::default();
        for number in 0..REFUSAL_SOURCES {
            assert!(refusals.count(&format!("{number}"), at(0)));
        }
        let more = (0..100).map(|number| refusals.count(&format!("more {number}"), at(1)));
        assert_eq!(more.filter(|shown| *shown).count(), REFUSALS.count());
        let taken = refusals.take(7, at(1)).expect("sums");
        let [sum] = &taken.sums[..] else { panic!("one sum") };
        assert_eq!((sum.source.as_str(), sum.number), (OTHERS, 100 - u64::from(REFUSALS.default)));
        assert!(refusals.state().sources.len() <= REFUSAL_SOURCES + 1);
        assert!(refusals.count("later", at(120)), "those at rest are forgotten");
        assert!(refusals.state().sources.len() <= 2);
    }
}
