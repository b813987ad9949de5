//! The newest deny list, as published.

use super::columns::{seconds, time};
use crate::service::error::ServiceError;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::{AnyConnection, Row};

/// The number for a new list. Its row stays locked until the end of the transaction.
pub(crate) async fn next_number(connection: &mut AnyConnection) -> Result<u64, ServiceError> {
    let number: i64 =
        sqlx::query_scalar("update deny_list set number = number + 1 where one = 1 returning number")
            .fetch_one(connection)
            .await?;
    Ok(number.unsigned_abs())
}

/// Lets numbers go on behind one that was published.
pub(crate) async fn raise_number(connection: &mut AnyConnection, number: u64) -> Result<(), ServiceError> {
    sqlx::query("update deny_list set number = $1 where one = 1 and number < $1")
        .bind(i64::try_from(number).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
    Ok(())
}

/// Keeps a list that has all that is denied.
pub(crate) async fn store(
    connection: &mut AnyConnection,
    number: u64,
    signed: &str,
    next_update: UnixTime,
) -> Result<(), ServiceError> {
    let number = i64::try_from(number).unwrap_or(i64::MAX);
    sqlx::query("update deny_list set body = $1, next_update = $2 where one = 1 and number = $3")
        .bind(signed)
        .bind(seconds(next_update))
        .bind(number)
        .execute(&mut *connection)
        .await?;
    sqlx::query("update denied set listed = $1 where listed = 0").bind(number).execute(connection).await?;
    Ok(())
}

/// Whether something is denied that no list has, or the next list is due by `by`.
pub(crate) async fn is_due(connection: &mut AnyConnection, by: UnixTime) -> Result<bool, ServiceError> {
    let row = sqlx::query(
        "select number, next_update, (select count(*) from denied where listed = 0) as news from deny_list where one = 1",
    )
    .fetch_one(connection)
    .await?;
    let (number, next, news): (i64, i64, i64) =
        (row.try_get("number")?, row.try_get("next_update")?, row.try_get("news")?);
    Ok(news > 0 || (number > 0 && next <= seconds(by)))
}

/// The newest list as its row has it.
pub(crate) struct Published {
    pub(crate) number: u64,
    pub(crate) body: String,
    pub(crate) next_update: UnixTime,
}

pub(crate) async fn published(connection: &mut AnyConnection) -> Result<Published, ServiceError> {
    let row = sqlx::query("select number, body, next_update from deny_list where one = 1")
        .fetch_one(connection)
        .await?;
    let number: i64 = row.try_get("number")?;
    Ok(Published {
        number: number.unsigned_abs(),
        body: row.try_get("body")?,
        next_update: time(row.try_get("next_update")?),
    })
}

/// The newest list: its number, 0 if there is none, and its text.
pub(crate) async fn newest(connection: &mut AnyConnection) -> Result<(u64, String), ServiceError> {
    let row = sqlx::query("select number, body from deny_list where one = 1").fetch_one(connection).await?;
    let number: i64 = row.try_get("number")?;
    Ok((number.unsigned_abs(), row.try_get("body")?))
}
