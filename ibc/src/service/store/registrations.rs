//! Registrations of clients at a MEF or MAF, and who may have one.

use super::columns::{self, seconds};
use crate::Function;
use crate::service::error::ServiceError;
use crate::service::registered::{Admission, Registration};
use eccsi_sakke::onem2m::UnixTime;
use sqlx::AnyConnection;

const BY_ID: &str = "select id, client, stakeholder, entity, not_after, labels, assigned, config, version \
                     from registration where id = $1 and fn = $2";
const BY_OWNER: &str = "select id, client, stakeholder, entity, not_after, labels, assigned, config, version \
                        from registration where client = $1 and fn = $2 and stakeholder = $3 and entity = $4";

/// `None` unless the stakeholder is enabled and has admitted the client.
pub(crate) async fn admission(
    connection: &mut AnyConnection,
    function: Function,
    client: &str,
    stakeholder: &str,
) -> Result<Option<Admission>, ServiceError> {
    let config: Option<String> = sqlx::query_scalar(
        "select client_stakeholder.config from client_stakeholder \
         join stakeholder on stakeholder.fqdn = client_stakeholder.stakeholder \
         where client_stakeholder.client = $1 and client_stakeholder.stakeholder = $2 and client_stakeholder.fn = $3 \
         and stakeholder.enabled = 1",
    )
    .bind(client)
    .bind(stakeholder)
    .bind(function.number())
    .fetch_optional(connection)
    .await?;
    config.map(|config| Ok(Admission { configuration: columns::from_json(&config)? })).transpose()
}

/// The enabled stakeholders that have admitted a client.
pub(crate) async fn stakeholders_of(
    connection: &mut AnyConnection,
    function: Function,
    client: &str,
) -> Result<Vec<String>, ServiceError> {
    Ok(sqlx::query_scalar(
        "select client_stakeholder.stakeholder from client_stakeholder \
         join stakeholder on stakeholder.fqdn = client_stakeholder.stakeholder \
         where client_stakeholder.client = $1 and client_stakeholder.fn = $2 and stakeholder.enabled = 1 \
         order by client_stakeholder.stakeholder",
    )
    .bind(client)
    .bind(function.number())
    .fetch_all(connection)
    .await?)
}

/// Whether an identity is bound to a client that the stakeholder has admitted at either function.
pub(crate) async fn is_known(
    connection: &mut AnyConnection,
    stakeholder: &str,
    name: &str,
) -> Result<bool, ServiceError> {
    let found: i64 = sqlx::query_scalar(
        "select count(*) from client_identity \
         join client on client.id = client_identity.client \
         join client_stakeholder on client_stakeholder.client = client_identity.client \
         where client_identity.name = $1 and client_stakeholder.stakeholder = $2 and client.enabled = 1",
    )
    .bind(name)
    .bind(stakeholder)
    .fetch_one(connection)
    .await?;
    Ok(found > 0)
}

/// Whether a client has registered an entity under any stakeholder, and that has not expired.
pub(crate) async fn is_registered(
    connection: &mut AnyConnection,
    function: Function,
    (client, entity): (&str, &str),
    now: UnixTime,
) -> Result<bool, ServiceError> {
    let found: i64 = sqlx::query_scalar(
        "select count(*) from registration where client = $1 and fn = $2 and entity = $3 and not_after > $4",
    )
    .bind(client)
    .bind(function.number())
    .bind(entity)
    .bind(seconds(now))
    .fetch_one(connection)
    .await?;
    Ok(found > 0)
}

/// A registration by its identifier, expired or not.
pub(crate) async fn by_id(
    connection: &mut AnyConnection,
    function: Function,
    id: &str,
) -> Result<Option<Registration>, ServiceError> {
    let found = sqlx::query(BY_ID).bind(id).bind(function.number()).fetch_optional(connection).await?;
    found.as_ref().map(columns::registration).transpose()
}

/// The registration of an entity under a stakeholder, expired or not.
pub(crate) async fn by_owner(
    connection: &mut AnyConnection,
    function: Function,
    client: &str,
    (stakeholder, entity): (&str, &str),
) -> Result<Option<Registration>, ServiceError> {
    let found = sqlx::query(BY_OWNER)
        .bind(client)
        .bind(function.number())
        .bind(stakeholder)
        .bind(entity)
        .fetch_optional(connection)
        .await?;
    found.as_ref().map(columns::registration).transpose()
}

fn assigned(row: &Registration) -> &str {
    row.assigned.as_ref().map_or("", |km_id| km_id.as_str())
}

/// Inserts a registration; false if its identifier or its place is taken.
pub(crate) async fn insert(
    connection: &mut AnyConnection,
    function: Function,
    row: &Registration,
    now: UnixTime,
) -> Result<bool, ServiceError> {
    let inserted = sqlx::query(
        "insert into registration (id, fn, client, stakeholder, entity, not_after, labels, assigned, config, created, \
         version) values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1) on conflict do nothing",
    )
    .bind(&row.id)
    .bind(function.number())
    .bind(&row.client)
    .bind(&row.stakeholder)
    .bind(&row.entity)
    .bind(seconds(row.not_after))
    .bind(columns::json(&row.labels)?)
    .bind(assigned(row))
    .bind(columns::json_or_empty(row.configuration.as_ref())?)
    .bind(seconds(now))
    .execute(connection)
    .await?;
    Ok(inserted.rows_affected() == 1)
}

/// Writes end, labels and assigned name of a row that has not changed since it was read; false if it has.
pub(crate) async fn update(connection: &mut AnyConnection, row: &Registration) -> Result<bool, ServiceError> {
    let updated = sqlx::query(
        "update registration set not_after = $1, labels = $2, assigned = $3, version = version + 1 \
         where id = $4 and version = $5",
    )
    .bind(seconds(row.not_after))
    .bind(columns::json(&row.labels)?)
    .bind(assigned(row))
    .bind(&row.id)
    .bind(row.version)
    .execute(connection)
    .await?;
    Ok(updated.rows_affected() == 1)
}

/// Keeps a registration as it was read until the end of the transaction; false if it has changed or gone.
pub(crate) async fn hold(connection: &mut AnyConnection, row: &Registration) -> Result<bool, ServiceError> {
    let held = sqlx::query("update registration set version = version where id = $1 and version = $2")
        .bind(&row.id)
        .bind(row.version)
        .execute(connection)
        .await?;
    Ok(held.rows_affected() == 1)
}

/// Removes a registration with its commands; its keys are the caller's. False if it has gone already.
pub(crate) async fn remove(connection: &mut AnyConnection, id: &str) -> Result<bool, ServiceError> {
    let removed =
        sqlx::query("delete from registration where id = $1").bind(id).execute(&mut *connection).await?;
    sqlx::query("delete from command where registration = $1").bind(id).execute(connection).await?;
    Ok(removed.rows_affected() == 1)
}
