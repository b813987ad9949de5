//! The newest deny list, as published.

use crate::service::error::ServiceError;
use sqlx::{AnyConnection, Row};
use std::prelude::rust_2024::*;

/// The number for a new list. Its row stays locked until the end of the transaction.
pub(crate) async fn next_number(connection: &mut AnyConnection) -> Result<u64, ServiceError> {
    let number: i64 =
        sqlx::query_scalar("update deny_list set number = number + 1 where one = 1 returning number")
            .fetch_one(connection)
            .await?;
    Ok(number.unsigned_abs())
}

/// Keeps a list.
pub(crate) async fn store(
    connection: &mut AnyConnection,
    number: u64,
    signed: &str,
) -> Result<(), ServiceError> {
    sqlx::query("update deny_list set body = $1 where one = 1 and number = $2")
        .bind(signed)
        .bind(i64::try_from(number).unwrap_or(i64::MAX))
        .execute(connection)
        .await?;
    Ok(())
}

/// The newest list: its number, 0 if there is none, and its text.
pub(crate) async fn newest(connection: &mut AnyConnection) -> Result<(u64, String), ServiceError> {
    let row = sqlx::query("select number, body from deny_list where one = 1").fetch_one(connection).await?;
    let number: i64 = row.try_get("number")?;
    Ok((number.unsigned_abs(), row.try_get("body")?))
}
