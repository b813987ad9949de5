//! Target policy.

use super::Done;
use crate::service::error::ServiceError;
use crate::service::rule::{Policy, PolicyKey};
use crate::service::store::columns::{self, json, lifetime, suid};
use sqlx::AnyConnection;

/// The columns that a key stands for.
fn columns_of(key: &PolicyKey) -> (i64, &str, &str, i64) {
    (key.function.number(), key.stakeholder.as_str(), key.client.as_deref().unwrap_or(""), suid(key.usage))
}

pub(crate) async fn insert_policy(connection: &mut AnyConnection, policy: &Policy) -> Done {
    let text = "insert into policy (fn, stakeholder, client, suid, allow, targets, default_targets, max_lifetime, \
                version) values ($1, $2, $3, $4, $5, $6, $7, $8, 1) on conflict (fn, stakeholder, client, suid) \
                do nothing";
    let (function, stakeholder, client, suid) = columns_of(&policy.key);
    let query = sqlx::query(text)
        .bind(function)
        .bind(stakeholder)
        .bind(client)
        .bind(suid)
        .bind(i64::from(policy.allow))
        .bind(json(&policy.targets)?)
        .bind(json(&policy.default_targets)?)
        .bind(lifetime(policy.max_lifetime));
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn update_policy(connection: &mut AnyConnection, policy: &Policy) -> Done {
    let text = "update policy set allow = $1, targets = $2, default_targets = $3, max_lifetime = $4, \
                version = version + 1 where fn = $5 and stakeholder = $6 and client = $7 and suid = $8 and version = $9";
    let (function, stakeholder, client, suid) = columns_of(&policy.key);
    let query = sqlx::query(text)
        .bind(i64::from(policy.allow))
        .bind(json(&policy.targets)?)
        .bind(json(&policy.default_targets)?)
        .bind(lifetime(policy.max_lifetime))
        .bind(function)
        .bind(stakeholder)
        .bind(client)
        .bind(suid)
        .bind(i64::try_from(policy.version).unwrap_or(i64::MAX));
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn remove_policy(connection: &mut AnyConnection, key: &PolicyKey, version: u64) -> Done {
    let text = "delete from policy where fn = $1 and stakeholder = $2 and client = $3 and suid = $4 and version = $5";
    let (function, stakeholder, client, suid) = columns_of(key);
    let version = i64::try_from(version).unwrap_or(i64::MAX);
    let query = sqlx::query(text).bind(function).bind(stakeholder).bind(client).bind(suid).bind(version);
    Ok(query.execute(connection).await?.rows_affected() == 1)
}

pub(crate) async fn policy(
    connection: &mut AnyConnection,
    key: &PolicyKey,
) -> Result<Option<Policy>, ServiceError> {
    let text = "select fn, stakeholder, client, suid, allow, targets, default_targets, max_lifetime, version \
                from policy where fn = $1 and stakeholder = $2 and client = $3 and suid = $4";
    let (function, stakeholder, client, suid) = columns_of(key);
    let query = sqlx::query(text).bind(function).bind(stakeholder).bind(client).bind(suid);
    query.fetch_optional(connection).await?.as_ref().map(columns::policy).transpose()
}
