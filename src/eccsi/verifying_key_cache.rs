//! Known signers and the tables of their keys, for all threads of a server. All in it is public, and the time of each
//! function may depend on it.

mod recent;

use super::hash::{hs, hs_many};
use super::{KmsPublicKey, PublicValidationToken, Signature, VerifyingKey};
use crate::error::Error;
use crate::identity::Identity;
use alloc::collections::BTreeMap;
use alloc::vec::Vec;
use core::sync::atomic::{AtomicU64, AtomicUsize, Ordering::Relaxed};
use recent::Recent;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// HS = hash(G ‖ KPAK ‖ ID ‖ PVT): the name of a key here, of one size whatever the identity.
type Name = [u8; 32];

/// Verifies signatures under one KPAK and keeps the [prepared](VerifyingKey::prepared) keys of the
/// signers that come back, for any number of threads.
///
/// # When to use it
/// Times for each signature are those of `docs/benchmarks.md`: one core with AVX-512 IFMA. The cache adds a hash and
/// two look-ups: about a microsecond one by one, less in batches.
///
/// | signers | use | time |
/// |---|---|---|
/// | mostly new, or many more than there is room for | [`KmsPublicKey::verify_many`] | 6.7 µs |
/// | mostly known, signatures in batches | [`verify_many`](Self::verify_many) | 1.7 µs for known signers, 6.7 µs for others |
/// | mostly known, signatures one by one | [`verify`](Self::verify) | 2.2 µs for known signers, 26 µs for others |
/// | a few, known from the beginning | a [`VerifyingKey`] for each, prepared | 2.2 µs; 1.7 µs in batches |
///
/// So new signers cost four times as much one by one as in batches: where signatures come in batches, keep them together.
///
/// Room for as many tables as there are signers that are active at the same time. With less it still works: those
/// beyond are verified as if there were no cache.
///
/// # What it keeps
/// A key gets its table with its [`PAYS`](Self::PAYS)th good signature: by then verifying without
/// one has cost about what the table does. At most [`capacity`](Self::capacity) of them are kept, 88 KB each. Where
/// one more comes, one that was not used for long goes, if the new signer has lately been more than twice as active;
/// among equally active ones nothing changes, so that tables are not built again and again. Before it has a table, a
/// key is a counter of about hundred octets; there are at most 32 for each table (512 if there are less than 16
/// tables), those used last.
///
/// # Who can fill it
/// Only good signatures count, whatever identities and points are sent. So there is at most one entry for each key that the
/// KMS issued and that has signed. A good signature counts each time that it is verified: whoever holds no key, but has
/// seen signatures of others, can send them again, and so have the tables of these signers built, or keep them in
/// use, at the expense of others. Where that matters, refuse what was seen before (by a challenge, a
/// number or a time inside the message) before it is verified here. Expired identities leave by not being used;
/// whether one is still valid is for the caller to know, with or without this cache.
///
/// # Threads
/// 16 locks, chosen by the key, are held for a look-up and never while anything is computed. Two
/// threads may verify with the same table; one of them builds it.
#[derive(Debug)]
pub struct VerifyingKeyCache {
    kpak: KmsPublicKey,
    tables: usize,
    /// Tables that are kept or under way, at most `tables`.
    held: AtomicUsize,
    /// Good signatures so far.
    good: AtomicU64,
    shards: [Mutex<Shard>; SHARDS],
}

const SHARDS: usize = 16;

/// What one lock protects.
#[derive(Debug)]
struct Shard {
    prepared: Recent<Prepared>,
    /// Keys without table.
    counters: Recent<Counter>,
}

#[derive(Debug)]
struct Prepared {
    key: VerifyingKey,
    activity: Activity,
}

#[derive(Debug, Default)]
struct Counter {
    signatures: u32,
    activity: Activity,
    /// Some thread makes the table, or looks for room.
    busy: bool,
}

/// Good signatures, of which each age counts half as much as the next.
#[derive(Clone, Copy, Debug, Default)]
struct Activity {
    amount: u32,
    age: u64,
}

impl Activity {
    fn at(self, age: u64) -> u32 {
        u32::try_from(age.saturating_sub(self.age))
            .ok()
            .and_then(|ages| self.amount.checked_shr(ages))
            .unwrap_or(0)
    }

    fn add(&mut self, signatures: u32, age: u64) {
        *self = Self { amount: self.at(age).saturating_add(signatures), age: age.max(self.age) };
    }
}

impl VerifyingKeyCache {
    /// How many good signatures a signer has made when the table of their key is built.
    pub const PAYS: u32 = 6;

    const COUNTERS_PER_TABLE: usize = 16;

    /// An age is so many good signatures for each table: enough for the activities of equal signers to be alike.
    const AGE_PER_TABLE: u64 = 64;

    /// An empty cache for the signers of this KMS, with room for so many tables. Memory is taken as they come.
    ///
    /// [Prepare](KmsPublicKey::prepared) `kpak` before, so that new signers are verified faster as
    /// well.
    pub fn new(kpak: KmsPublicKey, tables: usize) -> Self {
        // The keys of one lock may be more than its share: twice as many counters, and any number of tables.
        let counters = tables.div_ceil(SHARDS).saturating_mul(2 * Self::COUNTERS_PER_TABLE);
        let shard = || Shard { prepared: Recent::new(usize::MAX), counters: Recent::new(counters) };
        let shards = core::array::from_fn(|_| Mutex::new(shard()));
        Self { kpak, tables, held: AtomicUsize::new(0), good: AtomicU64::new(0), shards }
    }

    /// Verifies that `signature` is one of `message` by `id`: RFC 6507 §5.2.2, as
    /// [`KmsPublicKey::verify`] does, with the table of the key if it is here.
    ///
    /// # Errors
    /// [`Error::InvalidSignature`], whatever the reason.
    ///
    /// # Timing
    /// Variable; shows whether the key was known. All inputs are public.
    pub fn verify(&self, id: Identity<'_>, message: &[u8], signature: &Signature) -> Result<(), Error> {
        let name = hs(self.kpak.point(), id, signature.pvt().point()).0;
        match self.find(&name) {
            Some(key) => key.verify(message, signature)?,
            None => self.kpak.verify(id, message, signature)?,
        }
        self.count(&name, 1, id, signature.pvt());
        Ok(())
    }

    /// Verifies many signatures, each an identity, a message and the signature that is to be one of this message by
    /// this identity: gives what [`verify`](Self::verify) gives for each, in the same order, those of known signers
    /// by [`VerifyingKey::verify_many`] and the others by [`KmsPublicKey::verify_many`]. With the feature `rayon`, on
    /// all cores.
    ///
    /// # Errors
    /// In the place of each signature that does not verify, [`Error::InvalidSignature`].
    ///
    /// # Timing
    /// Variable; shows which keys were known. All inputs are public.
    pub fn verify_many(&self, signatures: &[(Identity<'_>, &[u8], &Signature)]) -> Vec<Result<(), Error>> {
        let names = hs_many(
            self.kpak.point(),
            signatures.iter().map(|(id, _, signature)| (*id, signature.pvt().point())),
        );
        let keys: Vec<_> = names.iter().map(|name| self.find(&name.0)).collect();
        let (mut known, mut new) = (Vec::new(), Vec::new());
        for (signature, key) in signatures.iter().zip(&keys) {
            match key {
                Some(key) => known.push((key, signature.1, signature.2)),
                None => new.push(*signature),
            }
        }
        let mut known = VerifyingKey::verify_many(&known).into_iter();
        let mut new = self.kpak.verify_many(&new).into_iter();
        let outcomes: Vec<_> = keys
            .iter()
            .map(|key| if key.is_some() { known.next() } else { new.next() }.expect("an outcome for each"))
            .collect();

        let mut signers = BTreeMap::<Name, (u32, usize)>::new();
        for (i, outcome) in outcomes.iter().enumerate().filter(|(_, outcome)| outcome.is_ok()) {
            debug_assert_eq!(*outcome, Ok(()));
            signers.entry(names[i].0).or_insert((0, i)).0 += 1;
        }
        let count = |(name, (good, i)): (Name, (u32, usize))| {
            let (id, _, signature) = signatures[i];
            self.count(&name, good, id, signature.pvt());
        };
        #[cfg(not(feature = "rayon"))]
        signers.into_iter().for_each(count);
        #[cfg(feature = "rayon")]
        {
            use rayon::prelude::*;
            signers.into_par_iter().for_each(count);
        }
        outcomes
    }

    /// The prepared key of a signer, if it is here.
    ///
    /// # Timing
    /// Variable; shows whether the key was known. All inputs are public.
    pub fn get(&self, id: Identity<'_>, pvt: &PublicValidationToken) -> Option<VerifyingKey> {
        self.find(&hs(self.kpak.point(), id, pvt.point()).0)
    }

    /// How many tables are here.
    pub fn len(&self) -> usize {
        self.shards.iter().map(|shard| lock(shard).prepared.len()).sum()
    }

    /// Is there no table?
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// How many tables there is room for.
    pub fn capacity(&self) -> usize {
        self.tables
    }

    /// KPAK.
    pub fn kms_public_key(&self) -> &KmsPublicKey {
        &self.kpak
    }

    fn find(&self, name: &Name) -> Option<VerifyingKey> {
        self.shard(name).prepared.peek(name).map(|prepared| prepared.key.clone())
    }

    /// Counts good signatures of one key, and makes its table if it is time and there is room.
    fn count(&self, name: &Name, signatures: u32, id: Identity<'_>, pvt: &PublicValidationToken) {
        if self.tables == 0 {
            return;
        }
        let good = self.good.fetch_add(u64::from(signatures), Relaxed);
        let tables = u64::try_from(self.tables).unwrap_or(u64::MAX);
        let age = good / tables.saturating_mul(Self::AGE_PER_TABLE);
        let Some(activity) = self.is_due(name, signatures, age) else { return };
        let Some(room) = self.room_for(name, activity.at(age), age, good) else {
            if let Some(counter) = self.shard(name).counters.peek_mut(name) {
                counter.busy = false;
            }
            return;
        };
        let key = VerifyingKey::new(&self.kpak, id, pvt).map(VerifyingKey::prepared);
        let mut shard = self.shard(name);
        shard.counters.remove(name);
        // Another thread may have been as far, if the counter was pushed out meanwhile.
        if let Ok(key) = key
            && shard.prepared.peek(name).is_none()
        {
            shard.prepared.insert(*name, Prepared { key, activity });
            room.take();
        }
    }

    /// The activity of a key that has none, and that this thread is to make a table for.
    fn is_due(&self, name: &Name, signatures: u32, age: u64) -> Option<Activity> {
        let mut shard = self.shard(name);
        if let Some(prepared) = shard.prepared.get(name) {
            prepared.activity.add(signatures, age);
            return None;
        }
        if shard.counters.get(name).is_none() {
            shard.counters.insert(*name, Counter::default());
        }
        let counter = shard.counters.peek_mut(name)?;
        counter.signatures = counter.signatures.saturating_add(signatures);
        counter.activity.add(signatures, age);
        if counter.busy || counter.signatures < Self::PAYS {
            return None;
        }
        counter.busy = true;
        Some(counter.activity)
    }

    /// Room for one table: free, or that of a key which was not used for long and is much less active.
    fn room_for(&self, name: &Name, activity: u32, age: u64, good: u64) -> Option<Room<'_>> {
        let free = |held: usize| (held < self.tables).then_some(held + 1);
        if self.held.fetch_update(Relaxed, Relaxed, free).is_ok() {
            return Some(Room(&self.held));
        }
        // Of its own lock, and of one other by turns, since its own may have none.
        let own = Self::shard_of(name);
        let other = (own + 1 + usize::try_from(good % (SHARDS as u64 - 1)).unwrap_or(0)) % SHARDS;
        [own, other].into_iter().find_map(|i| {
            let mut shard = lock(&self.shards[i]);
            let (oldest, prepared) = shard.prepared.oldest()?;
            let needed = prepared.activity.at(age).saturating_mul(2).saturating_add(Self::PAYS);
            let oldest = (activity > needed).then_some(*oldest)?;
            shard.prepared.remove(&oldest);
            Some(Room(&self.held))
        })
    }

    fn shard_of(name: &Name) -> usize {
        usize::from(name[0]) % SHARDS
    }

    fn shard(&self, name: &Name) -> MutexGuard<'_, Shard> {
        lock(&self.shards[Self::shard_of(name)])
    }
}

/// One of `held`, given back unless a table takes it.
struct Room<'a>(&'a AtomicUsize);

impl Room<'_> {
    fn take(self) {
        core::mem::forget(self);
    }
}

impl Drop for Room<'_> {
    fn drop(&mut self) {
        self.0.fetch_sub(1, Relaxed);
    }
}

/// Nothing that happens under a lock can panic half-way.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
mod tests {
    use super::Activity;

    #[test]
    fn activity_halves_with_each_age() {
        let mut activity = Activity::default();
        activity.add(8, 3);
        assert_eq!([0, 3, 4, 6, 7, 100, u64::MAX].map(|age| activity.at(age)), [8, 8, 4, 1, 0, 0, 0]);
        activity.add(1, 4);
        assert_eq!((activity.at(4), activity.at(5)), (5, 2));
        // A thread that comes late with an older age takes nothing away.
        activity.add(1, 3);
        assert_eq!(activity.at(4), 6);
        activity.add(u32::MAX, 4);
        assert_eq!(activity.at(4), u32::MAX);
    }
}
