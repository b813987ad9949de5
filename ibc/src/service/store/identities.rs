//! ID_2 as issued, the kinds of names, and what is denied.

use super::clients::entity_kind_number;
use super::columns::{seconds, time};
use crate::service::error::{Kind, ServiceError};
use eccsi_sakke::onem2m::{EntityId, ExpiringIdentity, UnixTime};
use sqlx::{AnyConnection, Row};

/// Why an identity is denied that was replaced by newer ones.
pub(crate) const SUPERSEDED: &str = "superseded";

/// Why an identity is denied that a signed list had before the database was lost.
pub(crate) const DENIED_BEFORE: &str = "denied before the loss";

/// A row to be reserved.
pub(crate) struct Reservation<'a> {
    pub(crate) id_2: &'a ExpiringIdentity,
    /// Absolute.
    pub(crate) entity: &'a EntityId,
    pub(crate) kpak_tag: &'a str,
    pub(crate) client: &'a str,
    pub(crate) requester: &'a str,
    /// ID_1, or "".
    pub(crate) replaces: &'a str,
}

/// An identity that was issued.
pub(crate) struct IssuedRow {
    pub(crate) client: String,
    pub(crate) not_after: UnixTime,
    pub(crate) is_denied: bool,
}

/// Claims a name for its kind.
///
/// # Errors
/// [`Kind::Conflict`] if it is known as the other kind: `/S1` may be read as either, and one ID_2 must not
/// name both.
pub(crate) async fn claim_kind(
    connection: &mut AnyConnection,
    entity: &EntityId,
) -> Result<(), ServiceError> {
    let kind = entity_kind_number(entity.kind());
    sqlx::query("insert into entity (name, kind) values ($1, $2) on conflict (name) do nothing")
        .bind(entity.as_str())
        .bind(kind)
        .execute(&mut *connection)
        .await?;
    if lock(connection, entity.as_str()).await? == kind {
        Ok(())
    } else {
        Err(ServiceError::new(Kind::Conflict, "this name is in use for another kind of entity"))
    }
}

/// Lets no other node change what is there of an entity until the transaction ends, and gives the entity's kind.
pub(crate) async fn lock(connection: &mut AnyConnection, name: &str) -> Result<i64, ServiceError> {
    Ok(sqlx::query_scalar("update entity set kind = kind where name = $1 returning kind")
        .bind(name)
        .fetch_one(connection)
        .await?)
}

/// When the last `most` credentials of an entity that end after `after` were issued after `since`, or reserved after
/// `reserved_since` and not issued yet; newest first.
pub(crate) async fn recent(
    connection: &mut AnyConnection,
    name: &str,
    (since, reserved_since): (UnixTime, UnixTime),
    after: UnixTime,
    most: usize,
) -> Result<Vec<UnixTime>, ServiceError> {
    let times: Vec<i64> = sqlx::query_scalar(
        "select case when state = 1 then issued_at else reserved_at end as began from ibc_identity \
         where name = $1 and ((state = 1 and issued_at > $2) or (state = 0 and reserved_at > $3)) and not_after > $4 \
         order by began desc limit $5",
    )
    .bind(name)
    .bind(seconds(since))
    .bind(seconds(reserved_since))
    .bind(seconds(after))
    .bind(i64::try_from(most).unwrap_or(i64::MAX))
    .fetch_all(connection)
    .await?;
    Ok(times.into_iter().map(time).collect())
}

/// The superseded identities of an entity that are denied and end after `after`: how many, and the first end, or 0.
pub(crate) async fn superseded(
    connection: &mut AnyConnection,
    name: &str,
    after: UnixTime,
) -> Result<(u64, UnixTime), ServiceError> {
    let row = sqlx::query(
        "select count(*) as entries, coalesce(min(denied.not_after), 0) as first_end from ibc_identity \
         join denied on denied.id2 = ibc_identity.id2 \
         where ibc_identity.name = $1 and denied.reason = $2 and denied.not_after > $3",
    )
    .bind(name)
    .bind(SUPERSEDED)
    .bind(seconds(after))
    .fetch_one(connection)
    .await?;
    let entries: i64 = row.try_get("entries")?;
    Ok((entries.unsigned_abs(), time(row.try_get("first_end")?)))
}

/// How many denials end after `after`.
pub(crate) async fn denials(connection: &mut AnyConnection, after: UnixTime) -> Result<u64, ServiceError> {
    let entries: i64 = sqlx::query_scalar("select count(*) from denied where not_after > $1")
        .bind(seconds(after))
        .fetch_one(connection)
        .await?;
    Ok(entries.unsigned_abs())
}

/// Inserts the row; false if this ID_2 was given before.
pub(crate) async fn reserve(
    connection: &mut AnyConnection,
    row: &Reservation<'_>,
    now: UnixTime,
) -> Result<bool, ServiceError> {
    let inserted = sqlx::query(
        "insert into ibc_identity (id2, kpak_tag, name, not_after, state, pvt, client, requester, replaces, \
         reserved_at, issued_at, confirmed) values ($1, $2, $3, $4, 0, $5, $6, $7, $8, $9, 0, 0) \
         on conflict (id2) do nothing",
    )
    .bind(row.id_2.as_str())
    .bind(row.kpak_tag)
    .bind(row.entity.as_str())
    .bind(seconds(row.id_2.expiration().to_unix()))
    .bind(Vec::<u8>::new())
    .bind(row.client)
    .bind(row.requester)
    .bind(row.replaces)
    .bind(seconds(now))
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Turns a reserved row into an issued one; false if there is none.
pub(crate) async fn complete(
    connection: &mut AnyConnection,
    id_2: &str,
    pvt: &[u8],
    now: UnixTime,
) -> Result<bool, ServiceError> {
    let updated = sqlx::query(
        "update ibc_identity set state = 1, pvt = $1, issued_at = $2 where id2 = $3 and state = 0",
    )
    .bind(pvt.to_vec())
    .bind(seconds(now))
    .bind(id_2)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// An issued identity.
pub(crate) async fn issued(
    connection: &mut AnyConnection,
    id_2: &str,
) -> Result<Option<IssuedRow>, ServiceError> {
    let row = sqlx::query(
        "select client, not_after, (select count(*) from denied where denied.id2 = ibc_identity.id2) as denials \
         from ibc_identity where id2 = $1 and state = 1",
    )
    .bind(id_2)
    .fetch_optional(connection)
    .await?;
    row.map(|row| {
        let denials: i64 = row.try_get("denials")?;
        Ok(IssuedRow {
            client: row.try_get("client")?,
            not_after: time(row.try_get("not_after")?),
            is_denied: denials > 0,
        })
    })
    .transpose()
}

/// The live identities of an entity, newest first, that are not denied yet.
pub(crate) async fn live(
    connection: &mut AnyConnection,
    name: &str,
    now: UnixTime,
) -> Result<Vec<String>, ServiceError> {
    Ok(sqlx::query_scalar(
        "select id2 from ibc_identity where name = $1 and state = 1 and not_after > $2 \
         and not exists (select 1 from denied where denied.id2 = ibc_identity.id2) \
         order by issued_at desc, reserved_at desc, id2 desc",
    )
    .bind(name)
    .bind(seconds(now))
    .fetch_all(connection)
    .await?)
}

/// Denies an identity; false if it is denied already.
pub(crate) async fn deny(
    connection: &mut AnyConnection,
    id_2: &str,
    not_after: UnixTime,
    since: UnixTime,
    reason: &str,
) -> Result<bool, ServiceError> {
    let inserted = sqlx::query(
        "insert into denied (id2, since, not_after, reason) values ($1, $2, $3, $4) on conflict (id2) do nothing",
    )
    .bind(id_2)
    .bind(seconds(since))
    .bind(seconds(not_after))
    .bind(reason)
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// All that is denied and ends after `after`: (ID_2, since).
pub(crate) async fn denied(
    connection: &mut AnyConnection,
    after: UnixTime,
) -> Result<Vec<(String, UnixTime)>, ServiceError> {
    let rows = sqlx::query("select id2, since from denied where not_after > $1 order by id2")
        .bind(seconds(after))
        .fetch_all(connection)
        .await?;
    rows.iter().map(|row| Ok((row.try_get("id2")?, time(row.try_get("since")?)))).collect()
}
