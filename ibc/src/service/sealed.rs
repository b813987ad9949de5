//! A secret value in a row: three columns, `day`, `generation` and `sealed`, under a data key of the day on
//! which it ends.

use crate::Function;
use crate::service::error::ServiceError;
use crate::service::kms::{ExpiryDay, KeyDirectory, SecretOctets};
use core::fmt;
use eccsi_sakke::SysRng;
use eccsi_sakke::onem2m::{ExpirationTime, UnixTime};
use hmac::{Hmac, KeyInit, Mac};
use sha2::Sha256;
use std::sync::Arc;
use zeroize::Zeroizing;

const DAY: u64 = 86_400;

/// The three columns. A row without a secret has zeros and nothing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SealedColumns {
    /// Days since 1970.
    pub(crate) day: i64,
    pub(crate) generation: i64,
    pub(crate) sealed: Vec<u8>,
}

/// The key of a credential, and what tells whether two are the same; nothing of either for a certificate.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct SealedKey {
    pub(crate) columns: SealedColumns,
    /// In hexadecimal.
    pub(crate) hash: String,
}

/// The row that a value is sealed for: it opens there only.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Record<'a> {
    /// By Credential-ID.
    Credential(Function, &'a str),
    /// By RelativeKeyID.
    RegisteredKey(&'a str),
    /// By KeID, at the MEF.
    EnrolmentKey(&'a str),
    /// By KeID, at the MAF.
    FetchedKey(&'a str),
    /// By KpsaID.
    Psa(&'a str),
}

/// The associated data of the value.
impl fmt::Display for Record<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Credential(function, id) => write!(f, "credential {} {id}", function.as_str()),
            Self::RegisteredKey(id) => write!(f, "registered key {id}"),
            Self::EnrolmentKey(id) => write!(f, "enrolment key {id}"),
            Self::FetchedKey(id) => write!(f, "fetched key {id}"),
            Self::Psa(id) => write!(f, "psa {id}"),
        }
    }
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

/// Seals a value that ends at `not_after`.
pub(crate) async fn seal(
    keys: &Arc<KeyDirectory>,
    not_after: UnixTime,
    record: Record<'_>,
    value: Zeroizing<Vec<u8>>,
) -> Result<SealedColumns, ServiceError> {
    seal_on(keys, day_of(not_after)?, record, value).await
}

/// The same for a value that ends on `day`.
pub(crate) async fn seal_on(
    keys: &Arc<KeyDirectory>,
    day: i64,
    record: Record<'_>,
    value: Zeroizing<Vec<u8>>,
) -> Result<SealedColumns, ServiceError> {
    let expiry = expiry_day(day)?;
    let (keys, record) = (Arc::clone(keys), record.to_string());
    let sealed = tokio::task::spawn_blocking(move || {
        keys.data_keys().seal(expiry, record.as_bytes(), &value, &mut SysRng)
    })
    .await
    .map_err(ServiceError::internal)?
    .map_err(ServiceError::unavailable)?;
    Ok(SealedColumns { day, generation: i64::from(sealed.generation), sealed: sealed.octets })
}

/// Seals the key of a credential.
pub(crate) async fn seal_key(
    keys: &Arc<KeyDirectory>,
    not_after: UnixTime,
    record: Record<'_>,
    key: Zeroizing<Vec<u8>>,
) -> Result<SealedKey, ServiceError> {
    let hash = hash(keys, key.clone()).await?;
    Ok(SealedKey { columns: seal(keys, not_after, record, key).await?, hash })
}

/// The hash of a key, under a key of the service.
pub(crate) async fn hash(keys: &Arc<KeyDirectory>, key: Zeroizing<Vec<u8>>) -> Result<String, ServiceError> {
    let keys = Arc::clone(keys);
    tokio::task::spawn_blocking(move || {
        let purpose = keys.subkey("keys of credentials");
        let mut hash = Hmac::<Sha256>::new_from_slice(&*purpose).expect("any length of key");
        hash.update(&key);
        base16ct::lower::encode_string(&hash.finalize().into_bytes())
    })
    .await
    .map_err(ServiceError::internal)
}

/// Takes as long as [`open`] of a key of 32 octets, for a name that has none: who measures a handshake does not learn whether
/// its identity is known.
pub(crate) async fn open_nothing(keys: &Arc<KeyDirectory>, record: Record<'_>) -> Result<(), ServiceError> {
    let day = expiry_day(0)?;
    let (keys, record) = (Arc::clone(keys), record.to_string());
    let work = move || keys.data_keys().open_nothing(day, record.as_bytes());
    tokio::task::spawn_blocking(work).await.map_err(ServiceError::internal)
}

/// Opens a value.
pub(crate) async fn open(
    keys: &Arc<KeyDirectory>,
    columns: SealedColumns,
    record: Record<'_>,
) -> Result<SecretOctets, ServiceError> {
    let day = expiry_day(columns.day)?;
    let generation = u32::try_from(columns.generation).map_err(ServiceError::internal)?;
    let (keys, record) = (Arc::clone(keys), record.to_string());
    tokio::task::spawn_blocking(move || {
        keys.data_keys().open_value(day, generation, record.as_bytes(), &columns.sealed)
    })
    .await
    .map_err(ServiceError::internal)?
    .map_err(ServiceError::unavailable)
}
