//! Administrating stakeholders.

use super::{Admin, Filter, check_version, refused, written};
use crate::service::error::{Kind, ServiceError};
use crate::service::store::administration as rows;
use crate::service::store::listed;
use eccsi_sakke::onem2m::Fqdn;
use sqlx::AnyConnection;

/// Who administrates clients: named by adminFQDN.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Stakeholder {
    /// adminFQDN.
    pub fqdn: String,
    /// A disabled one admits nobody.
    pub enabled: bool,
    /// Counts changes.
    pub version: u64,
}

fn open(row: rows::StakeholderRow) -> Stakeholder {
    Stakeholder { fqdn: row.fqdn, enabled: row.enabled, version: row.version.unsigned_abs() }
}

async fn find(connection: &mut AnyConnection, fqdn: &str) -> Result<rows::StakeholderRow, ServiceError> {
    rows::stakeholder(connection, fqdn)
        .await?
        .ok_or_else(|| refused(Kind::NotFound, "there is no such stakeholder: add it first"))
}

/// Refuses a stakeholder that is not there.
pub(super) async fn check(connection: &mut AnyConnection, fqdn: &str) -> Result<(), ServiceError> {
    find(connection, fqdn).await.map(drop)
}

impl Admin {
    /// Admits a stakeholder.
    ///
    /// # Errors
    /// [`Kind::Conflict`] if it is there already.
    pub async fn add_stakeholder(&self, fqdn: &Fqdn) -> Result<(), ServiceError> {
        let (event, fqdn) = (self.event("admin stakeholder add"), fqdn.as_str().to_owned());
        self.act("admin stakeholder add", move |tx| {
            Box::pin(async move {
                if !rows::insert_stakeholder(tx.connection(), &fqdn).await? {
                    return Err(refused(Kind::Conflict, "this stakeholder is there already"));
                }
                tx.audit(event.with("stakeholder", fqdn)).await
            })
        })
        .await
    }

    /// A stakeholder.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Unavailable`] if the store cannot be read.
    pub async fn stakeholder(&self, fqdn: &Fqdn) -> Result<Stakeholder, ServiceError> {
        find(&mut *self.read().await?, fqdn.as_str()).await.map(open)
    }

    /// Stakeholders, in the order of their FQDNs.
    ///
    /// # Errors
    /// [`Kind::Unavailable`] if the store cannot be read.
    pub async fn stakeholders(&self, filter: &Filter) -> Result<Vec<Stakeholder>, ServiceError> {
        let all = listed::stakeholders(&mut *self.read().await?, &filter.wanted()).await?;
        Ok(all.into_iter().map(open).collect())
    }

    /// Disables a stakeholder, under which nobody may do anything then, or enables it again.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Conflict`] if `version` is not the present one.
    pub async fn enable_stakeholder(
        &self,
        fqdn: &Fqdn,
        enabled: bool,
        version: Option<u64>,
    ) -> Result<(), ServiceError> {
        let procedure = if enabled { "admin stakeholder enable" } else { "admin stakeholder disable" };
        let (event, fqdn) = (self.event(procedure), fqdn.as_str().to_owned());
        self.act(procedure, move |tx| {
            Box::pin(async move {
                let row = find(tx.connection(), &fqdn).await?;
                check_version(version, row.version)?;
                written(rows::enable_stakeholder(tx.connection(), &fqdn, enabled, row.version).await?)?;
                tx.audit(event.with("stakeholder", fqdn)).await
            })
        })
        .await
    }

    /// Removes a stakeholder with its policy.
    ///
    /// # Errors
    /// [`Kind::NotFound`]; [`Kind::Conflict`] if clients are admitted under it, or `version` is not the
    /// present one.
    pub async fn remove_stakeholder(&self, fqdn: &Fqdn, version: Option<u64>) -> Result<(), ServiceError> {
        let (event, fqdn) = (self.event("admin stakeholder remove"), fqdn.as_str().to_owned());
        self.act("admin stakeholder remove", move |tx| {
            Box::pin(async move {
                let row = find(tx.connection(), &fqdn).await?;
                check_version(version, row.version)?;
                if rows::admitted(tx.connection(), &fqdn).await? > 0 {
                    let text =
                        "clients are admitted under this stakeholder: dismiss them first, or disable it";
                    return Err(refused(Kind::Conflict, text));
                }
                written(rows::remove_stakeholder(tx.connection(), &fqdn, row.version).await?)?;
                tx.audit(event.with("stakeholder", fqdn)).await
            })
        })
        .await
    }
}
