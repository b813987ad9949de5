//! Administration: which stakeholders and clients there are, what they authenticate with, what they may do.
//!
//! Every write is audited with the operator who asked, compares the version of the row it changes, and keeps names
//! in canonical form. Secrets come in as octets, are sealed before the transaction begins, and never go out by
//! `show`.
//!
//! | what | table | here |
//! |---|---|---|
//! | stakeholders | `stakeholder` | [`Admin::add_stakeholder`] … |
//! | clients, their identities and admissions | `client…` | [`Admin::add_client`], [`ClientChange`] |
//! | KpmID, KmID, certificates | `credential` | [`NewCredential`] |
//! | who may register which keys for whom | `policy` | [`Policy`] |
//! | Kpsa of two entities | `psa` | [`NewPsa`] |
//! | configuration, commands | `registration`, `command` | [`Admin::configure`], [`Admin::queue_command`] |
//! | objects that configure devices | `device_object` | [`Admin::set_device_objects`] … |

mod client;
mod credential;
mod denial;
mod device;
mod instruct;
mod key;
mod listed;
mod policy;
mod psa;
mod stakeholder;

pub use super::psk::{CERTIFICATES, certificate_id};
pub use super::rule::{Policy, PolicyKey};
pub use client::{Client, ClientChange, Removed};
pub use credential::{Credential, NewCredential};
pub use denial::{Denied, Whom};
pub use device::ConfiguredObject;
pub use instruct::QueuedCommand;
pub use key::KeyChange;
pub use listed::{Filter, IssuedIdentity, ListedKey, ListedRegistration, StandingCommand, State};
pub use psa::{NewPsa, Psa};
pub use stakeholder::Stakeholder;

use super::Core;
use super::audit::chain::Event;
use super::error::{Kind, ServiceError};
use super::store::{BoxFuture, Change, WriteTransaction};
use core::marker::PhantomData;
use eccsi_sakke::onem2m::Fqdn;
use sqlx::Any;
use sqlx::pool::PoolConnection;

/// What an operator at this machine administers.
#[derive(Clone)]
pub struct Admin {
    /// Store and keys.
    pub core: Core,
    /// Who asks, for the audit log.
    pub operator: String,
    /// FQDN of the MEF, if there is one: KpmIDs belong to it.
    pub mef: Option<Fqdn>,
    /// FQDN of the MAF, if there is one: KmIDs belong to it.
    pub maf: Option<Fqdn>,
    /// Accept keys that are shorter than 16 octets.
    pub lab: bool,
}

impl core::fmt::Debug for Admin {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.debug_struct("Admin").field("operator", &self.operator).finish_non_exhaustive()
    }
}

/// One change of an administrator.
struct Act<T, F> {
    work: Option<F>,
    output: PhantomData<fn() -> T>,
}

impl<T, F> Change for Act<T, F>
where
    T: Send + 'static,
    F: for<'a, 't> FnOnce(&'a mut WriteTransaction<'t>) -> BoxFuture<'a, Result<T, ServiceError>>
        + Send
        + 'static,
{
    type Output = T;

    async fn apply(&mut self, tx: &mut WriteTransaction<'_>) -> Result<T, ServiceError> {
        match self.work.take() {
            Some(work) => work(tx).await,
            None => Err(ServiceError::internal("a change was applied twice")),
        }
    }

    fn is_repeatable(&self) -> bool {
        false
    }
}

impl Admin {
    /// Applies a change; a refusal leaves an audit entry and nothing else.
    async fn act<T: Send + 'static>(
        &self,
        procedure: &'static str,
        work: impl for<'a, 't> FnOnce(&'a mut WriteTransaction<'t>) -> BoxFuture<'a, Result<T, ServiceError>>
        + Send
        + 'static,
    ) -> Result<T, ServiceError> {
        let outcome = self.core.store.write(Act { work: Some(work), output: PhantomData }).await;
        self.audited(procedure, outcome).await
    }

    /// Passes an outcome on. A refusal is audited first.
    async fn audited<T>(
        &self,
        procedure: &'static str,
        outcome: Result<T, ServiceError>,
    ) -> Result<T, ServiceError> {
        self.core.audited_operator(procedure, &self.operator, outcome).await
    }

    /// The audit entry of a change.
    fn event<'a>(&self, procedure: &'a str) -> Event<'a> {
        Event::new(procedure).with("operator", self.operator.as_str())
    }

    async fn read(&self) -> Result<PoolConnection<Any>, ServiceError> {
        Ok(self.core.store.reads().pool().acquire().await?)
    }
}

/// A write that found another version, or nothing, in its place.
fn changed_meanwhile() -> ServiceError {
    ServiceError::new(Kind::Conflict, "it was changed meanwhile: look at it again, then repeat the change")
}

/// Compares the version that the operator saw, if any, with the one in the row.
fn check_version(seen: Option<u64>, row: impl TryInto<u64>) -> Result<(), ServiceError> {
    match seen {
        Some(seen) if row.try_into().ok() != Some(seen) => Err(changed_meanwhile()),
        _ => Ok(()),
    }
}

fn written(done: bool) -> Result<(), ServiceError> {
    if done { Ok(()) } else { Err(changed_meanwhile()) }
}

fn refused(kind: Kind, text: &'static str) -> ServiceError {
    ServiceError::new(kind, text)
}
