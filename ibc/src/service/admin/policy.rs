//! Policy: who may register keys of which use for whom, and for how long.

use super::{Admin, Filter, check_version, client, refused, stakeholder, written};
use crate::Function;
use crate::service::audit::chain::Event;
use crate::service::error::{Kind, ServiceError, bad_request};
use crate::service::limits::TARGETS;
use crate::service::rule::{KNOWN, Policy, PolicyKey};
use crate::service::store::administration as rows;
use crate::service::store::listed;
use core::fmt;
use core::str::FromStr;
use eccsi_sakke::onem2m::{EntityName, Fqdn, SecurityUsage};
use sqlx::AnyConnection;

impl PolicyKey {
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
        event
            .with("function", self.function.as_str())
            .with("stakeholder", self.stakeholder.as_str())
            .with("client", self.client.as_deref().unwrap_or(""))
            .with("suid", self.usage.map_or(0, SecurityUsage::to_u8))
    }

    async fn find(&self, connection: &mut AnyConnection) -> Result<Policy, ServiceError> {
        let missing = || refused(Kind::NotFound, "there is no such row of policy: see them with list");
        rows::policy(connection, self).await?.ok_or_else(missing)
    }
}

/// `FUNCTION:STAKEHOLDER:CLIENT:SUID`, with nothing for all clients and all uses.
impl fmt::Display for PolicyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let client = self.client.as_deref().unwrap_or("");
        write!(f, "{}:{}:{client}:", self.function.as_str(), self.stakeholder)?;
        self.usage.map_or(Ok(()), |usage| write!(f, "{}", usage.to_u8()))
    }
}

impl FromStr for PolicyKey {
    type Err = ServiceError;

    fn from_str(text: &str) -> Result<Self, ServiceError> {
        let wrong = || bad_request("a row of policy is FUNCTION:STAKEHOLDER:CLIENT:SUID, as list prints it");
        let parts: Vec<&str> = text.split(':').collect();
        let [function, stakeholder, client, suid] = parts[..] else { return Err(wrong()) };
        let function = match function {
            "mef" => Function::Mef,
            "maf" => Function::Maf,
            _ => return Err(wrong()),
        };
        let stakeholder = Fqdn::parse(stakeholder).map_err(|_| wrong())?;
        let usage = match suid {
            "" => None,
            suid => Some(SecurityUsage::parse(suid).map_err(|_| wrong())?),
        };
        Ok(Self {
            function,
            stakeholder,
            client: Some(client).filter(|id| !id.is_empty()).map(Into::into),
            usage,
        })
    }
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
        let policy = self.audited(procedure, self.canonical(policy)).await?;
        let event = policy.key.event(self.event(procedure));
        self.act(procedure, move |tx| {
            Box::pin(async move {
                stakeholder::check(tx.connection(), policy.key.stakeholder.as_str()).await?;
                if let Some(id) = &policy.key.client {
                    client::find(tx.connection(), id).await?;
                }
                if policy.version == 0 {
                    if !rows::insert_policy(tx.connection(), &policy).await? {
                        let text =
                            "there is a row of policy for this already: replace it, giving its version";
                        return Err(refused(Kind::Conflict, text));
                    }
                } else {
                    written(rows::update_policy(tx.connection(), &policy).await?)?;
                }
                let event = event
                    .with("allow", policy.allow)
                    .with("targets", policy.targets)
                    .with("default_targets", policy.default_targets)
                    .with("max_lifetime", policy.max_lifetime.unwrap_or_default().as_secs());
                tx.audit(event).await
            })
        })
        .await
    }

    /// The row with its targets in the form in which they are compared.
    fn canonical(&self, policy: &Policy) -> Result<Policy, ServiceError> {
        policy.key.check()?;
        let list = |targets: &[String]| canonical(targets, policy.key.usage, &self.core.provider);
        let (targets, default_targets) = (list(&policy.targets)?, list(&policy.default_targets)?);
        Ok(Policy { targets, default_targets, ..policy.clone() })
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
                let policy = key.find(tx.connection()).await?;
                check_version(version, policy.version)?;
                written(rows::update_policy(tx.connection(), &Policy { allow, ..policy }).await?)?;
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
                let policy = key.find(tx.connection()).await?;
                check_version(version, policy.version)?;
                written(rows::remove_policy(tx.connection(), &key, policy.version).await?)?;
                tx.audit(event).await
            })
        })
        .await
    }

    /// A row.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Unavailable`] if the store cannot be read.
    pub async fn policy(&self, key: &PolicyKey) -> Result<Policy, ServiceError> {
        key.find(&mut *self.read().await?).await
    }

    /// Rows, in the order of their keys.
    ///
    /// # Errors
    /// [`Kind::BadRequest`] if [`Filter::after`] is no key; [`Kind::Unavailable`] if the store cannot be read.
    pub async fn policies(&self, filter: &Filter) -> Result<Vec<Policy>, ServiceError> {
        let after = filter.after.as_deref().map(str::parse).transpose()?;
        listed::policies(&mut *self.read().await?, &filter.wanted(), after.as_ref()).await
    }
}
