//! Objects with which a MEF configures its clients.

use super::columns::{from_json, seconds};
use crate::Function;
use crate::service::error::ServiceError;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::{AnyConnection, Row};

/// An object of a client under a stakeholder.
pub(crate) struct ObjectRow {
    pub(crate) path: String,
    pub(crate) version: u64,
    /// `None`: to be deleted.
    pub(crate) object: Option<serde_json::Value>,
    /// The version that the device has tried; 0 for none.
    pub(crate) reported: u64,
    /// What came of it.
    pub(crate) status: u16,
}

fn version(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

/// All of a client under a stakeholder, in the order of their paths.
pub(crate) async fn all(
    connection: &mut AnyConnection,
    (client, stakeholder): (&str, &str),
) -> Result<Vec<ObjectRow>, ServiceError> {
    let rows = sqlx::query(
        "select path, version, object, reported, status from device_object \
         where client = $1 and stakeholder = $2 order by path",
    )
    .bind(client)
    .bind(stakeholder)
    .fetch_all(connection)
    .await?;
    let read = |row: &sqlx::any::AnyRow| -> Result<ObjectRow, ServiceError> {
        let number = |column| row.try_get::<i64, _>(column).map(i64::unsigned_abs);
        Ok(ObjectRow {
            path: row.try_get("path")?,
            version: number("version")?,
            object: from_json(&row.try_get::<String, _>("object")?)?,
            reported: number("reported")?,
            status: u16::try_from(number("status")?).unwrap_or(u16::MAX),
        })
    };
    rows.iter().map(read).collect()
}

/// Sets an object, or with "" has it deleted, under the next version.
pub(crate) async fn put(
    connection: &mut AnyConnection,
    (client, stakeholder): (&str, &str),
    path: &str,
    object: &str,
) -> Result<(), ServiceError> {
    sqlx::query(
        "insert into device_object (client, stakeholder, path, version, object, reported, status) \
         select $1, $2, $3, (select coalesce(max(version), 0) + 1 from device_object where client = $1 and \
         stakeholder = $2), $4, 0, 0 where true on conflict (client, stakeholder, path) do update set \
         version = excluded.version, object = excluded.object",
    )
    .bind(client)
    .bind(stakeholder)
    .bind(path)
    .bind(object)
    .execute(connection)
    .await?;
    Ok(())
}

/// Whether a device has objects that it has not tried.
pub(crate) async fn are_pending(
    connection: &mut AnyConnection,
    (client, stakeholder): (&str, &str),
) -> Result<bool, ServiceError> {
    let count: i64 = sqlx::query_scalar(
        "select count(*) from device_object where client = $1 and stakeholder = $2 and version <> reported",
    )
    .bind(client)
    .bind(stakeholder)
    .fetch_one(connection)
    .await?;
    Ok(count > 0)
}

/// Notes what a device made of a version; false if it is not the present one. What was deleted there goes here too, if
/// `gone`.
pub(crate) async fn report(
    connection: &mut AnyConnection,
    (client, stakeholder): (&str, &str),
    (path, number): (&str, u64),
    (status, gone): (u16, bool),
) -> Result<bool, ServiceError> {
    let noted = sqlx::query(
        "update device_object set reported = version, status = $5 where client = $1 and stakeholder = $2 \
         and path = $3 and version = $4",
    )
    .bind(client)
    .bind(stakeholder)
    .bind(path)
    .bind(version(number))
    .bind(i64::from(status))
    .execute(&mut *connection)
    .await?;
    if gone {
        sqlx::query(
            "delete from device_object where client = $1 and stakeholder = $2 and path = $3 and version = $4 \
             and object = ''",
        )
        .bind(client)
        .bind(stakeholder)
        .bind(path)
        .bind(version(number))
        .execute(connection)
        .await?;
    }
    Ok(noted.rows_affected() == 1)
}

/// Live registrations of a client at the MEF under a stakeholder.
pub(crate) async fn registrations(
    connection: &mut AnyConnection,
    (client, stakeholder): (&str, &str),
    now: UnixTime,
) -> Result<Vec<String>, ServiceError> {
    Ok(sqlx::query_scalar(
        "select id from registration where client = $1 and stakeholder = $2 and fn = $3 and not_after > $4 order by id",
    )
    .bind(client)
    .bind(stakeholder)
    .bind(Function::Mef.number())
    .bind(seconds(now))
    .fetch_all(connection)
    .await?)
}
