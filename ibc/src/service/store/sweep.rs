//! Removing what has expired, and sealing anew, in batches.

use super::columns::seconds;
use crate::service::error::ServiceError;
use crate::service::sealed::SealedColumns;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::{AnyConnection, Row};

/// What expires by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Expiring {
    Keys,
    EnrolmentKeys,
    FetchedKeys,
    Credentials,
    Psas,
    Denials,
}

impl Expiring {
    const fn statement(self) -> &'static str {
        match self {
            Self::Keys => {
                "delete from registered_key where rkid in \
                 (select rkid from registered_key where not_after <= $1 order by not_after limit $2)"
            }
            Self::EnrolmentKeys => {
                "delete from enrolment_key where ke_id in \
                 (select ke_id from enrolment_key where not_after <= $1 order by not_after limit $2)"
            }
            Self::FetchedKeys => {
                "delete from fetched_key where ke_id in \
                 (select ke_id from fetched_key where not_after <= $1 order by not_after limit $2)"
            }
            Self::Credentials => {
                "delete from credential where id in \
                 (select id from credential where not_after <= $1 order by not_after limit $2) and not_after <= $1"
            }
            Self::Psas => {
                "delete from psa where id in (select id from psa where not_after <= $1 order by not_after limit $2)"
            }
            Self::Denials => {
                "delete from denied where id2 in \
                 (select id2 from denied where not_after <= $1 order by not_after limit $2)"
            }
        }
    }
}

/// Removes at most `most` rows that ended at `end` or before. Gives their number.
pub(crate) async fn expire(
    connection: &mut AnyConnection,
    what: Expiring,
    end: UnixTime,
    most: i64,
) -> Result<u64, ServiceError> {
    let removed = sqlx::query(what.statement()).bind(seconds(end)).bind(most).execute(connection).await?;
    Ok(removed.rows_affected())
}

/// Removes at most `most` identities that ended at `end` or before, and were reserved and issued at `began` or before.
pub(crate) async fn expire_identities(
    connection: &mut AnyConnection,
    (end, began): (UnixTime, UnixTime),
    most: i64,
) -> Result<u64, ServiceError> {
    let removed = sqlx::query(
        "delete from ibc_identity where id2 in (select id2 from ibc_identity \
         where not_after <= $1 and reserved_at <= $2 and issued_at <= $2 order by not_after limit $3)",
    )
    .bind(seconds(end))
    .bind(seconds(began))
    .bind(most)
    .execute(connection)
    .await?;
    Ok(removed.rows_affected())
}

/// Removes at most `most` registrations that ended at `end` or before, with their commands and keys.
pub(crate) async fn expire_registrations(
    connection: &mut AnyConnection,
    end: UnixTime,
    most: i64,
) -> Result<u64, ServiceError> {
    let ids: Vec<String> =
        sqlx::query_scalar("select id from registration where not_after <= $1 order by not_after limit $2")
            .bind(seconds(end))
            .bind(most)
            .fetch_all(&mut *connection)
            .await?;
    let mut removed = 0;
    for id in &ids {
        // Unless another node moved its end meanwhile.
        let gone = sqlx::query("delete from registration where id = $1 and not_after <= $2")
            .bind(id)
            .bind(seconds(end))
            .execute(&mut *connection)
            .await?
            .rows_affected();
        if gone == 0 {
            continue;
        }
        removed += gone;
        for statement in [
            "delete from command where registration = $1",
            "delete from registered_key where registration = $1",
        ] {
            sqlx::query(statement).bind(id).execute(&mut *connection).await?;
        }
    }
    Ok(removed)
}

/// Identities whose replacement is confirmed, or was issued at `issued_before` or before: (ID_2, end).
pub(crate) async fn replaced(
    connection: &mut AnyConnection,
    now: UnixTime,
    issued_before: UnixTime,
    most: i64,
) -> Result<Vec<(String, UnixTime)>, ServiceError> {
    let rows = sqlx::query(
        "select earlier.id2, earlier.not_after from ibc_identity later join ibc_identity earlier on earlier.id2 = later.replaces \
         where later.replaces <> '' and later.state = 1 and (later.confirmed = 1 or later.issued_at <= $1) \
         and earlier.not_after > $2 and not exists (select 1 from denied where denied.id2 = earlier.id2) \
         order by earlier.id2 limit $3",
    )
    .bind(seconds(issued_before))
    .bind(seconds(now))
    .bind(most)
    .fetch_all(connection)
    .await?;
    rows.iter()
        .map(|row| Ok((row.try_get("id2")?, super::columns::time(row.try_get("not_after")?))))
        .collect()
}

/// Tables with sealed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Sealed {
    Credential,
    RegisteredKey,
    EnrolmentKey,
    FetchedKey,
    Psa,
}

impl Sealed {
    pub(crate) const ALL: [Self; 5] =
        [Self::Credential, Self::RegisteredKey, Self::EnrolmentKey, Self::FetchedKey, Self::Psa];

    const fn select(self) -> &'static str {
        match self {
            Self::Credential => {
                "select id as name, fn as space, sealed, version from credential \
                 where day = $1 and generation = $2 order by id limit $3"
            }
            Self::RegisteredKey => {
                "select rkid as name, cast(0 as bigint) as space, sealed, version from registered_key \
                 where day = $1 and generation = $2 order by rkid limit $3"
            }
            Self::EnrolmentKey => {
                "select ke_id as name, cast(0 as bigint) as space, sealed, version from enrolment_key \
                 where day = $1 and generation = $2 order by ke_id limit $3"
            }
            Self::FetchedKey => {
                "select ke_id as name, cast(0 as bigint) as space, sealed, version from fetched_key \
                 where day = $1 and generation = $2 order by ke_id limit $3"
            }
            Self::Psa => {
                "select id as name, cast(0 as bigint) as space, sealed, version from psa \
                 where day = $1 and generation = $2 order by id limit $3"
            }
        }
    }

    const fn update(self) -> &'static str {
        match self {
            Self::Credential => {
                "update credential set generation = $1, sealed = $2, version = version + 1 \
                 where id = $3 and version = $4 and fn = $5"
            }
            Self::RegisteredKey => {
                "update registered_key set generation = $1, sealed = $2, version = version + 1 \
                 where rkid = $3 and version = $4 and cast($5 as bigint) = 0"
            }
            Self::EnrolmentKey => {
                "update enrolment_key set generation = $1, sealed = $2, version = version + 1 \
                 where ke_id = $3 and version = $4 and cast($5 as bigint) = 0"
            }
            Self::FetchedKey => {
                "update fetched_key set generation = $1, sealed = $2, version = version + 1 \
                 where ke_id = $3 and version = $4 and cast($5 as bigint) = 0"
            }
            Self::Psa => {
                "update psa set generation = $1, sealed = $2, version = version + 1 \
                 where id = $3 and version = $4 and cast($5 as bigint) = 0"
            }
        }
    }
}

/// A sealed value in its row.
pub(crate) struct SealedRow {
    pub(crate) name: String,
    /// Number of the function, of a credential; 0 otherwise.
    pub(crate) space: i64,
    pub(crate) value: SealedColumns,
    pub(crate) version: i64,
}

/// At most `most` values of a table under one data key.
pub(crate) async fn under(
    connection: &mut AnyConnection,
    table: Sealed,
    (day, generation): (i64, i64),
    most: i64,
) -> Result<Vec<SealedRow>, ServiceError> {
    let rows =
        sqlx::query(table.select()).bind(day).bind(generation).bind(most).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            Ok(SealedRow {
                name: row.try_get("name")?,
                space: row.try_get("space")?,
                value: SealedColumns { day, generation, sealed: row.try_get("sealed")? },
                version: row.try_get("version")?,
            })
        })
        .collect()
}

/// Puts a value that was sealed anew in its place, unless the row has changed.
pub(crate) async fn replace(
    connection: &mut AnyConnection,
    table: Sealed,
    row: &SealedRow,
    value: &SealedColumns,
) -> Result<bool, ServiceError> {
    let replaced = sqlx::query(table.update())
        .bind(value.generation)
        .bind(value.sealed.clone())
        .bind(&row.name)
        .bind(row.version)
        .bind(row.space)
        .execute(connection)
        .await?;
    Ok(replaced.rows_affected() == 1)
}
