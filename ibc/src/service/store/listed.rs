//! What administrators look through, page by page: each list in the order of its key, from the one after which it goes on.

use super::administration::{ClientRecord, PsaRow, StakeholderRow, client_record, psa_row, stakeholder_row};
use super::columns::{self, command, list, non_empty, seconds, time};
use crate::service::error::ServiceError;
use crate::service::rule::{Policy, PolicyKey};
use crate::wire::CommandDescription;
use eccsi_sakke::onem2m::UnixTime;
use sqlx::any::AnyRow;
use sqlx::{AnyConnection, Row};

/// What is wanted; "" and 0 for all.
#[derive(Clone, Debug, Default)]
pub(crate) struct Wanted {
    pub(crate) client: String,
    /// A part of a name or a label, in lower case.
    pub(crate) name: String,
    /// Absolute.
    pub(crate) entity: String,
    pub(crate) stakeholder: String,
    /// Number of a function.
    pub(crate) function: i64,
    pub(crate) suid: i64,
    /// Issued or made at this time or later, and before the other.
    pub(crate) since: UnixTime,
    pub(crate) before: UnixTime,
    /// The key of the last row of the page before.
    pub(crate) after: String,
    pub(crate) limit: i64,
}

/// A credential of IBC.
pub(crate) struct IdentityRow {
    pub(crate) id_2: String,
    pub(crate) entity: String,
    pub(crate) client: String,
    pub(crate) requester: String,
    pub(crate) kpak_tag: String,
    pub(crate) issued: UnixTime,
    pub(crate) not_after: UnixTime,
    /// Since when, and why.
    pub(crate) denied: Option<(UnixTime, String)>,
}

/// The credentials that were issued. `state`: 0 all, 1 those that are valid at `now`, 2 denied, 3 expired.
pub(crate) async fn identities(
    connection: &mut AnyConnection,
    wanted: &Wanted,
    (state, now): (i64, UnixTime),
) -> Result<Vec<IdentityRow>, ServiceError> {
    let text = "select i.id2, i.name, i.client, i.requester, i.kpak_tag, i.issued_at, i.not_after, \
                coalesce(d.since, 0) as denied_since, coalesce(d.reason, '') as reason \
                from ibc_identity i left join denied d on d.id2 = i.id2 \
                where i.state = 1 and i.id2 > $1 and ($2 = '' or i.client = $2) and ($3 = '' or i.name = $3) \
                and i.issued_at >= $4 and i.issued_at < $5 \
                and ($6 = 0 or ($6 = 1 and d.id2 is null and i.not_after > $7) or ($6 = 2 and d.id2 is not null) \
                or ($6 = 3 and i.not_after <= $7)) \
                order by i.id2 limit $8";
    let rows = sqlx::query(text)
        .bind(&wanted.after)
        .bind(&wanted.client)
        .bind(&wanted.entity)
        .bind(seconds(wanted.since))
        .bind(seconds(wanted.before))
        .bind(state)
        .bind(seconds(now))
        .bind(wanted.limit)
        .fetch_all(connection)
        .await?;
    let open = |row: &AnyRow| {
        let since: i64 = row.try_get("denied_since")?;
        Ok(IdentityRow {
            id_2: row.try_get("id2")?,
            entity: row.try_get("name")?,
            client: row.try_get("client")?,
            requester: row.try_get("requester")?,
            kpak_tag: row.try_get("kpak_tag")?,
            issued: time(row.try_get("issued_at")?),
            not_after: time(row.try_get("not_after")?),
            denied: if since > 0 { Some((time(since), row.try_get("reason")?)) } else { None },
        })
    };
    rows.iter().map(open).collect()
}

/// A registration of a client.
pub(crate) struct RegistrationRow {
    pub(crate) id: String,
    pub(crate) function: i64,
    pub(crate) client: String,
    pub(crate) stakeholder: String,
    pub(crate) entity: String,
    pub(crate) labels: Vec<String>,
    /// The KmID that a MAF assigned.
    pub(crate) assigned: Option<String>,
    pub(crate) created: UnixTime,
    pub(crate) not_after: UnixTime,
    pub(crate) keys: i64,
    /// Commands that wait or are issued.
    pub(crate) commands: i64,
}

/// The registrations that have not expired at `now`.
pub(crate) async fn registrations(
    connection: &mut AnyConnection,
    wanted: &Wanted,
    now: UnixTime,
) -> Result<Vec<RegistrationRow>, ServiceError> {
    let text = "select r.id, r.fn, r.client, r.stakeholder, r.entity, r.labels, r.assigned, r.created, r.not_after, \
                (select count(*) from registered_key k where k.registration = r.id and k.not_after > $1) as keys, \
                (select count(*) from command c where c.registration = r.id and c.state < 2) as commands \
                from registration r where r.not_after > $1 and r.id > $2 and ($3 = '' or r.client = $3) \
                and ($4 = '' or r.entity = $4) and ($5 = '' or r.stakeholder = $5) and ($6 = 0 or r.fn = $6) \
                and r.created >= $7 and r.created < $8 order by r.id limit $9";
    let rows = sqlx::query(text)
        .bind(seconds(now))
        .bind(&wanted.after)
        .bind(&wanted.client)
        .bind(&wanted.entity)
        .bind(&wanted.stakeholder)
        .bind(wanted.function)
        .bind(seconds(wanted.since))
        .bind(seconds(wanted.before))
        .bind(wanted.limit)
        .fetch_all(connection)
        .await?;
    let open = |row: &AnyRow| {
        Ok(RegistrationRow {
            id: row.try_get("id")?,
            function: row.try_get("fn")?,
            client: row.try_get("client")?,
            stakeholder: row.try_get("stakeholder")?,
            entity: row.try_get("entity")?,
            labels: list(row, "labels")?,
            assigned: non_empty(row.try_get("assigned")?),
            created: time(row.try_get("created")?),
            not_after: time(row.try_get("not_after")?),
            keys: row.try_get("keys")?,
            commands: row.try_get("commands")?,
        })
    };
    rows.iter().map(open).collect()
}

/// A registered key, without its value.
pub(crate) struct KeyRow {
    pub(crate) rkid: String,
    pub(crate) function: i64,
    pub(crate) registration: String,
    pub(crate) client: String,
    pub(crate) source: String,
    pub(crate) stakeholder: String,
    pub(crate) suid: i64,
    pub(crate) targets: Vec<String>,
    pub(crate) labels: Vec<String>,
    pub(crate) not_after: UnixTime,
}

/// The keys that have not expired at `now`. An entity is the source, or stands among the targets.
pub(crate) async fn keys(
    connection: &mut AnyConnection,
    wanted: &Wanted,
    now: UnixTime,
) -> Result<Vec<KeyRow>, ServiceError> {
    // Targets are kept as JSON: a name in quotation marks is a whole one.
    let text = "select rkid, fn, registration, client, source, stakeholder, suid, targets, labels, not_after \
                from registered_key where not_after > $1 and rkid > $2 and ($3 = '' or client = $3) \
                and ($4 = '' or source = $4 or replace(targets, $5, '') <> targets) \
                and ($6 = '' or stakeholder = $6) and ($7 = 0 or fn = $7) and ($8 = 0 or suid = $8) \
                order by rkid limit $9";
    let rows = sqlx::query(text)
        .bind(seconds(now))
        .bind(&wanted.after)
        .bind(&wanted.client)
        .bind(&wanted.entity)
        .bind(format!("\"{}\"", wanted.entity))
        .bind(&wanted.stakeholder)
        .bind(wanted.function)
        .bind(wanted.suid)
        .bind(wanted.limit)
        .fetch_all(connection)
        .await?;
    let open = |row: &AnyRow| {
        Ok(KeyRow {
            rkid: row.try_get("rkid")?,
            function: row.try_get("fn")?,
            registration: row.try_get("registration")?,
            client: row.try_get("client")?,
            source: row.try_get("source")?,
            stakeholder: row.try_get("stakeholder")?,
            suid: row.try_get("suid")?,
            targets: list(row, "targets")?,
            labels: list(row, "labels")?,
            not_after: time(row.try_get("not_after")?),
        })
    };
    rows.iter().map(open).collect()
}

/// A command that registrations begin with.
pub(crate) struct StandingRow {
    pub(crate) stakeholder: String,
    /// `None` for all clients.
    pub(crate) client: Option<String>,
    pub(crate) number: i64,
    pub(crate) command: CommandDescription,
}

/// All of them, or those of a stakeholder.
pub(crate) async fn standing(
    connection: &mut AnyConnection,
    stakeholder: &str,
) -> Result<Vec<StandingRow>, ServiceError> {
    let text = "select stakeholder, client, number, class, args, target from standing_command \
                where $1 = '' or stakeholder = $1 order by stakeholder, number, client";
    let rows = sqlx::query(text).bind(stakeholder).fetch_all(connection).await?;
    let open = |row: &AnyRow| {
        Ok(StandingRow {
            stakeholder: row.try_get("stakeholder")?,
            client: non_empty(row.try_get("client")?),
            number: row.try_get("number")?,
            command: command(row)?,
        })
    };
    rows.iter().map(open).collect()
}

/// Clients: with `name` in their name or label, to whom an entity is bound, and who are admitted there.
pub(crate) async fn clients(
    connection: &mut AnyConnection,
    wanted: &Wanted,
) -> Result<Vec<ClientRecord>, ServiceError> {
    let text = "select id, label, enabled, not_after, version from client where id > $1 \
                and ($2 = '' or replace(lower(id), $2, '') <> lower(id) or replace(lower(label), $2, '') <> lower(label)) \
                and ($3 = '' or exists (select 1 from client_identity i where i.client = client.id and i.name = $3)) \
                and (($4 = 0 and $5 = '') or exists (select 1 from client_stakeholder s where s.client = client.id \
                and ($4 = 0 or s.fn = $4) and ($5 = '' or s.stakeholder = $5))) order by id limit $6";
    let rows = sqlx::query(text)
        .bind(&wanted.after)
        .bind(&wanted.name)
        .bind(&wanted.entity)
        .bind(wanted.function)
        .bind(&wanted.stakeholder)
        .bind(wanted.limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(client_record).collect()
}

/// Stakeholders with `name` in their FQDN.
pub(crate) async fn stakeholders(
    connection: &mut AnyConnection,
    wanted: &Wanted,
) -> Result<Vec<StakeholderRow>, ServiceError> {
    let text = "select fqdn, enabled, version from stakeholder where fqdn > $1 \
                and ($2 = '' or replace(lower(fqdn), $2, '') <> lower(fqdn)) order by fqdn limit $3";
    let query = sqlx::query(text).bind(&wanted.after).bind(&wanted.name).bind(wanted.limit);
    query.fetch_all(connection).await?.iter().map(stakeholder_row).collect()
}

/// Rows of policy, behind this one.
pub(crate) async fn policies(
    connection: &mut AnyConnection,
    wanted: &Wanted,
    after: Option<&PolicyKey>,
) -> Result<Vec<Policy>, ServiceError> {
    let text = "select fn, stakeholder, client, suid, allow, targets, default_targets, max_lifetime, version from policy \
                where ($1 = 0 or fn = $1) and ($2 = '' or stakeholder = $2) and ($3 = '' or client = $3) \
                and ($4 = 0 or suid = $4) and (fn > $5 or (fn = $5 and (stakeholder > $6 or (stakeholder = $6 \
                and (client > $7 or (client = $7 and suid > $8)))))) order by fn, stakeholder, client, suid limit $9";
    let (function, stakeholder, client, suid) = after.map_or((0, "", "", 0), |key| {
        let client = key.client.as_deref().unwrap_or("");
        (key.function.number(), key.stakeholder.as_str(), client, columns::suid(key.usage))
    });
    let rows = sqlx::query(text)
        .bind(wanted.function)
        .bind(&wanted.stakeholder)
        .bind(&wanted.client)
        .bind(wanted.suid)
        .bind(function)
        .bind(stakeholder)
        .bind(client)
        .bind(suid)
        .bind(wanted.limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(columns::policy).collect()
}

/// Kpsa: with `name` in their KpsaID, of an entity, issued by a stakeholder.
pub(crate) async fn psas(
    connection: &mut AnyConnection,
    wanted: &Wanted,
) -> Result<Vec<PsaRow>, ServiceError> {
    // A KpsaID ends with the FQDN of its issuer.
    let text = "select id, a, b, enabled, not_after, version from psa where id > $1 \
                and ($2 = '' or replace(lower(id), $2, '') <> lower(id)) and ($3 = '' or a = $3 or b = $3) \
                and ($4 = '' or substr(lower(id), length(id) - length($4)) = '@' || $4) order by id limit $5";
    let rows = sqlx::query(text)
        .bind(&wanted.after)
        .bind(&wanted.name)
        .bind(&wanted.entity)
        .bind(&wanted.stakeholder)
        .bind(wanted.limit)
        .fetch_all(connection)
        .await?;
    rows.iter().map(psa_row).collect()
}
