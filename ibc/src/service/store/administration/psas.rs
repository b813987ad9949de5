//! Kpsa.

use super::Done;
use crate::service::error::ServiceError;
use crate::service::sealed::SealedColumns;
use crate::service::store::columns::{sealed, seconds, time};
use eccsi_sakke::onem2m::UnixTime;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// The space of KpsaIDs in `assigned_name`.
pub(crate) const PSA_NAMES: i64 = 3;

/// A Kpsa without its key.
pub(crate) struct PsaRow {
    pub(crate) id: String,
    pub(crate) a: String,
    pub(crate) b: String,
    pub(crate) enabled: bool,
    pub(crate) not_after: UnixTime,
    pub(crate) version: i64,
}

pub(crate) async fn insert_psa(
    connection: &mut AnyConnection,
    row: &PsaRow,
    columns: &SealedColumns,
) -> Done {
    let text = "insert into psa (id, a, b, enabled, not_after, day, generation, sealed, version) \
                values ($1, $2, $3, 1, $4, $5, $6, $7, 1) on conflict (id) do nothing";
    let query = sqlx::query(text)
        .bind(&row.id)
        .bind(&row.a)
        .bind(&row.b)
        .bind(seconds(row.not_after))
        .bind(columns.day)
        .bind(columns.generation)
        .bind(columns.sealed.clone());
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) fn psa_row(row: &AnyRow) -> Result<PsaRow, ServiceError> {
    let enabled: i64 = row.try_get("enabled")?;
    Ok(PsaRow {
        id: row.try_get("id")?,
        a: row.try_get("a")?,
        b: row.try_get("b")?,
        enabled: enabled == 1,
        not_after: time(row.try_get("not_after")?),
        version: row.try_get("version")?,
    })
}

pub(crate) async fn psa(connection: &mut AnyConnection, id: &str) -> Result<Option<PsaRow>, ServiceError> {
    let query = sqlx::query("select id, a, b, enabled, not_after, version from psa where id = $1").bind(id);
    query.fetch_optional(connection).await?.as_ref().map(psa_row).transpose()
}

pub(crate) async fn enable_psa(
    connection: &mut AnyConnection,
    id: &str,
    enabled: bool,
    version: i64,
) -> Done {
    let text = "update psa set enabled = $1, version = version + 1 where id = $2 and version = $3";
    let query = sqlx::query(text).bind(i64::from(enabled)).bind(id).bind(version);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn remove_psa(connection: &mut AnyConnection, id: &str, version: i64) -> Done {
    let text = "insert into early_end (day, generation, renewed) select distinct day, generation, 0 from psa \
                where id = $1 and version = $2 and generation > 0 on conflict (day, generation) do nothing";
    sqlx::query(text).bind(id).bind(version).execute(&mut *connection).await?;
    let query = sqlx::query("delete from psa where id = $1 and version = $2").bind(id).bind(version);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn psa_key(
    connection: &mut AnyConnection,
    id: &str,
    now: UnixTime,
) -> Result<Option<SealedColumns>, ServiceError> {
    let text = "select day, generation, sealed from psa where id = $1 and enabled = 1 and not_after > $2";
    let found = sqlx::query(text).bind(id).bind(seconds(now)).fetch_optional(connection).await?;
    found.as_ref().map(sealed).transpose()
}
