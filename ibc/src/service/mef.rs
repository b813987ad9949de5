//! The M2M Enrolment Function: TS-0003 clause 8.3.
//!
//! | procedure | clause | where |
//! |---|---|---|
//! | IBC credential provisioning, initial | 8.3.7.2 (IBC) | [`Mef::enrol`] |
//! | IBC credential re-provisioning | 8.3.7.3 (IBC) | [`Mef::reenrol`] |
//! | client and key registration | 8.3.5.2.3 to .10 | [`Mef::registry`] |
//! | keeping an enrolment key | 8.3.2.1 | [`Mef::keep_enrolment_key`] |
//! | fetching by KeID | 8.3.2.1 | [`Mef::fetch_credentials`] |
//! | commands | 8.3.9 | [`Mef::retrieve_command`], [`Mef::report_command`] |
//! | device configuration | 8.3.4.6, 8.3.8 | [`Mef::device_objects`], [`Mef::report_device_objects`] |
//! | keys of handshakes | 8.3.5.2.2 | [`Mef::psk`] |
//! | publication of KPAKs and of the deny list | | [`Mef::kpaks`], [`Mef::deny_list`] |

mod command;
mod device;
mod enrolment_key;
mod fetch;
mod provisioning;

pub use enrolment_key::BOOTSTRAP;
pub use fetch::NOT_AVAILABLE;
pub use provisioning::ProvisioningPolicy;

use super::error::ServiceError;
use super::kms::{Kms, KmsError, SecretOctets};
use super::registry::Registry;
use super::{Core, Function};
use eccsi_sakke::onem2m::Fqdn;
use std::sync::Arc;

/// A MEF.
#[derive(Clone)]
pub struct Mef {
    pub(crate) core: Core,
    pub(crate) fqdn: Fqdn,
    pub(crate) kms: Arc<dyn Kms>,
    pub(crate) policy: ProvisioningPolicy,
}

crate::redacted::redacted_debug!(Mef);

impl Mef {
    /// A MEF of this FQDN, in front of this KMS.
    pub fn new(core: Core, fqdn: Fqdn, kms: Arc<dyn Kms>, policy: ProvisioningPolicy) -> Self {
        Self { core, fqdn, kms, policy }
    }

    /// Ends its writing, after what waits: for a process that is about to end.
    pub async fn shut_down(&self) {
        self.core.store.clone().close().await;
    }

    /// Its store.
    pub fn store(&self) -> &super::store::Store {
        &self.core.store
    }

    /// Its FQDN.
    pub fn fqdn(&self) -> &Fqdn {
        &self.fqdn
    }

    /// Its registrations and keys.
    pub fn registry(&self) -> Registry {
        Registry::new(self.core.clone(), Function::Mef, self.fqdn.clone())
    }

    /// The key of a handshake in which a client names itself so: Kpm of a KpmID. `None`, for all reasons alike, if there
    /// is none.
    ///
    /// # Errors
    /// [`Kind::Unavailable`](super::error::Kind::Unavailable) if store or keys cannot be read.
    pub async fn psk(&self, identity: &str) -> Result<Option<SecretOctets>, ServiceError> {
        self.core.psk(Function::Mef, identity).await
    }

    /// Whether a KPAK issues now.
    ///
    /// # Errors
    /// [`KmsError::NoKpak`] if not.
    pub fn can_issue(&self) -> Result<(), KmsError> {
        self.kms.issuing(&self.fqdn, self.now()).map(drop)
    }

    /// The time by which it decides.
    pub(crate) fn now(&self) -> eccsi_sakke::onem2m::UnixTime {
        self.core.store.reads().now()
    }
}
