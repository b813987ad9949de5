//! Clients, what they authenticate with, and the identities bound to them.

use super::columns::time;
use crate::Function;
use crate::service::bound::Bound;
use crate::service::error::ServiceError;
use eccsi_sakke::onem2m::{EntityId, EntityKind, Fqdn, UnixTime};
use sqlx::{AnyConnection, Row};

/// A credential, without its key.
pub(crate) struct CredentialRow {
    pub(crate) client: String,
    pub(crate) not_after: UnixTime,
}

/// A client.
pub(crate) struct ClientRow {
    pub(crate) enabled: bool,
    pub(crate) not_after: UnixTime,
}

/// The credential with this Credential-ID at `function`, if it is enabled.
pub(crate) async fn credential(
    connection: &mut AnyConnection,
    function: Function,
    id: &str,
) -> Result<Option<CredentialRow>, ServiceError> {
    let row =
        sqlx::query("select client, not_after from credential where id = $1 and fn = $2 and enabled = 1")
            .bind(id)
            .bind(function.number())
            .fetch_optional(connection)
            .await?;
    row.map(|row| {
        Ok(CredentialRow { client: row.try_get("client")?, not_after: time(row.try_get("not_after")?) })
    })
    .transpose()
}

/// Whether an administrator has bound this Credential-ID at `function`, enabled or not.
pub(crate) async fn is_bound(
    connection: &mut AnyConnection,
    function: Function,
    id: &str,
) -> Result<bool, ServiceError> {
    let count: i64 = sqlx::query_scalar("select count(*) from credential where id = $1 and fn = $2")
        .bind(id)
        .bind(function.number())
        .fetch_one(connection)
        .await?;
    Ok(count > 0)
}

/// The client whose key, as fetched from a MEF, has this KeID.
pub(crate) async fn fetched(
    connection: &mut AnyConnection,
    ke_id: &str,
) -> Result<Option<CredentialRow>, ServiceError> {
    let row = sqlx::query("select client, not_after from fetched_key where ke_id = $1")
        .bind(ke_id)
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        Ok(CredentialRow { client: row.try_get("client")?, not_after: time(row.try_get("not_after")?) })
    })
    .transpose()
}

/// A client by its name.
pub(crate) async fn client(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<ClientRow>, ServiceError> {
    let row = sqlx::query("select enabled, not_after from client where id = $1")
        .bind(id)
        .fetch_optional(connection)
        .await?;
    row.map(|row| {
        let enabled: i64 = row.try_get("enabled")?;
        Ok(ClientRow { enabled: enabled == 1, not_after: time(row.try_get("not_after")?) })
    })
    .transpose()
}

/// The number that stands for a kind of identity.
pub(crate) fn kind_number(identity: &Bound) -> i64 {
    match identity {
        Bound::Entity(entity) => entity_kind_number(entity.kind()),
        Bound::Maf(_) => 3,
    }
}

/// The number that stands for a kind of entity.
pub(crate) const fn entity_kind_number(kind: EntityKind) -> i64 {
    match kind {
        EntityKind::Cse => 1,
        EntityKind::Ae => 2,
    }
}

/// The identities bound to a client.
pub(crate) async fn identities(
    connection: &mut AnyConnection,
    client: &str,
) -> Result<Vec<Bound>, ServiceError> {
    let rows = sqlx::query("select name, kind from client_identity where client = $1 order by name")
        .bind(client)
        .fetch_all(connection)
        .await?;
    rows.iter()
        .map(|row| {
            let (name, kind): (String, i64) = (row.try_get("name")?, row.try_get("kind")?);
            let bound = match kind {
                1 => EntityId::parse(EntityKind::Cse, &name).map(Bound::Entity),
                2 => EntityId::parse(EntityKind::Ae, &name).map(Bound::Entity),
                _ => Fqdn::parse(&name).map(Bound::Maf),
            };
            bound.map_err(ServiceError::internal)
        })
        .collect()
}
