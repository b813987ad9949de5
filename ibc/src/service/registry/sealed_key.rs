//! Registered keys at rest, and what happens to one whose end moves.

use super::authorize::raced;
use crate::service::error::ServiceError;
use crate::service::kms::{KeyDirectory, SecretOctets};
use crate::service::registered::RegisteredKey;
use crate::service::sealed::{self, Record};
use crate::service::store::keys;
use crate::service::store::{WriteTransaction, early_ends};
use eccsi_sakke::onem2m::UnixTime;
use std::sync::Arc;
use zeroize::Zeroizing;

/// Opens the key of a row.
pub(super) async fn open(
    directory: &Arc<KeyDirectory>,
    row: &RegisteredKey,
) -> Result<SecretOctets, ServiceError> {
    sealed::open(directory, row.sealed.clone(), Record::RegisteredKey(row.id.as_str())).await
}

/// Gives a row another end. If that lies on another day, the key is sealed under that day's data key.
pub(super) async fn move_end(
    tx: &mut WriteTransaction<'_>,
    directory: &Arc<KeyDirectory>,
    row: &mut RegisteredKey,
    end: UnixTime,
) -> Result<(), ServiceError> {
    row.not_after = end;
    if sealed::day_of(end)? == row.sealed.day {
        return Ok(());
    }
    early_ends::mark(tx.connection(), &row.sealed).await?;
    let key = open(directory, row).await?;
    row.sealed = sealed::seal(
        directory,
        end,
        Record::RegisteredKey(row.id.as_str()),
        Zeroizing::new(key.expose().to_vec()),
    )
    .await?;
    Ok(())
}

/// Removes a key before its end; the sweeper erases what is left of it.
pub(super) async fn remove(tx: &mut WriteTransaction<'_>, row: &RegisteredKey) -> Result<(), ServiceError> {
    if !keys::remove(tx.connection(), row).await? {
        return Err(raced());
    }
    early_ends::mark(tx.connection(), &row.sealed).await
}
