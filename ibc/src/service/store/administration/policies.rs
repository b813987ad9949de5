//! Target policy.

use super::Done;
use crate::service::error::ServiceError;
use sqlx::{AnyConnection, Row};

/// A row of policy, with its text columns as they stand.
pub(crate) struct PolicyRow {
    pub(crate) function: i64,
    pub(crate) stakeholder: String,
    pub(crate) client: String,
    pub(crate) suid: i64,
    pub(crate) allow: bool,
    pub(crate) targets: String,
    pub(crate) default_targets: String,
    pub(crate) max_lifetime: i64,
    pub(crate) version: i64,
}

pub(crate) async fn insert_policy(connection: &mut AnyConnection, row: &PolicyRow) -> Done {
    let text = "insert into policy (fn, stakeholder, client, suid, allow, targets, default_targets, max_lifetime, \
                version) values ($1, $2, $3, $4, $5, $6, $7, $8, 1) on conflict (fn, stakeholder, client, suid) \
                do nothing";
    let query = sqlx::query(text)
        .bind(row.function)
        .bind(&row.stakeholder)
        .bind(&row.client)
        .bind(row.suid)
        .bind(i64::from(row.allow))
        .bind(&row.targets)
        .bind(&row.default_targets)
        .bind(row.max_lifetime);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn update_policy(connection: &mut AnyConnection, row: &PolicyRow) -> Done {
    let text = "update policy set allow = $1, targets = $2, default_targets = $3, max_lifetime = $4, \
                version = version + 1 where fn = $5 and stakeholder = $6 and client = $7 and suid = $8 and version = $9";
    let query = sqlx::query(text)
        .bind(i64::from(row.allow))
        .bind(&row.targets)
        .bind(&row.default_targets)
        .bind(row.max_lifetime)
        .bind(row.function)
        .bind(&row.stakeholder)
        .bind(&row.client)
        .bind(row.suid)
        .bind(row.version);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn remove_policy(
    connection: &mut AnyConnection,
    (function, stakeholder, client, suid): (i64, &str, &str, i64),
    version: i64,
) -> Done {
    let text = "delete from policy where fn = $1 and stakeholder = $2 and client = $3 and suid = $4 and version = $5";
    let query = sqlx::query(text).bind(function).bind(stakeholder).bind(client).bind(suid).bind(version);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn policies(connection: &mut AnyConnection) -> Result<Vec<PolicyRow>, ServiceError> {
    let text = "select fn, stakeholder, client, suid, allow, targets, default_targets, max_lifetime, version \
                from policy order by fn, stakeholder, client, suid";
    let rows = sqlx::query(text).fetch_all(connection).await?;
    rows.iter()
        .map(|row| {
            let allow: i64 = row.try_get("allow")?;
            Ok(PolicyRow {
                function: row.try_get("fn")?,
                stakeholder: row.try_get("stakeholder")?,
                client: row.try_get("client")?,
                suid: row.try_get("suid")?,
                allow: allow == 1,
                targets: row.try_get("targets")?,
                default_targets: row.try_get("default_targets")?,
                max_lifetime: row.try_get("max_lifetime")?,
                version: row.try_get("version")?,
            })
        })
        .collect()
}
