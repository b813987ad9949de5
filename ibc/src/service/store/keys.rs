//! Registered keys, and the tombstones of their names.

use super::sealed::SealedColumns;
use super::times::{seconds, time};
use crate::Function;
use crate::service::error::ServiceError;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// A registered key.
pub(crate) struct KeyRow {
    /// RelativeKeyID, upper case.
    pub(crate) rkid: String,
    pub(crate) registration: String,
    pub(crate) client: String,
    /// Absolute.
    pub(crate) source: String,
    pub(crate) stakeholder: String,
    pub(crate) suid: i64,
    /// A JSON array.
    pub(crate) targets: String,
    pub(crate) not_after: UnixTime,
    /// A JSON array.
    pub(crate) labels: String,
    pub(crate) sealed: SealedColumns,
    pub(crate) version: i64,
}

fn row(row: &AnyRow) -> Result<KeyRow, ServiceError> {
    Ok(KeyRow {
        rkid: row.try_get("rkid")?,
        registration: row.try_get("registration")?,
        client: row.try_get("client")?,
        source: row.try_get("source")?,
        stakeholder: row.try_get("stakeholder")?,
        suid: row.try_get("suid")?,
        targets: row.try_get("targets")?,
        not_after: time(row.try_get("not_after")?),
        labels: row.try_get("labels")?,
        sealed: SealedColumns {
            day: row.try_get("day")?,
            generation: row.try_get("generation")?,
            sealed: row.try_get("sealed")?,
        },
        version: row.try_get("version")?,
    })
}

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
    row: &KeyRow,
) -> Result<(), ServiceError> {
    sqlx::query(
        "insert into registered_key (rkid, fn, registration, client, source, stakeholder, suid, targets, not_after, \
         labels, day, generation, sealed, version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 1)",
    )
    .bind(&row.rkid)
    .bind(function.number())
    .bind(&row.registration)
    .bind(&row.client)
    .bind(&row.source)
    .bind(&row.stakeholder)
    .bind(row.suid)
    .bind(&row.targets)
    .bind(seconds(row.not_after))
    .bind(&row.labels)
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
    rkid: &str,
    now: UnixTime,
) -> Result<Option<KeyRow>, ServiceError> {
    let found = sqlx::query(
        "select k.rkid, k.registration, k.client, k.source, k.stakeholder, k.suid, k.targets, k.not_after, k.labels, \
         k.day, k.generation, k.sealed, k.version from registered_key k \
         join client on client.id = k.client join stakeholder on stakeholder.fqdn = k.stakeholder \
         where k.rkid = $1 and k.fn = $2 and k.not_after > $3 and client.enabled = 1 and stakeholder.enabled = 1",
    )
    .bind(rkid)
    .bind(function.number())
    .bind(seconds(now))
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(row).transpose()
}

/// The keys of a registration that end after `end`; all with the epoch.
pub(crate) async fn of_registration(
    connection: &mut AnyConnection,
    registration: &str,
    end: UnixTime,
) -> Result<Vec<KeyRow>, ServiceError> {
    let rows = sqlx::query(
        "select rkid, registration, client, source, stakeholder, suid, targets, not_after, labels, day, generation, \
         sealed, version from registered_key where registration = $1 and not_after > $2 order by rkid",
    )
    .bind(registration)
    .bind(seconds(end))
    .fetch_all(connection)
    .await?;
    rows.iter().map(row).collect()
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
pub(crate) async fn update(connection: &mut AnyConnection, row: &KeyRow) -> Result<bool, ServiceError> {
    let updated = sqlx::query(
        "update registered_key set not_after = $1, targets = $2, labels = $3, day = $4, generation = $5, sealed = $6, \
         suid = $7, version = version + 1 where rkid = $8 and version = $9",
    )
    .bind(seconds(row.not_after))
    .bind(&row.targets)
    .bind(&row.labels)
    .bind(row.sealed.day)
    .bind(row.sealed.generation)
    .bind(row.sealed.sealed.clone())
    .bind(row.suid)
    .bind(&row.rkid)
    .bind(row.version)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Removes a key; its name stays taken. False if it has changed or gone.
pub(crate) async fn remove(connection: &mut AnyConnection, row: &KeyRow) -> Result<bool, ServiceError> {
    let removed = sqlx::query("delete from registered_key where rkid = $1 and version = $2")
        .bind(&row.rkid)
        .bind(row.version)
        .execute(connection)
        .await?;
    Ok(removed.rows_affected() == 1)
}
