//! A secret value in a row: three columns, `day`, `generation` and `sealed`, under a data key of the day on
//! which it ends.

use crate::service::error::ServiceError;
use crate::service::kms::{ExpiryDay, KeyDirectory, SecretOctets};
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use std::sync::Arc;

const DAY: u64 = 86_400;

/// The three columns. A row without a secret has zeros and nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SealedColumns {
    /// Days since 1970.
    pub(crate) day: i64,
    pub(crate) generation: i64,
    pub(crate) sealed: Vec<u8>,
}

/// The day that a column names.
pub(crate) fn expiry_day(day: i64) -> Result<ExpiryDay, ServiceError> {
    let start = UnixTime::from_seconds(day.unsigned_abs().saturating_mul(DAY));
    ExpirationTime::from_unix(start).map(ExpiryDay::of).map_err(ServiceError::internal)
}

/// The day on which a value ends.
pub(crate) fn day_of(not_after: UnixTime) -> Result<i64, ServiceError> {
    i64::try_from(not_after.as_seconds() / DAY).map_err(ServiceError::internal)
}

/// Seals a value that ends at `not_after`. `record` names the row: the value opens with the same only.
pub(crate) async fn seal(
    keys: &Arc<KeyDirectory>,
    not_after: UnixTime,
    record: String,
    value: zeroize::Zeroizing<Vec<u8>>,
) -> Result<SealedColumns, ServiceError> {
    seal_on(keys, day_of(not_after)?, record, value).await
}

/// The same for a value that ends on `day`.
pub(crate) async fn seal_on(
    keys: &Arc<KeyDirectory>,
    day: i64,
    record: String,
    value: zeroize::Zeroizing<Vec<u8>>,
) -> Result<SealedColumns, ServiceError> {
    let expiry = expiry_day(day)?;
    let keys = Arc::clone(keys);
    let sealed = tokio::task::spawn_blocking(move || {
        keys.data_keys().seal(expiry, record.as_bytes(), &value, &mut SysRng)
    })
    .await
    .map_err(ServiceError::internal)?
    .map_err(ServiceError::unavailable)?;
    Ok(SealedColumns { day, generation: i64::from(sealed.generation), sealed: sealed.octets })
}

/// Opens a value.
pub(crate) async fn open(
    keys: &Arc<KeyDirectory>,
    columns: SealedColumns,
    record: String,
) -> Result<SecretOctets, ServiceError> {
    let day = expiry_day(columns.day)?;
    let generation = u32::try_from(columns.generation).map_err(ServiceError::internal)?;
    let keys = Arc::clone(keys);
    tokio::task::spawn_blocking(move || {
        keys.data_keys().open_value(day, generation, record.as_bytes(), &columns.sealed)
    })
    .await
    .map_err(ServiceError::internal)?
    .map_err(ServiceError::unavailable)
}
