//! What a stakeholder allows to clients and their keys.

use crate::Function;
use core::time::Duration;
use eccsi_sakke::onem2m::{Fqdn, SecurityUsage};

/// Among the targets of a [`Rule`]: every identity that the stakeholder knows, by a client it has admitted.
pub const KNOWN: &str = "known";

/// What a stakeholder allows.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rule {
    /// Whether at all.
    pub allow: bool,
    /// For whom: identities, [`KNOWN`], or nobody named for anybody.
    pub targets: Vec<String>,
    /// For whom if the request names nobody.
    pub default_targets: Vec<String>,
    /// For how long.
    pub max_lifetime: Option<Duration>,
}

impl Rule {
    /// Whether an identity may be a target; `is_known` for one that the stakeholder knows.
    pub fn admits(&self, target: &str, is_known: bool) -> bool {
        self.targets.is_empty() || self.targets.iter().any(|one| one == target || (one == KNOWN && is_known))
    }

    /// Whether it matters if a target is known.
    pub fn asks_whether_known(&self) -> bool {
        self.targets.iter().any(|one| one == KNOWN)
    }
}

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
