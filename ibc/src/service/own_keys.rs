//! Each client has keys of its own: whoever has one that is another client's as well could be either (clause 8.2.2.3 step 1).
//!
//! Keys are compared by a hash under a key of the service, beside the sealed key in its row: no other one is opened for
//! that, and without the key of the hash nobody finds out a key by trying.

use super::error::ServiceError;
use super::kms::KeyDirectory;
use super::sealed::{self, Record};
use super::store::administration as rows;
use super::store::{Change, Store, WriteTransaction};
use super::{Core, Function};
use eccsi_sakke::onem2m::Fqdn;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Rows in one transaction.
const BATCH: i64 = 200;

/// Clients that a warning names.
const NAMED: i64 = 20;

impl Core {
    /// A store with its keys. Credentials of a program that knew no hashes get theirs now.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) if store or keys cannot be used.
    pub async fn open(store: Store, keys: Arc<KeyDirectory>, provider: Fqdn) -> Result<Self, ServiceError> {
        let this = Self { store, keys, provider };
        this.hash_keys().await?;
        Ok(this)
    }

    /// Clients that have one key, for each such key: of some that were bound before anything compared them.
    ///
    /// # Errors
    /// As [`open`](Self::open).
    pub async fn shared_keys(&self) -> Result<Vec<Vec<String>>, ServiceError> {
        rows::shared(&mut *self.store.reads().pool().acquire().await?, NAMED).await
    }

    async fn hash_keys(&self) -> Result<(), ServiceError> {
        let mut after = (String::new(), 0);
        loop {
            let mut connection = self.store.reads().pool().acquire().await?;
            let found = rows::unhashed(&mut connection, (&after.0, after.1), BATCH).await?;
            drop(connection);
            let Some(last) = found.last() else { return Ok(()) };
            after = (last.id.clone(), last.function.number());
            let mut hashes = Vec::new();
            for row in found {
                let record = Record::Credential(row.function, &row.id);
                match sealed::open(&self.keys, row.key, record).await {
                    Ok(key) => {
                        let key = Zeroizing::new(key.expose().to_vec());
                        hashes.push((sealed::hash(&self.keys, key).await?, row.function, row.id));
                    }
                    // It opens no session either; and is no reason to refuse work to all others.
                    Err(error) => {
                        let credential = row.id;
                        tracing::warn!(
                            credential,
                            cause = error.cause(),
                            "a key does not open, nor can it be compared"
                        );
                    }
                }
            }
            if !hashes.is_empty() {
                self.store.write(SetHashes(hashes)).await?;
            }
        }
    }
}

struct SetHashes(Vec<(String, Function, String)>);

impl Change for SetHashes {
    type Output = ();

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<(), ServiceError> {
        for (hash, function, id) in &self.0 {
            rows::set_hash(tx.connection(), (id, *function), hash).await?;
        }
        Ok(())
    }
}
