//! Policy: who may register keys of which use for whom, and for how long.

use super::{Admin, check_version, client, refused, stakeholder, written};
use crate::Function;
use crate::service::audit::chain::Event;
use crate::service::error::{Kind, ServiceError, bad_request};
use crate::service::limits::TARGETS;
use crate::service::rule::KNOWN;
use crate::service::store::administration::{self as rows, PolicyRow};
use core::time::Duration;
use eccsi_sakke::onem2m::{EntityName, Fqdn, SecurityUsage};
use sqlx::AnyConnection;

/// What a row of policy is about. The row that names most holds, and a client counts more than a SUID.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PolicyKey {
    /// Where.
    pub function: Function,
    /// Under which stakeholder.
    pub stakeholder: Fqdn,
    /// Whose keys; `None` for all clients.
    pub client: Option<String>,
    /// Keys of which use; `None` for all.
    pub usage: Option<SecurityUsage>,
}

/// A row of policy.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Policy {
    /// What it is about.
    pub key: PolicyKey,
    /// Whether such keys may be registered at all.
    pub allow: bool,
    /// For whom, in absolute form; [`KNOWN`] stands for whom the stakeholder knows; nobody named means anybody.
    pub targets: Vec<String>,
    /// The targets if a request names none.
    pub default_targets: Vec<String>,
    /// Longest life of such a key.
    pub max_lifetime: Option<Duration>,
    /// Counts changes; 0 for a new row.
    pub version: u64,
}

impl PolicyKey {
    fn columns(&self) -> (i64, &str, &str, i64) {
        let suid = self.usage.map_or(0, |usage| i64::from(usage.to_u8()));
        (self.function.number(), self.stakeholder.as_str(), self.client.as_deref().unwrap_or(""), suid)
    }

    fn check(&self) -> Result<(), ServiceError> {
        let registered = |usage: SecurityUsage| match self.function {
            Function::Mef => usage.is_registered_at_mef(),
            Function::Maf => usage.is_registered_at_maf(),
        };
        if self.usage.is_none_or(registered) {
            Ok(())
        } else {
            Err(bad_request(
                "keys of this use are not registered there: 21 to 25 at the MEF, 32 to 35 at the MAF",
            ))
        }
    }

    fn event<'a>(&self, event: Event<'a>) -> Event<'a> {
        let (_, stakeholder, client, suid) = self.columns();
        event
            .with("function", self.function.as_str())
            .with("stakeholder", stakeholder)
            .with("client", client)
            .with("suid", suid)
    }

    async fn find(&self, connection: &mut AnyConnection) -> Result<Option<PolicyRow>, ServiceError> {
        let key = self.columns();
        let all = rows::policies(connection).await?;
        let same = |row: &PolicyRow| key == (row.function, &*row.stakeholder, &*row.client, row.suid);
        Ok(all.into_iter().find(same))
    }
}

fn missing() -> ServiceError {
    refused(Kind::NotFound, "there is no such row of policy: see them with list")
}

/// Targets in the form in which they are compared.
fn canonical(
    targets: &[String],
    usage: Option<SecurityUsage>,
    provider: &Fqdn,
) -> Result<Vec<String>, ServiceError> {
    if targets.len() > TARGETS {
        return Err(bad_request("more than 256 targets"));
    }
    let of_maf = |text: &str| Fqdn::parse(text).map(|fqdn| fqdn.as_str().to_owned());
    let of_entity = |text: &str| {
        EntityName::parse(text).and_then(|name| name.to_absolute(provider)).map(|name| name.as_str().into())
    };
    let mut canonical = Vec::new();
    for text in targets {
        if text == KNOWN {
            canonical.push(text.clone());
            continue;
        }
        let maf = match usage {
            Some(usage) => usage.to_u8() == 21,
            None => !text.starts_with('/'),
        };
        let target = if maf { of_maf(text) } else { of_entity(text) };
        canonical.push(
            target.map_err(|_| bad_request("a target is an absolute CSE-ID or AE-ID, for SUID 21 a MAF"))?,
        );
    }
    canonical.sort_unstable();
    canonical.dedup();
    Ok(canonical)
}

impl Admin {
    /// Adds a row, or, if `policy.version` is not 0, replaces the row of that version.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] for a use or target of another form; [`Kind::NotFound`] if stakeholder or client is not
    /// there; [`Kind::Conflict`] for a row that is there already or has another version.
    pub async fn set_policy(&self, policy: &Policy) -> Result<(), ServiceError> {
        let procedure = if policy.version == 0 { "admin policy add" } else { "admin policy replace" };
        let row = self.audited(procedure, self.policy_row(policy)).await?;
        let (event, key) = (policy.key.event(self.event(procedure)), policy.key.clone());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                stakeholder::check(tx.connection(), key.stakeholder.as_str()).await?;
                if let Some(id) = &key.client {
                    client::find(tx.connection(), id).await?;
                }
                if row.version == 0 {
                    if !rows::insert_policy(tx.connection(), &row).await? {
                        let text =
                            "there is a row of policy for this already: replace it, giving its version";
                        return Err(refused(Kind::Conflict, text));
                    }
                } else {
                    written(rows::update_policy(tx.connection(), &row).await?)?;
                }
                let event = event
                    .with("allow", row.allow)
                    .with("targets", row.targets.as_str())
                    .with("default_targets", row.default_targets.as_str())
                    .with("max_lifetime", row.max_lifetime);
                tx.audit(event).await
            })
        })
        .await
    }

    fn policy_row(&self, policy: &Policy) -> Result<PolicyRow, ServiceError> {
        policy.key.check()?;
        let list = |targets: &[String]| {
            let targets = canonical(targets, policy.key.usage, &self.core.provider)?;
            serde_json::to_string(&targets).map_err(ServiceError::internal)
        };
        let (function, stakeholder, client, suid) = policy.key.columns();
        Ok(PolicyRow {
            function,
            stakeholder: stakeholder.into(),
            client: client.into(),
            suid,
            allow: policy.allow,
            targets: list(&policy.targets)?,
            default_targets: list(&policy.default_targets)?,
            max_lifetime: i64::try_from(policy.max_lifetime.unwrap_or_default().as_secs())
                .unwrap_or(i64::MAX),
            version: i64::try_from(policy.version).unwrap_or(i64::MAX),
        })
    }

    /// Forbids what a row allowed, or allows it again.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Conflict`] if `version` is not the present one.
    pub async fn enable_policy(
        &self,
        key: &PolicyKey,
        allow: bool,
        version: Option<u64>,
    ) -> Result<(), ServiceError> {
        let procedure = if allow { "admin policy enable" } else { "admin policy disable" };
        let (event, key) = (key.event(self.event(procedure)), key.clone());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let row = key.find(tx.connection()).await?.ok_or_else(missing)?;
                check_version(version, row.version)?;
                written(rows::update_policy(tx.connection(), &PolicyRow { allow, ..row }).await?)?;
                tx.audit(event).await
            })
        })
        .await
    }

    /// Removes a row.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Conflict`] if `version` is not the present one.
    pub async fn remove_policy(&self, key: &PolicyKey, version: Option<u64>) -> Result<(), ServiceError> {
        let procedure = "admin policy remove";
        let (event, key) = (key.event(self.event(procedure)), key.clone());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let row = key.find(tx.connection()).await?.ok_or_else(missing)?;
                check_version(version, row.version)?;
                written(rows::remove_policy(tx.connection(), key.columns(), row.version).await?)?;
                tx.audit(event).await
            })
        })
        .await
    }

    /// All rows.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if the store cannot be read.
    pub async fn policies(&self) -> Result<Vec<Policy>, ServiceError> {
        rows::policies(&mut *self.read().await?).await?.into_iter().map(open).collect()
    }
}

fn open(row: PolicyRow) -> Result<Policy, ServiceError> {
    let function =
        Function::from_number(row.function).ok_or_else(|| ServiceError::internal("another function"))?;
    let usage = match u8::try_from(row.suid).map_err(ServiceError::internal)? {
        0 => None,
        suid => Some(SecurityUsage::from_u8(suid).map_err(ServiceError::internal)?),
    };
    let list = |text: &str| crate::json::from_str(text).map_err(ServiceError::internal);
    Ok(Policy {
        key: PolicyKey {
            function,
            stakeholder: Fqdn::parse_lab(&row.stakeholder).map_err(ServiceError::internal)?,
            client: Some(row.client).filter(|client| !client.is_empty()),
            usage,
        },
        allow: row.allow,
        targets: list(&row.targets)?,
        default_targets: list(&row.default_targets)?,
        max_lifetime: Some(Duration::from_secs(row.max_lifetime.unsigned_abs()))
            .filter(|life| !life.is_zero()),
        version: row.version.unsigned_abs(),
    })
}
