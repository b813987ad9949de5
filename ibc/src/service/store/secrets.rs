//! Rows with keys that sessions are opened with: enrolment keys, fetched keys, credentials, Kpsa.

use super::columns::{self, seconds, time};
use crate::service::error::ServiceError;
use crate::service::sealed::SealedColumns;
use eccsi_sakke::onem2m::{KmId, UnixTime};
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// A key with its owner.
pub(crate) struct SecretRow {
    pub(crate) client: String,
    /// The entity for which it is; "" in a credential.
    pub(crate) entity: String,
    pub(crate) not_after: UnixTime,
    /// Of a fetched key only.
    pub(crate) assigned: Option<KmId>,
    pub(crate) sealed: SealedColumns,
}

fn row(row: &AnyRow) -> Result<SecretRow, ServiceError> {
    Ok(SecretRow {
        client: row.try_get("client")?,
        entity: row.try_get("entity")?,
        not_after: time(row.try_get("not_after")?),
        assigned: columns::km_id(row)?,
        sealed: columns::sealed(row)?,
    })
}

/// Ke by its KeID, if it and its client live.
pub(crate) async fn enrolment_key(
    connection: &mut AnyConnection,
    ke_id: &str,
    now: UnixTime,
) -> Result<Option<SecretRow>, ServiceError> {
    let found = sqlx::query(
        "select k.client, k.entity, k.not_after, '' as assigned, k.day, k.generation, k.sealed from enrolment_key k \
         join client on client.id = k.client \
         where k.ke_id = $1 and k.not_after > $2 and client.enabled = 1 and client.not_after > $2",
    )
    .bind(ke_id)
    .bind(seconds(now))
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(row).transpose()
}

/// How many enrolment keys a client has.
pub(crate) async fn enrolment_keys(
    connection: &mut AnyConnection,
    client: &str,
) -> Result<usize, ServiceError> {
    let count: i64 = sqlx::query_scalar("select count(*) from enrolment_key where client = $1")
        .bind(client)
        .fetch_one(connection)
        .await?;
    usize::try_from(count).map_err(ServiceError::internal)
}

/// Inserts Ke; false if the KeID is there.
pub(crate) async fn insert_enrolment_key(
    connection: &mut AnyConnection,
    ke_id: &str,
    row: &SecretRow,
) -> Result<bool, ServiceError> {
    let text = "insert into enrolment_key (ke_id, client, entity, not_after, day, generation, sealed, version) \
                values ($1, $2, $3, $4, $5, $6, $7, 1) on conflict (ke_id) do nothing";
    insert(connection, text, ke_id, row).await
}

/// A fetched key by its KeID, if it and its client live.
pub(crate) async fn fetched_key(
    connection: &mut AnyConnection,
    ke_id: &str,
    now: UnixTime,
) -> Result<Option<SecretRow>, ServiceError> {
    let found = sqlx::query(
        "select k.client, k.entity, k.not_after, k.assigned, k.day, k.generation, k.sealed from fetched_key k \
         join client on client.id = k.client \
         where k.ke_id = $1 and k.not_after > $2 and client.enabled = 1 and client.not_after > $2",
    )
    .bind(ke_id)
    .bind(seconds(now))
    .fetch_optional(connection)
    .await?;
    found.as_ref().map(row).transpose()
}

/// Keeps a fetched key, in place of one that has expired; false if one is there.
pub(crate) async fn insert_fetched_key(
    connection: &mut AnyConnection,
    ke_id: &str,
    row: &SecretRow,
    now: UnixTime,
) -> Result<bool, ServiceError> {
    sqlx::query("delete from fetched_key where ke_id = $1 and not_after <= $2")
        .bind(ke_id)
        .bind(seconds(now))
        .execute(&mut *connection)
        .await?;
    let text = "insert into fetched_key (ke_id, client, entity, not_after, assigned, day, generation, sealed, version) \
         values ($1, $2, $3, $4, '', $5, $6, $7, 1) on conflict (ke_id) do nothing";
    insert(connection, text, ke_id, row).await
}

/// Binds KeID and row in their order, and says whether the row is new.
async fn insert(
    connection: &mut AnyConnection,
    text: &'static str,
    ke_id: &str,
    row: &SecretRow,
) -> Result<bool, ServiceError> {
    let query = sqlx::query(text)
        .bind(ke_id)
        .bind(&row.client)
        .bind(&row.entity)
        .bind(seconds(row.not_after))
        .bind(row.sealed.day)
        .bind(row.sealed.generation)
        .bind(row.sealed.sealed.clone());
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// Notes the KmID of a fetched key that has none; false if it has one, or is gone.
pub(crate) async fn assign(
    connection: &mut AnyConnection,
    ke_id: &str,
    km_id: &str,
) -> Result<bool, ServiceError> {
    let assigned = sqlx::query(
        "update fetched_key set assigned = $1, version = version + 1 where ke_id = $2 and assigned = ''",
    )
    .bind(km_id)
    .bind(ke_id)
    .execute(connection)
    .await?;
    Ok(assigned.rows_affected() == 1)
}

/// The enabled clients to which an identity is bound: (client, end).
pub(crate) async fn holders(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Vec<(String, UnixTime)>, ServiceError> {
    let rows = sqlx::query(
        "select client.id, client.not_after from client_identity join client on client.id = client_identity.client \
         where client_identity.name = $1 and client.enabled = 1 order by client.id",
    )
    .bind(name)
    .fetch_all(connection)
    .await?;
    rows.iter().map(|row| Ok((row.try_get("id")?, time(row.try_get("not_after")?)))).collect()
}
