//! Data keys under which values lay that ended before their day: the rest of the day is sealed anew, and then the data
//! key erased.

use super::columns::seconds;
use crate::service::error::ServiceError;
use crate::service::sealed::SealedColumns;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::{AnyConnection, Row};

/// A data key to be replaced.
pub(crate) struct EarlyEnd {
    pub(crate) day: i64,
    pub(crate) generation: i64,
    /// When the next generation was made, 0 before.
    pub(crate) renewed: i64,
}

/// Notes that a value ended early, unless it was none.
pub(crate) async fn mark(connection: &mut AnyConnection, value: &SealedColumns) -> Result<(), ServiceError> {
    if value.generation == 0 {
        return Ok(());
    }
    sqlx::query(
        "insert into early_end (day, generation, renewed) values ($1, $2, 0) on conflict (day, generation) do nothing",
    )
    .bind(value.day)
    .bind(value.generation)
    .execute(connection)
    .await?;
    Ok(())
}

/// All that are noted, up to `most`.
pub(crate) async fn all(connection: &mut AnyConnection, most: i64) -> Result<Vec<EarlyEnd>, ServiceError> {
    let rows =
        sqlx::query("select day, generation, renewed from early_end order by day, generation limit $1")
            .bind(most)
            .fetch_all(connection)
            .await?;
    rows.iter()
        .map(|row| {
            Ok(EarlyEnd {
                day: row.try_get("day")?,
                generation: row.try_get("generation")?,
                renewed: row.try_get("renewed")?,
            })
        })
        .collect()
}

/// Notes that the next generation is there.
pub(crate) async fn renewed(
    connection: &mut AnyConnection,
    (day, generation): (i64, i64),
    now: UnixTime,
) -> Result<(), ServiceError> {
    sqlx::query("update early_end set renewed = $1 where day = $2 and generation = $3 and renewed = 0")
        .bind(seconds(now))
        .bind(day)
        .bind(generation)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets a data key that is erased.
pub(crate) async fn done(
    connection: &mut AnyConnection,
    (day, generation): (i64, i64),
) -> Result<(), ServiceError> {
    sqlx::query("delete from early_end where day = $1 and generation = $2")
        .bind(day)
        .bind(generation)
        .execute(connection)
        .await?;
    Ok(())
}

/// Forgets the days before `day`, whose data keys are erased altogether.
pub(crate) async fn forget_before(connection: &mut AnyConnection, day: i64) -> Result<(), ServiceError> {
    sqlx::query("delete from early_end where day < $1").bind(day).execute(connection).await?;
    Ok(())
}
