//! The M2M Enrolment Function: TS-0003 clause 8.3.
//!
//! | procedure | clause | where |
//! |---|---|---|
//! | IBC credential provisioning, initial | 8.3.7.2 (IBC) | [`Mef::enrol`] |
//! | IBC credential re-provisioning | 8.3.7.3 (IBC) | [`Mef::reenrol`] |
//! | publication of KPAKs and of the deny list | | [`Mef::kpaks`], [`Mef::deny_list`] |

mod provisioning;

pub use provisioning::ProvisioningPolicy;

use super::Core;
use super::kms::Kms;
use crate::onem2m::Fqdn;
use std::prelude::rust_2024::*;
use std::sync::Arc;

/// A MEF.
#[derive(Clone)]
pub struct Mef {
    pub(crate) core: Core,
    pub(crate) fqdn: Fqdn,
    pub(crate) kms: Arc<dyn Kms>,
    pub(crate) policy: ProvisioningPolicy,
}

impl Mef {
    /// A MEF of this FQDN, in front of this KMS.
    pub fn new(core: Core, fqdn: Fqdn, kms: Arc<dyn Kms>, policy: ProvisioningPolicy) -> Self {
        Self { core, fqdn, kms, policy }
    }

    /// Ends its writing, after what waits: for a process that is about to end.
    pub async fn shut_down(&self) {
        self.core.store.clone().close().await;
    }

    /// Its FQDN.
    pub fn fqdn(&self) -> &Fqdn {
        &self.fqdn
    }
}
