//! Values as the database keeps them, and back: times as seconds since 1970, lists and configurations as JSON, `""` and 0
//! for what is not there.

use crate::Function;
use crate::service::error::ServiceError;
use crate::service::registered::{RegisteredKey, Registration};
use crate::service::rule::{Policy, PolicyKey, Rule};
use crate::service::sealed::SealedColumns;
use crate::wire::CommandDescription;
use core::time::Duration;
use eccsi_sakke::onem2m::{Fqdn, KmId, RelativeKeyId, SecurityUsage, UnixTime};
use serde::Serialize;
use serde::de::DeserializeOwned;
use sqlx::Row;
use sqlx::any::AnyRow;

/// The number for a time.
pub(super) fn seconds(time: UnixTime) -> i64 {
    i64::try_from(time.as_seconds()).unwrap_or(i64::MAX)
}

/// The time for a number.
pub(super) fn time(seconds: i64) -> UnixTime {
    UnixTime::from_seconds(seconds.unsigned_abs())
}

/// The number for a lifetime; 0 for none.
pub(super) fn lifetime(lifetime: Option<Duration>) -> i64 {
    i64::try_from(lifetime.unwrap_or_default().as_secs()).unwrap_or(i64::MAX)
}

/// The number for a usage; 0 for none.
pub(super) fn suid(usage: Option<SecurityUsage>) -> i64 {
    usage.map_or(0, |usage| i64::from(usage.to_u8()))
}

/// The JSON of a value.
pub(super) fn json<T: Serialize + ?Sized>(value: &T) -> Result<String, ServiceError> {
    serde_json::to_string(value).map_err(ServiceError::internal)
}

/// The JSON of a value; `""` for none.
pub(super) fn json_or_empty<T: Serialize>(value: Option<&T>) -> Result<String, ServiceError> {
    value.map_or_else(|| Ok(String::new()), json)
}

/// The value of a JSON text; none of `""`.
pub(super) fn from_json<T: DeserializeOwned>(text: &str) -> Result<Option<T>, ServiceError> {
    if text.is_empty() {
        return Ok(None);
    }
    crate::json::from_str(text).map(Some).map_err(ServiceError::internal)
}

/// The text of a column; none of `""`.
pub(super) fn non_empty(text: String) -> Option<String> {
    Some(text).filter(|text| !text.is_empty())
}

/// The function in the column `fn`.
pub(super) fn function(row: &AnyRow) -> Result<Function, ServiceError> {
    Function::from_number(row.try_get("fn")?).ok_or_else(|| ServiceError::internal("another function"))
}

/// The columns `day`, `generation` and `sealed`.
pub(super) fn sealed(row: &AnyRow) -> Result<SealedColumns, ServiceError> {
    Ok(SealedColumns {
        day: row.try_get("day")?,
        generation: row.try_get("generation")?,
        sealed: row.try_get("sealed")?,
    })
}

/// The KmID in the column `assigned`.
pub(super) fn km_id(row: &AnyRow) -> Result<Option<KmId>, ServiceError> {
    let text = non_empty(row.try_get("assigned")?);
    text.map(|text| KmId::parse(&text)).transpose().map_err(ServiceError::internal)
}

pub(super) fn registration(row: &AnyRow) -> Result<Registration, ServiceError> {
    Ok(Registration {
        id: row.try_get("id")?,
        client: row.try_get("client")?,
        stakeholder: row.try_get("stakeholder")?,
        entity: row.try_get("entity")?,
        not_after: time(row.try_get("not_after")?),
        labels: list(row, "labels")?,
        assigned: km_id(row)?,
        configuration: from_json(row.try_get("config")?)?,
        version: row.try_get("version")?,
    })
}

pub(super) fn registered_key(row: &AnyRow) -> Result<RegisteredKey, ServiceError> {
    Ok(RegisteredKey {
        id: RelativeKeyId::parse_octets(row.try_get("rkid")?).map_err(ServiceError::internal)?,
        registration: row.try_get("registration")?,
        client: row.try_get("client")?,
        source: row.try_get("source")?,
        stakeholder: row.try_get("stakeholder")?,
        usage: usage(row)?.ok_or_else(|| ServiceError::internal("a key without a use"))?,
        targets: list(row, "targets")?,
        not_after: time(row.try_get("not_after")?),
        labels: list(row, "labels")?,
        sealed: sealed(row)?,
        version: row.try_get("version")?,
    })
}

pub(super) fn policy(row: &AnyRow) -> Result<Policy, ServiceError> {
    let (stakeholder, version): (&str, i64) = (row.try_get("stakeholder")?, row.try_get("version")?);
    let key = PolicyKey {
        function: function(row)?,
        stakeholder: Fqdn::parse_lab(stakeholder).map_err(ServiceError::internal)?,
        client: non_empty(row.try_get("client")?),
        usage: usage(row)?,
    };
    let Rule { allow, targets, default_targets, max_lifetime } = rule(row)?;
    Ok(Policy { key, allow, targets, default_targets, max_lifetime, version: version.unsigned_abs() })
}

pub(super) fn rule(row: &AnyRow) -> Result<Rule, ServiceError> {
    let (allow, lifetime): (i64, i64) = (row.try_get("allow")?, row.try_get("max_lifetime")?);
    Ok(Rule {
        allow: allow == 1,
        targets: list(row, "targets")?,
        default_targets: list(row, "default_targets")?,
        max_lifetime: (lifetime > 0).then(|| Duration::from_secs(lifetime.unsigned_abs())),
    })
}

pub(super) fn command(row: &AnyRow) -> Result<CommandDescription, ServiceError> {
    let class: i64 = row.try_get("class")?;
    let arguments = from_json(row.try_get("args")?)?;
    Ok(CommandDescription {
        class: u16::try_from(class).map_err(ServiceError::internal)?,
        arguments: arguments.ok_or_else(|| ServiceError::internal("a command without arguments"))?,
        target: non_empty(row.try_get("target")?),
    })
}

/// The list in a column of JSON.
pub(super) fn list(row: &AnyRow, column: &str) -> Result<Vec<String>, ServiceError> {
    Ok(from_json(row.try_get(column)?)?.unwrap_or_default())
}

fn usage(row: &AnyRow) -> Result<Option<SecurityUsage>, ServiceError> {
    let suid: i64 = row.try_get("suid")?;
    match u8::try_from(suid).map_err(ServiceError::internal)? {
        0 => Ok(None),
        suid => SecurityUsage::from_u8(suid).map(Some).map_err(ServiceError::internal),
    }
}
