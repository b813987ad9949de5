//! What administrators write: stakeholders, clients, credentials, policy, Kpsa. Writes of a row compare its version.

mod key_hashes;
mod policies;
mod psas;

pub(crate) use key_hashes::{set_hash, shared, unhashed};
pub(crate) use policies::{insert_policy, policy, remove_policy, update_policy};
pub(crate) use psas::{PSA_NAMES, PsaRow, enable_psa, insert_psa, psa, psa_key, psa_row, remove_psa};

use super::clients::kind_number;
use super::columns::{function, sealed, seconds, time};
use crate::Function;
use crate::service::bound::Bound;
use crate::service::error::ServiceError;
use crate::service::sealed::{SealedColumns, SealedKey};
use eccsi_sakke::onem2m::UnixTime;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

type Done = Result<bool, ServiceError>;

/// A stakeholder.
pub(crate) struct StakeholderRow {
    pub(crate) fqdn: String,
    pub(crate) enabled: bool,
    pub(crate) version: i64,
}

pub(crate) async fn insert_stakeholder(connection: &mut AnyConnection, fqdn: &str) -> Done {
    let text =
        "insert into stakeholder (fqdn, enabled, version) values ($1, 1, 1) on conflict (fqdn) do nothing";
    Ok(sqlx::query(text).bind(fqdn).execute(connection).await?.rows_affected() == 1)
}

pub(super) fn stakeholder_row(row: &AnyRow) -> Result<StakeholderRow, ServiceError> {
    let enabled: i64 = row.try_get("enabled")?;
    Ok(StakeholderRow { fqdn: row.try_get("fqdn")?, enabled: enabled == 1, version: row.try_get("version")? })
}

pub(crate) async fn stakeholder(
    connection: &mut AnyConnection,
    fqdn: &str,
) -> Result<Option<StakeholderRow>, ServiceError> {
    let query = sqlx::query("select fqdn, enabled, version from stakeholder where fqdn = $1").bind(fqdn);
    query.fetch_optional(connection).await?.as_ref().map(stakeholder_row).transpose()
}

pub(crate) async fn enable_stakeholder(
    connection: &mut AnyConnection,
    fqdn: &str,
    enabled: bool,
    version: i64,
) -> Done {
    let text = "update stakeholder set enabled = $1, version = version + 1 where fqdn = $2 and version = $3";
    let query = sqlx::query(text).bind(i64::from(enabled)).bind(fqdn).bind(version);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn remove_stakeholder(connection: &mut AnyConnection, fqdn: &str, version: i64) -> Done {
    sqlx::query("delete from policy where stakeholder = $1").bind(fqdn).execute(&mut *connection).await?;
    let objects = "delete from device_object where stakeholder = $1";
    sqlx::query(objects).bind(fqdn).execute(&mut *connection).await?;
    let query =
        sqlx::query("delete from stakeholder where fqdn = $1 and version = $2").bind(fqdn).bind(version);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// How many clients are admitted under a stakeholder.
pub(crate) async fn admitted(connection: &mut AnyConnection, stakeholder: &str) -> Result<i64, ServiceError> {
    let text = "select count(*) from client_stakeholder where stakeholder = $1";
    Ok(sqlx::query_scalar(text).bind(stakeholder).fetch_one(connection).await?)
}

/// A client with its version.
pub(crate) struct ClientRecord {
    pub(crate) id: String,
    pub(crate) label: String,
    pub(crate) enabled: bool,
    pub(crate) not_after: UnixTime,
    pub(crate) version: i64,
}

pub(crate) async fn insert_client(
    connection: &mut AnyConnection,
    id: &str,
    label: &str,
    not_after: UnixTime,
) -> Done {
    let text = "insert into client (id, label, enabled, not_after, version) values ($1, $2, 1, $3, 1) \
                on conflict (id) do nothing";
    let query = sqlx::query(text).bind(id).bind(label).bind(seconds(not_after));
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(super) fn client_record(row: &AnyRow) -> Result<ClientRecord, ServiceError> {
    let enabled: i64 = row.try_get("enabled")?;
    Ok(ClientRecord {
        id: row.try_get("id")?,
        label: row.try_get("label")?,
        enabled: enabled == 1,
        not_after: time(row.try_get("not_after")?),
        version: row.try_get("version")?,
    })
}

pub(crate) async fn client(
    connection: &mut AnyConnection,
    id: &str,
) -> Result<Option<ClientRecord>, ServiceError> {
    let query =
        sqlx::query("select id, label, enabled, not_after, version from client where id = $1").bind(id);
    query.fetch_optional(connection).await?.as_ref().map(client_record).transpose()
}

/// Writes a client and moves its version on.
pub(crate) async fn update_client(connection: &mut AnyConnection, row: &ClientRecord) -> Done {
    let text = "update client set label = $1, enabled = $2, not_after = $3, version = version + 1 \
                where id = $4 and version = $5";
    let query = sqlx::query(text)
        .bind(&row.label)
        .bind(i64::from(row.enabled))
        .bind(seconds(row.not_after))
        .bind(&row.id)
        .bind(row.version);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// Removes a client with all that hangs on it. What it was issued stays, so that it is not issued again.
pub(crate) async fn remove_client(connection: &mut AnyConnection, id: &str, version: i64) -> Done {
    for text in [
        // What lay under these data keys ends early.
        "insert into early_end (day, generation, renewed) select distinct day, generation, 0 from registered_key \
         where client = $1 and generation > 0 on conflict (day, generation) do nothing",
        "insert into early_end (day, generation, renewed) select distinct day, generation, 0 from enrolment_key \
         where client = $1 and generation > 0 on conflict (day, generation) do nothing",
        "insert into early_end (day, generation, renewed) select distinct day, generation, 0 from fetched_key \
         where client = $1 and generation > 0 on conflict (day, generation) do nothing",
        "insert into early_end (day, generation, renewed) select distinct day, generation, 0 from credential \
         where client = $1 and generation > 0 on conflict (day, generation) do nothing",
        "delete from command where registration in (select id from registration where client = $1)",
        "delete from registered_key where client = $1",
        "delete from registration where client = $1",
        "delete from enrolment_key where client = $1",
        "delete from fetched_key where client = $1",
        "delete from credential where client = $1",
        "delete from policy where client = $1",
        "delete from device_object where client = $1",
        "delete from client_stakeholder where client = $1",
        "delete from client_identity where client = $1",
    ] {
        sqlx::query(text).bind(id).execute(&mut *connection).await?;
    }
    let query = sqlx::query("delete from client where id = $1 and version = $2").bind(id).bind(version);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// The client to which an identity is bound. Locks the name until the end of the transaction.
pub(crate) async fn holder(
    connection: &mut AnyConnection,
    name: &str,
) -> Result<Option<String>, ServiceError> {
    sqlx::query("update entity set kind = kind where name = $1").bind(name).execute(&mut *connection).await?;
    let text = "select client from client_identity where name = $1";
    Ok(sqlx::query_scalar(text).bind(name).fetch_optional(connection).await?)
}

pub(crate) async fn bind_identity(connection: &mut AnyConnection, client: &str, identity: &Bound) -> Done {
    let text = "insert into client_identity (client, name, kind) values ($1, $2, $3) \
                on conflict (client, name) do nothing";
    let query = sqlx::query(text).bind(client).bind(identity.as_str()).bind(kind_number(identity));
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn unbind_identity(connection: &mut AnyConnection, client: &str, name: &str) -> Done {
    let query =
        sqlx::query("delete from client_identity where client = $1 and name = $2").bind(client).bind(name);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn admit(
    connection: &mut AnyConnection,
    client: &str,
    stakeholder: &str,
    function: Function,
) -> Done {
    let text = "insert into client_stakeholder (client, stakeholder, fn, config) values ($1, $2, $3, '') \
                on conflict (client, stakeholder, fn) do nothing";
    let query = sqlx::query(text).bind(client).bind(stakeholder).bind(function.number());
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn dismiss(
    connection: &mut AnyConnection,
    client: &str,
    stakeholder: &str,
    function: Function,
) -> Done {
    let text = "delete from client_stakeholder where client = $1 and stakeholder = $2 and fn = $3";
    let query = sqlx::query(text).bind(client).bind(stakeholder).bind(function.number());
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn admissions(
    connection: &mut AnyConnection,
    client: &str,
) -> Result<Vec<(Function, String)>, ServiceError> {
    let text = "select fn, stakeholder from client_stakeholder where client = $1 order by fn, stakeholder";
    let rows = sqlx::query(text).bind(client).fetch_all(connection).await?;
    rows.iter().map(|row| Ok((function(row)?, row.try_get("stakeholder")?))).collect()
}

/// Keeps the configuration that registrations of this client under this stakeholder get, those there are and those
/// to come; false if the client is not admitted.
pub(crate) async fn configure(
    connection: &mut AnyConnection,
    (client, stakeholder, function): (&str, &str, Function),
    config: &str,
) -> Done {
    let mut found = 0;
    for text in [
        "update registration set config = $1, version = version + 1 where client = $2 and stakeholder = $3 and fn = $4",
        "update client_stakeholder set config = $1 where client = $2 and stakeholder = $3 and fn = $4",
    ] {
        let query = sqlx::query(text).bind(config).bind(client).bind(stakeholder).bind(function.number());
        found = query.execute(&mut *connection).await?.rows_affected();
    }
    Ok(found == 1)
}

/// Keeps the configuration of one registration; false if there is none.
pub(crate) async fn configure_registration(
    connection: &mut AnyConnection,
    registration: &str,
    config: &str,
) -> Done {
    let query = sqlx::query("update registration set config = $1, version = version + 1 where id = $2");
    Ok(query.bind(config).bind(registration).execute(connection).await?.rows_affected() == 1)
}

/// A credential as administrators see it.
pub(crate) struct CredentialRecord {
    pub(crate) id: String,
    pub(crate) function: Function,
    pub(crate) enabled: bool,
    pub(crate) not_after: UnixTime,
    pub(crate) has_key: bool,
}

pub(crate) async fn credentials(
    connection: &mut AnyConnection,
    client: &str,
) -> Result<Vec<CredentialRecord>, ServiceError> {
    let text =
        "select id, fn, enabled, not_after, generation from credential where client = $1 order by fn, id";
    let rows = sqlx::query(text).bind(client).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let (enabled, generation): (i64, i64) = (row.try_get("enabled")?, row.try_get("generation")?);
            Ok(CredentialRecord {
                id: row.try_get("id")?,
                function: function(row)?,
                enabled: enabled == 1,
                not_after: time(row.try_get("not_after")?),
                has_key: generation > 0,
            })
        })
        .collect()
}

/// A credential to be bound.
pub(crate) struct NewCredential<'a> {
    pub(crate) id: &'a str,
    pub(crate) function: Function,
    pub(crate) client: &'a str,
    pub(crate) not_after: UnixTime,
    pub(crate) key: &'a SealedKey,
}

/// What came of inserting a credential.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Inserted {
    Yes,
    /// Its name is there, in whatever case.
    NameTaken,
    /// Another client has its key.
    KeyTaken,
}

pub(crate) async fn insert_credential(
    connection: &mut AnyConnection,
    row: &NewCredential<'_>,
) -> Result<Inserted, ServiceError> {
    if key_hashes::is_of_another(connection, &row.key.hash, row.client).await? {
        return Ok(Inserted::KeyTaken);
    }
    let others: i64 =
        sqlx::query_scalar("select count(*) from credential where fn = $1 and lower(id) = lower($2)")
            .bind(row.function.number())
            .bind(row.id)
            .fetch_one(&mut *connection)
            .await?;
    if others > 0 {
        return Ok(Inserted::NameTaken);
    }
    let text = "insert into credential (id, fn, client, enabled, not_after, day, generation, sealed, version, key_hash) \
                values ($1, $2, $3, 1, $4, $5, $6, $7, 1, $8) on conflict (id, fn) do nothing";
    let query = sqlx::query(text)
        .bind(row.id)
        .bind(row.function.number())
        .bind(row.client)
        .bind(seconds(row.not_after))
        .bind(row.key.columns.day)
        .bind(row.key.columns.generation)
        .bind(row.key.columns.sealed.clone())
        .bind(&row.key.hash);
    let is_new = query.execute(connection).await?.rows_affected() == 1;
    Ok(if is_new { Inserted::Yes } else { Inserted::NameTaken })
}

pub(crate) async fn enable_credential(
    connection: &mut AnyConnection,
    (id, function, client): (&str, Function, &str),
    enabled: bool,
) -> Done {
    let text =
        "update credential set enabled = $1, version = version + 1 where id = $2 and fn = $3 and client = $4";
    let query = sqlx::query(text).bind(i64::from(enabled)).bind(id).bind(function.number()).bind(client);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn remove_credential(
    connection: &mut AnyConnection,
    (id, function, client): (&str, Function, &str),
) -> Done {
    let text = "insert into early_end (day, generation, renewed) select distinct day, generation, 0 from credential \
                where id = $1 and fn = $2 and client = $3 and generation > 0 on conflict (day, generation) do nothing";
    sqlx::query(text).bind(id).bind(function.number()).bind(client).execute(&mut *connection).await?;
    let text = "delete from credential where id = $1 and fn = $2 and client = $3";
    let query = sqlx::query(text).bind(id).bind(function.number()).bind(client);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// The sealed key of a credential that is enabled, lives, and belongs to a client of which the same holds.
pub(crate) async fn credential_key(
    connection: &mut AnyConnection,
    (id, function): (&str, Function),
    now: UnixTime,
) -> Result<Option<SealedColumns>, ServiceError> {
    let text = "select credential.day, credential.generation, credential.sealed from credential \
                join client on client.id = credential.client \
                where credential.id = $1 and credential.fn = $2 and credential.enabled = 1 and client.enabled = 1 \
                and credential.not_after > $3 and client.not_after > $3 and credential.generation > 0";
    let query = sqlx::query(text).bind(id).bind(function.number()).bind(seconds(now));
    query.fetch_optional(connection).await?.as_ref().map(sealed).transpose()
}

/// Whether a credential can be used, and if not why.
pub(crate) struct CredentialState {
    pub(crate) client: String,
    pub(crate) enabled: bool,
    pub(crate) not_after: UnixTime,
    pub(crate) client_enabled: bool,
    pub(crate) client_not_after: UnixTime,
}

pub(crate) async fn credential_state(
    connection: &mut AnyConnection,
    (id, function): (&str, Function),
) -> Result<Option<CredentialState>, ServiceError> {
    let text = "select client.id as client, credential.enabled as enabled, credential.not_after as not_after, \
                client.enabled as client_enabled, client.not_after as client_not_after from credential \
                join client on client.id = credential.client where credential.id = $1 and credential.fn = $2";
    let row = sqlx::query(text).bind(id).bind(function.number()).fetch_optional(connection).await?;
    row.map(|row| {
        let (enabled, client_enabled): (i64, i64) = (row.try_get("enabled")?, row.try_get("client_enabled")?);
        Ok(CredentialState {
            client: row.try_get("client")?,
            enabled: enabled == 1,
            not_after: time(row.try_get("not_after")?),
            client_enabled: client_enabled == 1,
            client_not_after: time(row.try_get("client_not_after")?),
        })
    })
    .transpose()
}

/// Takes a name for ever; false if it was taken before. `space` is the number of a function, or [`PSA_NAMES`].
pub(crate) async fn assign_name(connection: &mut AnyConnection, space: i64, name: &str) -> Done {
    let text = "insert into assigned_name (fn, name) values ($1, $2) on conflict (fn, name) do nothing";
    let query = sqlx::query(text).bind(space).bind(name.to_ascii_lowercase());
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

/// The function of a registration that lives.
pub(crate) async fn registration_function(
    connection: &mut AnyConnection,
    id: &str,
    now: UnixTime,
) -> Result<Option<Function>, ServiceError> {
    let text = "select fn from registration where id = $1 and not_after > $2";
    let found = sqlx::query(text).bind(id).bind(seconds(now)).fetch_optional(connection).await?;
    found.as_ref().map(function).transpose()
}

/// The identities of a client that live and are not denied: (ID_2, end).
pub(crate) async fn live_of_client(
    connection: &mut AnyConnection,
    client: &str,
    now: UnixTime,
) -> Result<Vec<(String, UnixTime)>, ServiceError> {
    let text = "select id2, not_after from ibc_identity where client = $1 and state = 1 and not_after > $2 \
                and not exists (select 1 from denied where denied.id2 = ibc_identity.id2) order by id2";
    let rows = sqlx::query(text).bind(client).bind(seconds(now)).fetch_all(connection).await?;
    let mut live = vec![];
    for row in &rows {
        live.push((row.try_get("id2")?, time(row.try_get("not_after")?)));
    }
    Ok(live)
}
