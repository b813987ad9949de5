//! What stakeholders allow.

use crate::Function;
use crate::service::error::ServiceError;
use crate::service::rule::Rule;
use core::time::Duration;
use eccsi_sakke::onem2m::SecurityUsage;
use sqlx::{AnyConnection, Row};

/// The rules of a stakeholder that apply to a client's keys of one usage, the one that holds first; with `usage`
/// `None`, those for registrations.
pub(crate) async fn rules(
    connection: &mut AnyConnection,
    function: Function,
    (stakeholder, client): (&str, &str),
    usage: Option<SecurityUsage>,
) -> Result<Vec<Rule>, ServiceError> {
    let rows = sqlx::query(
        "select allow, targets, default_targets, max_lifetime from policy \
         where fn = $1 and stakeholder = $2 and (client = $3 or client = '') and (suid = $4 or suid = 0) \
         order by client desc, suid desc",
    )
    .bind(function.number())
    .bind(stakeholder)
    .bind(client)
    .bind(usage.map_or(0, |usage| i64::from(usage.to_u8())))
    .fetch_all(connection)
    .await?;
    let list = |text: String| -> Result<Vec<String>, ServiceError> {
        if text.is_empty() {
            Ok(Vec::new())
        } else {
            crate::json::from_str(&text).map_err(ServiceError::internal)
        }
    };
    rows.iter()
        .map(|row| {
            let (allow, lifetime): (i64, i64) = (row.try_get("allow")?, row.try_get("max_lifetime")?);
            Ok(Rule {
                allow: allow == 1,
                targets: list(row.try_get("targets")?)?,
                default_targets: list(row.try_get("default_targets")?)?,
                max_lifetime: (lifetime > 0).then(|| Duration::from_secs(lifetime.unsigned_abs())),
            })
        })
        .collect()
}
