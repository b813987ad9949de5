//! Tidying: decisions about what does not stay for ever.
//!
//! | what | when it goes |
//! |---|---|
//! | registrations with their commands; registered, enrolment and fetched keys; credentials; Kpsa | at their end |
//! | denials | [`limits::CLOCK_SKEW`] after the end of their ID_2 |
//! | ID_2 as issued | the same, and not before the window is over in which they count for their entity |
//! | credentials of IBC that were replaced | denied once the new one is confirmed, or after [`limits::REPLACEMENT_GRACE`] |
//! | the deny list | published again when something new is denied, and before its next update is due |
//! | data keys of past days | erased: no value of that day opens again, in a backup either |
//! | values that ended before their day | the rest of the day is sealed under a new data key, then the old one erased |
//!
//! Names that were given stay: RelativeKeyIDs as 16 octets each, KmIDs and KpsaIDs. Everything is done in batches, each
//! a transaction of its own, so that requests wait for a batch at most.

use super::audit::chain::Event;
use super::budgets::{REPLACED_IN_ALL, supersede_window};
use super::deny_list::{self, Denial, Publish, acceptable_after};
use super::error::ServiceError;
use super::kms::KeyDirectory;
use super::sealed::{self, Record};
use super::store::early_ends::{self, EarlyEnd};
use super::store::identities::{self, SUPERSEDED};
use super::store::sweep::{self, Expiring, Sealed};
use super::store::{Change, WriteTransaction, lists};
use super::{Core, Function, limits};
use core::time::Duration;
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{Fqdn, UnixTime};
use std::sync::Arc;
use zeroize::Zeroizing;

/// Rows in one transaction.
const BATCH: i64 = 200;

/// How long after a new data key a node could still be storing what it sealed under the old one.
const SETTLED: Duration = Duration::from_secs(120);

/// The list is published again so long before the next update is due.
const AHEAD: Duration = Duration::from_secs(deny_list::NEXT_UPDATE.as_secs() / 4);

/// What was done.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Swept {
    /// Registrations that had expired.
    pub registrations: u64,
    /// Registered keys.
    pub keys: u64,
    /// Enrolment and fetched keys.
    pub enrolment_keys: u64,
    /// Credentials and Kpsa.
    pub credentials: u64,
    /// Rows of ID_2.
    pub identities: u64,
    /// Denials whose ID_2 has expired.
    pub denials: u64,
    /// Credentials of IBC denied because they were replaced.
    pub superseded: u64,
    /// The number of the list that was published.
    pub deny_list: Option<u64>,
    /// Values under a new data key.
    pub resealed: u64,
    /// Data keys erased.
    pub data_keys: u64,
}

/// Tidies a store. Several nodes may do so at once.
#[derive(Clone, Debug)]
pub struct Sweeper {
    core: Core,
    mef: Option<Fqdn>,
    supersede_window: Duration,
}

impl Sweeper {
    /// For this store; with the MEF whose deny list it is, if there is one, and the time for which new credentials count
    /// ([`ProvisioningPolicy::supersede_window`](super::mef::ProvisioningPolicy::supersede_window)).
    pub fn new(core: Core, mef: Option<Fqdn>, supersede_window: Duration) -> Self {
        Self { core, mef, supersede_window }
    }

    /// Does all that is due now.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) if store or keys cannot be used; what was done before
    /// stays.
    pub async fn sweep(&self) -> Result<Swept, ServiceError> {
        let mut swept = Swept {
            registrations: self.expire(Old::Registrations).await?,
            keys: self.expire(Old::Rows(Expiring::Keys)).await?,
            enrolment_keys: self.expire(Old::Rows(Expiring::EnrolmentKeys)).await?
                + self.expire(Old::Rows(Expiring::FetchedKeys)).await?,
            credentials: self.expire(Old::Rows(Expiring::Credentials)).await?
                + self.expire(Old::Rows(Expiring::Psas)).await?,
            identities: self.expire(Old::Identities { window: self.supersede_window }).await?,
            denials: self.expire(Old::Rows(Expiring::Denials)).await?,
            ..Swept::default()
        };
        if let Some(mef) = &self.mef {
            swept.superseded = self.supersede().await?;
            swept.deny_list = self.publish(mef).await?;
        }
        let now = self.core.store.reads().now();
        swept.data_keys = self.erase_past(now).await?;
        for end in self.core.store.write(EarlyEnds).await? {
            let (resealed, erased) = self.renew(&end, now).await?;
            swept.resealed += resealed;
            swept.data_keys += u64::from(erased);
        }
        Ok(swept)
    }

    /// Removes what has ended and is needed no more.
    async fn expire(&self, old: Old) -> Result<u64, ServiceError> {
        self.batches(|| Expire(old)).await
    }

    async fn supersede(&self) -> Result<u64, ServiceError> {
        self.batches(|| Supersede).await
    }

    /// Applies changes until one has less than a batch to do.
    async fn batches<C: Change<Output = u64>>(&self, change: impl Fn() -> C) -> Result<u64, ServiceError> {
        let mut all = 0;
        loop {
            let done = self.core.store.write(change()).await?;
            all += done;
            if done < BATCH.unsigned_abs() {
                return Ok(all);
            }
        }
    }

    async fn publish(&self, mef: &Fqdn) -> Result<Option<u64>, ServiceError> {
        let now = self.core.store.reads().now();
        let mut connection = self.core.store.reads().pool().acquire().await?;
        let is_due = lists::is_due(&mut connection, now.checked_add(AHEAD).unwrap_or(now)).await?;
        drop(connection);
        if !is_due {
            return Ok(None);
        }
        let publish = Publish { fqdn: mef.clone(), keys: Arc::clone(&self.core.keys) };
        self.core.store.write(publish).await.map(Some)
    }

    /// Erases the data keys of days before today, of which no row is left.
    async fn erase_past(&self, now: UnixTime) -> Result<u64, ServiceError> {
        let today = sealed::day_of(now)?;
        let day = sealed::expiry_day(today)?;
        let erased = blocking(&self.core.keys, move |keys| keys.data_keys().erase_before(day)).await?;
        if erased > 0 {
            self.core.store.write(ForgetDays { before: today, erased }).await?;
        }
        u64::try_from(erased).map_err(ServiceError::internal)
    }

    /// Seals what is left under a data key anew, and erases the key once nothing can be under it any more. Gives how
    /// many values were sealed, and whether the key is gone.
    async fn renew(&self, end: &EarlyEnd, now: UnixTime) -> Result<(u64, bool), ServiceError> {
        let (day, generation) = (sealed::expiry_day(end.day)?, end.generation);
        let generation = u32::try_from(generation).map_err(ServiceError::internal)?;
        if end.renewed == 0 {
            blocking(&self.core.keys, move |keys| {
                let newest = keys.data_keys().generations(day)?.last().copied().unwrap_or(0);
                if newest <= generation {
                    keys.data_keys().new_generation(day, &mut SysRng).map(|_| ())
                } else {
                    Ok(())
                }
            })
            .await?;
            self.core.store.write(Renewed { day: end.day, generation: end.generation }).await?;
        }
        let mut resealed = 0;
        for table in Sealed::ALL {
            let (keys, under) = (&self.core.keys, (end.day, end.generation));
            resealed += self.batches(|| Reseal { keys: Arc::clone(keys), table, under }).await?;
        }
        let settled = UnixTime::from_seconds(end.renewed.unsigned_abs()).checked_add(SETTLED);
        if end.renewed == 0 || resealed > 0 || settled.is_none_or(|settled| now < settled) {
            return Ok((resealed, false));
        }
        let erased = blocking(&self.core.keys, move |keys| keys.data_keys().erase(day, generation)).await?;
        self.core.store.write(Done { day: end.day, generation: end.generation }).await?;
        Ok((resealed, erased))
    }
}

/// Works on key files where blocking is allowed.
async fn blocking<T: Send + 'static, E: core::error::Error + Send + Sync + 'static>(
    keys: &Arc<KeyDirectory>,
    work: impl FnOnce(&KeyDirectory) -> Result<T, E> + Send + 'static,
) -> Result<T, ServiceError> {
    let keys = Arc::clone(keys);
    tokio::task::spawn_blocking(move || work(&keys))
        .await
        .map_err(ServiceError::internal)?
        .map_err(ServiceError::unavailable)
}

/// What goes.
#[derive(Clone, Copy)]
enum Old {
    Registrations,
    /// With the window in which they count.
    Identities {
        window: Duration,
    },
    Rows(Expiring),
}

struct Expire(Old);

impl Change for Expire {
    type Output = u64;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<u64, ServiceError> {
        let now = tx.now();
        // Peers whose clock is late accept an identity, and look for its denial.
        let accepted = acceptable_after(now);
        let (what, removed) = match self.0 {
            Old::Registrations => {
                ("Registrations".into(), sweep::expire_registrations(tx.connection(), now, BATCH).await?)
            }
            Old::Identities { window } => {
                let old = (accepted, supersede_window(window, now));
                ("Identities".into(), sweep::expire_identities(tx.connection(), old, BATCH).await?)
            }
            Old::Rows(what) => {
                let end = if what == Expiring::Denials { accepted } else { now };
                (std::format!("{what:?}"), sweep::expire(tx.connection(), what, end, BATCH).await?)
            }
        };
        if removed > 0 {
            tx.audit(Event::new("expired").with("what", what).with("rows", removed)).await?;
        }
        Ok(removed)
    }
}

struct Supersede;

impl Change for Supersede {
    type Output = u64;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<u64, ServiceError> {
        let now = tx.now();
        let Some(before) = now.checked_sub(limits::REPLACEMENT_GRACE) else { return Ok(0) };
        // They end soon by themselves, and their holder has newer ones: not worth a list that nobody can read.
        let there = identities::denials(tx.connection(), acceptable_after(now)).await?;
        let room = i64::try_from(REPLACED_IN_ALL.saturating_sub(there)).unwrap_or(BATCH);
        let replaced = sweep::replaced(tx.connection(), now, before, BATCH.min(room)).await?;
        let mut denied = 0;
        for (id_2, end) in &replaced {
            let denial = Denial { id_2, end: *end, since: now, reason: SUPERSEDED, operator: None };
            denied += u64::from(deny_list::deny(tx, denial).await?);
        }
        Ok(denied)
    }
}

/// Reads what ended early, in a transaction like all that follows.
struct EarlyEnds;

impl Change for EarlyEnds {
    type Output = Vec<EarlyEnd>;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<Vec<EarlyEnd>, ServiceError> {
        early_ends::all(tx.connection(), BATCH).await
    }
}

struct ForgetDays {
    before: i64,
    erased: usize,
}

impl Change for ForgetDays {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        early_ends::forget_before(tx.connection(), self.before).await?;
        tx.audit(Event::new("data keys erased").with("before_day", self.before).with("keys", self.erased))
            .await
    }
}

struct Renewed {
    day: i64,
    generation: i64,
}

impl Change for Renewed {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        let now = tx.now();
        early_ends::renewed(tx.connection(), (self.day, self.generation), now).await
    }
}

struct Done {
    day: i64,
    generation: i64,
}

impl Change for Done {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        early_ends::done(tx.connection(), (self.day, self.generation)).await?;
        let event = Event::new("data key erased").with("day", self.day).with("generation", self.generation);
        tx.audit(event).await
    }
}

struct Reseal {
    keys: Arc<KeyDirectory>,
    table: Sealed,
    under: (i64, i64),
}

impl Change for Reseal {
    type Output = u64;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<u64, ServiceError> {
        let rows = sweep::under(tx.connection(), self.table, self.under, BATCH).await?;
        for row in &rows {
            let record = match self.table {
                Sealed::Credential => {
                    let function = Function::from_number(row.space)
                        .ok_or_else(|| ServiceError::internal("a credential of no function"))?;
                    Record::Credential(function, &row.name)
                }
                Sealed::RegisteredKey => Record::RegisteredKey(&row.name),
                Sealed::EnrolmentKey => Record::EnrolmentKey(&row.name),
                Sealed::FetchedKey => Record::FetchedKey(&row.name),
                Sealed::Psa => Record::Psa(&row.name),
            };
            let value = sealed::open(&self.keys, row.value.clone(), record).await?;
            let value = Zeroizing::new(value.expose().to_vec());
            let value = sealed::seal_on(&self.keys, row.value.day, record, value).await?;
            sweep::replace(tx.connection(), self.table, row, &value).await?;
        }
        u64::try_from(rows.len()).map_err(ServiceError::internal)
    }
}
