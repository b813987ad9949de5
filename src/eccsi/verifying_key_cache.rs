//! Known signers and the tables of their keys, for all threads of a server.

use super::hash::hs;
use super::{KmsPublicKey, PublicValidationToken, Signature, VerifyingKey};
use crate::error::Error;
use crate::identity::Identity;
use alloc::boxed::Box;
use alloc::collections::BTreeMap;
use std::sync::{Mutex, MutexGuard, PoisonError};

/// HS = hash(G ‖ KPAK ‖ ID ‖ PVT): the name of a key here, of one size whatever the identity.
type Name = [u8; 32];

/// Verifies signatures under one KPAK and keeps the [prepared](VerifyingKey::prepared) keys of the
/// signers that come back, for any number of threads.
///
/// # What it keeps
/// A key gets its table with its [`PAYS`](Self::PAYS)th good signature: by then verifying without
/// one has cost about what the table does. At most `tables` of them are kept, 88 KB each; where one more
/// comes, the one that was not used for the longest time goes. Before that a key is a counter of about
/// hundred octets; there are at most 16 for each table, under the same rule.
///
/// # Who can fill it
/// Only good signatures count: whoever holds no key that the KMS issued puts nothing in and pushes
/// nothing out, whatever identities and points they send. Whoever holds one has one entry for
/// each key of theirs. Expired identities leave by not being used; whether one is still valid is
/// for the caller to know, with or without this cache.
///
/// # Threads
/// Up to 16 locks, one for every 16 tables, chosen by the key, are held for a look-up and never while anything is computed. Two
/// threads may verify with the same table; one of them builds it.
#[derive(Debug)]
pub struct VerifyingKeyCache {
    kpak: KmsPublicKey,
    tables: usize,
    shards: Box<[Mutex<Shard>]>,
}

/// What one lock protects.
#[derive(Debug)]
struct Shard {
    prepared: Recent<VerifyingKey>,
    /// Good signatures of keys without table.
    counts: Recent<u32>,
}

impl VerifyingKeyCache {
    /// How many good signatures a signer has made when the table of their key is built.
    pub const PAYS: u32 = 6;

    const SHARDS: usize = 16;
    /// Fewer, and the keys that one lock happens to get would push one another out.
    const TABLES_PER_SHARD: usize = 16;
    const COUNTS_PER_TABLE: usize = 16;

    /// An empty cache for the signers of this KMS, with room for so many tables.
    ///
    /// [Prepare](KmsPublicKey::prepared) `kpak` before, so that new signers are verified faster as
    /// well.
    pub fn new(kpak: KmsPublicKey, tables: usize) -> Self {
        let shards = (tables / Self::TABLES_PER_SHARD).clamp(1, Self::SHARDS);
        let shard = |i: usize| {
            let tables = tables / shards + usize::from(i < tables % shards);
            let counts = Recent::new(tables * Self::COUNTS_PER_TABLE);
            Mutex::new(Shard { prepared: Recent::new(tables), counts })
        };
        Self { kpak, tables, shards: (0..shards).map(shard).collect() }
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
        if let Some(key) = self.find(&name) {
            return key.verify(message, signature);
        }
        self.kpak.verify(id, message, signature)?;
        if self.count(&name) {
            let key = VerifyingKey::new(&self.kpak, id, signature.pvt())?.prepared();
            let mut shard = self.shard(&name);
            shard.counts.remove(&name);
            shard.prepared.insert(name, key);
        }
        Ok(())
    }

    /// The prepared key of a signer, if it is here.
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
        self.shard(name).prepared.get(name).cloned()
    }

    /// Counts one good signature; true for the one thread that is to build the table.
    fn count(&self, name: &Name) -> bool {
        let mut shard = self.shard(name);
        if let Some(count) = shard.counts.get(name) {
            *count = count.saturating_add(1);
            return *count == Self::PAYS;
        }
        if shard.prepared.get(name).is_none() {
            shard.counts.insert(*name, 1);
        }
        false
    }

    fn shard(&self, name: &Name) -> MutexGuard<'_, Shard> {
        lock(&self.shards[usize::from(name[0]) % self.shards.len()])
    }
}

/// Nothing that happens under a lock can panic half-way.
fn lock(shard: &Mutex<Shard>) -> MutexGuard<'_, Shard> {
    shard.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A map that holds at most so many entries: those that were used last.
#[derive(Debug)]
struct Recent<V> {
    capacity: usize,
    /// Uses so far.
    now: u64,
    entries: BTreeMap<Name, (u64, V)>,
    /// By their last use.
    order: BTreeMap<u64, Name>,
}

impl<V> Recent<V> {
    fn new(capacity: usize) -> Self {
        Self { capacity, now: 0, entries: BTreeMap::new(), order: BTreeMap::new() }
    }

    fn len(&self) -> usize {
        self.entries.len()
    }

    fn get(&mut self, name: &Name) -> Option<&mut V> {
        let (used, value) = self.entries.get_mut(name)?;
        self.order.remove(used);
        self.now += 1;
        *used = self.now;
        self.order.insert(self.now, *name);
        Some(value)
    }

    fn insert(&mut self, name: Name, value: V) {
        self.remove(&name);
        if self.capacity == 0 {
            return;
        }
        while self.entries.len() >= self.capacity
            && let Some((_, oldest)) = self.order.pop_first()
        {
            self.entries.remove(&oldest);
        }
        self.now += 1;
        self.order.insert(self.now, name);
        self.entries.insert(name, (self.now, value));
    }

    fn remove(&mut self, name: &Name) {
        if let Some((used, _)) = self.entries.remove(name) {
            self.order.remove(&used);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Recent;

    #[test]
    fn what_was_not_used_for_the_longest_time_goes() {
        let name = |i: u8| [i; 32];
        let mut recent = Recent::new(3);
        for i in 0..3 {
            recent.insert(name(i), i);
        }
        assert_eq!(recent.get(&name(0)), Some(&mut 0));
        recent.insert(name(3), 3);
        assert_eq!(recent.get(&name(1)), None);
        recent.insert(name(2), 22);
        recent.insert(name(4), 4);
        assert_eq!([0, 2, 3, 4].map(|i| recent.get(&name(i)).copied()), [None, Some(22), Some(3), Some(4)]);
        recent.remove(&name(3));
        assert_eq!((recent.len(), recent.order.len()), (2, 2));
        let mut none = Recent::new(0);
        none.insert(name(1), 1);
        assert_eq!(none.len(), 0);
    }
}
