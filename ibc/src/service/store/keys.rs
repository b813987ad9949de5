//! Registered keys, and the tombstones of their names.

use super::columns::{self, seconds, suid};
use crate::Function;
use crate::service::error::ServiceError;
use crate::service::registered::RegisteredKey;
use eccsi_sakke::onem2m::{RelativeKeyId, UnixTime};
use sqlx::AnyConnection;

/// Takes a RelativeKeyID for ever; false if it was taken before.
pub(crate) async fn take_id(connection: &mut AnyConnection, octets: &[u8; 16]) -> Result<bool, ServiceError> {
    let taken = sqlx::query("insert into used_key_id (octets) values ($1) on conflict (octets) do nothing")
        .bind(octets.to_vec())
        .execute(connection)
        .await?;
    Ok(taken.rows_affected() == 1)
}

/// Inserts a key under a RelativeKeyID that was just taken.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    function: Function,
    row: &RegisteredKey,
) -> Result<(), ServiceError> {
    sqlx::query(
        "insert into registered_key (rkid, fn, registration, client, source, stakeholder, suid, targets, not_after, \
         labels, day, generation, sealed, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)",
    )
    .bind(row.id.as_str())
    .bind(function.number())
    .bind(&row.registration)
    .bind(&row.client)
    .bind(&row.source)
    .bind(&row.stakeholder)
    .bind(suid(Some(row.usage)))
    .bind(columns::json(&row.targets)?)
    .bind(seconds(row.not_after))
    .bind(columns::json(&row.labels)?)
    .bind(row.sealed.day)
    .bind(row.sealed.generation)
    .bind(row.sealed.sealed.clone())
    .execute(connection)
    .await?;
    Ok(())
}

/// A key that has not expired, of an enabled client and stakeholder.
pub(crate) async fn live(
    connection: &mut AnyConnection,
    function: Function,
    id: &RelativeKeyId,
    now: UnixTime,
) -> Result<Option<RegisteredKey>, ServiceError> {
    let found = sqlx::query(
        "select k.rkid, k.registration, k.client, k.source, k.stakeholder, k.suid, k.targets, k.not_after, k.labels, \
         k.day, k.generation, k.sealed, k.version from registered_key k \
         join client on client.id = k.client join stakeholder on stakeholder.fqdn = k.stakeholder \
         where k.rkid = $1 and k.fn = $2 and k.not_after > $3 and client.enabled = 1 and stakeholder.enabled = 1",
    )
    .bind(id.as_str())
    .bind(function.number())
    .bind(seconds(now))
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(columns::registered_key).transpose()
}

/// The keys of a registration that end after `end`; all with the epoch.
pub(crate) async fn of_registration(
    connection: &mut AnyConnection,
    registration: &str,
    end: UnixTime,
) -> Result<Vec<RegisteredKey>, ServiceError> {
    let rows = sqlx::query(
        "select rkid, registration, client, source, stakeholder, suid, targets, not_after, labels, day, generation, \
         sealed, version from registered_key where registration = $1 and not_after > $2 order by rkid",
    )
    .bind(registration)
    .bind(seconds(end))
    .fetch_all(connection)
    .await?;
    rows.iter().map(columns::registered_key).collect()
}

/// How many keys a registration has.
pub(crate) async fn count(connection: &mut AnyConnection, registration: &str) -> Result<usize, ServiceError> {
    let count: i64 = sqlx::query_scalar("select count(*) from registered_key where registration = $1")
        .bind(registration)
        .fetch_one(connection)
        .await?;
    usize::try_from(count).map_err(ServiceError::internal)
}

/// Writes end, use, targets, labels and sealed value of a row that has not changed since it was read; false if it has.
pub(crate) async fn update(
    connection: &mut AnyConnection,
    row: &RegisteredKey,
) -> Result<bool, ServiceError> {
    let updated = sqlx::query(
        "update registered_key set not_after = $1, targets = $2, labels = $3, day = $4, generation = $5, sealed = $6, \
         suid = $7, version = version + 1 where rkid = $8 and version = $9",
    )
    .bind(seconds(row.not_after))
    .bind(columns::json(&row.targets)?)
    .bind(columns::json(&row.labels)?)
    .bind(row.sealed.day)
    .bind(row.sealed.generation)
    .bind(row.sealed.sealed.clone())
    .bind(suid(Some(row.usage)))
    .bind(row.id.as_str())
    .bind(row.version)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Removes a key; its name stays taken. False if it has changed or gone.
pub(crate) async fn remove(
    connection: &mut AnyConnection,
    row: &RegisteredKey,
) -> Result<bool, ServiceError> {
    let removed = sqlx::query("delete from registered_key where rkid = $1 and version = $2")
        .bind(row.id.as_str())
        .bind(row.version)
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() == 1)
}
