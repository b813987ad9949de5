//! What stakeholders allow.

use super::columns::{self, suid};
use crate::Function;
use crate::service::error::ServiceError;
use crate::service::rule::Rule;
use eccsi_sakke::onem2m::SecurityUsage;
use sqlx::AnyConnection;

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
    .bind(suid(usage))
    .fetch_all(connection)
    .await?;
    rows.iter().map(columns::rule).collect()
}
