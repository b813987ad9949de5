//! What a stakeholder allows to clients and their keys.

use core::time::Duration;

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
